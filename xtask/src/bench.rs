//! Speed and memory: builds the simulator, fetches what it is compared with, and runs `sim-bench`.

use std::path::Path;

use anyhow::Context;

use crate::command::{command, run};
use crate::outside;

/// What `sim-bench` takes; `cargo xtask bench --help` shows it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Handed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

const BINARY: &str = "target/release/sysmt";
/// Where `sim-bench` looks for the trace.
const OUT: &str = "target/bench";

pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    let needs_nothing = |argument: &String| matches!(argument.as_str(), "--help" | "-h");
    if !options.arguments.iter().any(needs_nothing) {
        prepare()?;
    }
    let line = "cargo run --quiet --release --package sim-bench --";
    let status = command(line)
        .args(&options.arguments)
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        // It has said why; whether a row got slower stays in the code.
        std::process::exit(status.code().unwrap_or(1));
    }
    Ok(())
}

fn prepare() -> anyhow::Result<()> {
    outside::python_and_network()?;
    if let Err(error) = outside::scalesim() {
        // Its row says that it was not run.
        eprintln!("without SCALE-Sim: {error:#}");
    }
    run("cargo build --release --package sysmt --package sim-bench")?;
    std::fs::create_dir_all(OUT)?;
    let trace = Path::new(OUT).join("resnet50-thin.safetensors");
    if !outside::is_newer(&trace.display().to_string(), &[BINARY])? {
        outside::capture_thin_resnet(BINARY, &trace, 1)?;
    }
    Ok(())
}
