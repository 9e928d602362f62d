//! Energy per PE-cycle by mode, from gate-level simulation of synthesized processing elements.
#![expect(
    clippy::print_stderr,
    reason = "a program that says what it wrote, and what is not good enough"
)]

mod document;
mod fit;
mod held;
mod means;
mod measure;
mod power;
mod stimulus;
mod streams;
mod table;
mod testbench;
mod toggles;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Parser;
use sim_core::spec::{ArraySpec, Pe, Policy};
use sim_cost::file::TableFile;
use sim_cost::table::Table;
use sim_rtl::Design;
use sim_synth::library::Library;
use sim_synth::{designs, progress};

use crate::measure::{Bench, Measured, measure};
use crate::testbench::Delays;

/// The table that comes with the project; the page is about it.
const SHIPPED: &str = "osu018";
const DOCUMENT: &str = "docs/energy.md";
const COMMAND: &str = "cargo xtask synth";

/// Measure the energy of every PE's modes at its gates and put the prices into the technology tables.
#[derive(Parser)]
struct Options {
    /// The table in configs/tech that has the areas; energies with the library's delays go into it, those without into
    /// NAME-zero-delay.
    #[arg(long, default_value = SHIPPED)]
    table: String,
    /// The cell library that the table was made with.
    #[arg(long, default_value = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib")]
    liberty: PathBuf,
    /// Its cells in Verilog.
    #[arg(long, default_value = "/usr/share/qflow/tech/osu018/osu018_stdcells.v")]
    models: PathBuf,
    /// Least cycles of each operand stream.
    #[arg(long, default_value_t = 600)]
    cycles: usize,
    /// Designs to measure alone; nothing is written then but the page to stderr.
    #[arg(long)]
    only: Vec<String>,
    /// Threads of this computer; results do not depend on it.
    #[arg(long)]
    jobs: Option<usize>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let library = Library::read(&options.liberty)?;
    let path = |suffix: &str| PathBuf::from(format!("configs/tech/{}{suffix}.toml", options.table));
    let areas = areas(&path(""), &library)?;
    let is_of_this_design = areas.provenance.as_ref().map(|made| &made.rtl) == Some(&sim_rtl::fingerprint());
    if options.only.is_empty() && !is_of_this_design {
        bail!(
            "{} was made from another design; run `{COMMAND}`, which measures areas first",
            path("").display()
        );
    }
    let trace = streams::trace()?;
    let bench = Bench {
        library: &library,
        clock: designs::CLOCK,
        models: &options.models,
        trace: &trace,
        n_cycles: options.cycles,
    };
    let mut arrays = arrays()?;
    if !options.only.is_empty() {
        arrays.retain(|array| options.only.contains(&Design::of(array).name()));
    }
    if arrays.is_empty() {
        bail!("no design is called {}", options.only.join(" or "));
    }
    let measured = all(&arrays, &bench, options.jobs)?;
    let text = document::text(&measured, COMMAND);
    if !options.only.is_empty() {
        eprintln!("{text}");
        return Ok(());
    }
    for (suffix, delays) in [("", Delays::Library), ("-zero-delay", Delays::Zero)] {
        let table = table::with_energies(&areas, &measured, delays);
        sim_synth::table::write(&path(suffix), &table_text(&table))?;
        eprintln!("wrote {}", path(suffix).display());
    }
    if options.table == SHIPPED {
        sim_synth::table::write(Path::new(DOCUMENT), &text)?;
        eprintln!("wrote {DOCUMENT}");
    }
    Ok(())
}

/// The table that has the areas in `library`.
fn areas(path: &Path, library: &Library) -> anyhow::Result<TableFile> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{shown} is needed for its areas; `{COMMAND}` makes it"))?;
    let areas = Table::parse(&shown.to_string(), &text)?.into_file();
    let liberty = areas.provenance.as_ref().map(|made| &made.liberty.blake3);
    if liberty != Some(&library.fingerprint()) {
        bail!(
            "{shown} was made with another library than {}; name the one it was made with, or run `{COMMAND} --liberty` \
             with this one",
            library.file()
        );
    }
    Ok(areas)
}

fn table_text(table: &TableFile) -> String {
    format!(
        "# Area, critical path and energy of processing elements from synthesis and gate-level simulation, written by\n\
         # `{COMMAND}`. `uncertainty` is in per cent of the value. docs/synthesis.md and docs/energy.md say what is not in\n\
         # these figures.\n{}",
        table.to_toml()
    )
}

/// The PEs whose energy is measured: default rounding, overflow and pairs, one pipeline stage.
fn arrays() -> anyhow::Result<Vec<ArraySpec>> {
    let pes = Pe::compared(&Policy::ALL);
    pes.into_iter().map(|pe| Ok(designs::spec(pe, 1)?)).collect()
}

/// Measure on all cores, in the order of `arrays`.
fn all(arrays: &[ArraySpec], bench: &Bench<'_>, jobs: Option<usize>) -> anyhow::Result<Vec<Measured>> {
    let name = |array: &ArraySpec| Design::of(array).name();
    let measured = progress::each(
        arrays,
        jobs,
        |_| 0,
        name,
        |array| measure(array, bench).with_context(|| name(array)),
    )?;
    Ok(measured.into_iter().flatten().collect())
}
