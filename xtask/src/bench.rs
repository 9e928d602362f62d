//! Speed and memory: builds the simulator, fetches what it is compared with, and runs `sim-bench`.

use std::path::Path;

use crate::command::{HandedOn, run};
use crate::outside;

const BINARY: &str = "target/release/sysmt";
/// Where `sim-bench` looks for the trace.
const OUT: &str = "target/bench";

pub(crate) fn measure(options: &HandedOn) -> anyhow::Result<()> {
    if !options.has(&[]) {
        prepare()?;
    }
    options.run("cargo run --quiet --release --package sim-bench --")
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
