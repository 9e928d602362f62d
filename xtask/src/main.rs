//! Chores of the repository: the gate, tidy, outside data, synthesis, benchmarks.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore speaks to the person who runs it"
)]

mod assembly;
mod bench;
mod ci;
mod command;
mod networks;
mod outside;
mod predictors;
mod slurm;
mod study;
mod synth;
mod tidy;

use clap::Parser;
use command::HandedOn;

/// Chores of the repository.
#[derive(Parser)]
enum Chore {
    /// Everything a change must pass: format, lints, tidy, tests, hardware, documentation, licences.
    Ci(ci::Options),
    /// What one looks at after every change: format, tidy, lints, unit tests and fast integration tests.
    Check,
    /// Crate edges, module headers, file sizes and documents that must agree with the code.
    Tidy,
    /// The hot loops of the kernels as compiled: nothing spills.
    Assembly,
    /// Fetch what tests compare with: Debian's packages, a Python environment, a network and photos.
    Outside {
        /// That part alone.
        part: Option<outside::Part>,
    },
    /// The examples that a Python user would run, and the scripts that stand beside figures.
    Examples,
    /// Run the SystemVerilog beside the stepped engine: every register, every cycle, and mutants.
    Cosim(HandedOn),
    /// A sweep through a real Slurm on two nodes of the loopback, one of which dies; the bytes are a local run's.
    SlurmTest,
    /// Area and critical path of every PE from logic synthesis: tables in configs/tech and docs/synthesis.md.
    #[command(disable_help_flag = true)]
    Synth(HandedOn),
    /// Measure speed and memory on this machine, beside NumPy, ONNX Runtime and SCALE-Sim.
    #[command(disable_help_flag = true)]
    Bench(HandedOn),
    /// Networks of package registries beside ONNX Runtime: the table in docs/networks.md.
    Networks,
    /// Run a study of configs/studies: tables and figures in docs/studies.
    #[command(disable_help_flag = true)]
    Study(study::Options),
}

fn main() -> anyhow::Result<()> {
    let chore = Chore::parse();
    std::env::set_current_dir(command::root())?;
    match chore {
        Chore::Ci(options) => ci::gate(&options),
        Chore::Check => ci::check(),
        Chore::Tidy => tidy::run(),
        Chore::Assembly => assembly::check(),
        Chore::Outside { part } => outside::fetch(part),
        Chore::Examples => outside::run_python_examples(),
        Chore::Cosim(options) => ci::cosimulate(&options),
        Chore::SlurmTest => slurm::test(),
        Chore::Synth(options) => synth::measure(&options),
        Chore::Bench(options) => bench::measure(&options),
        Chore::Networks => networks::measure(),
        Chore::Study(options) => study::run(&options),
    }
}
