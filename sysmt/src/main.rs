//! The command line: arguments as typed, a plan as meant, commands, exit codes.

mod args;
mod commands;
mod designs;
mod failure;
mod folders;
mod network_args;
mod output;
mod prediction;
mod prepare;
mod progress;
mod simd;
mod stop;
mod sweep_progress;
mod targets;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// Threads that make and drop buffers of a layer again and again: the system's allocator gives their pages back each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A fault of this program.
const FAULT: u8 = 1;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The panic hook has printed the message and the place; what is left is whose fault it is.
    match std::panic::catch_unwind(AssertUnwindSafe(|| execute(&cli.command))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.report(),
        Err(_) => ExitCode::from(FAULT),
    }
}

fn execute(command: &Command) -> Result<(), Failure> {
    let engines = &simd::engines()?;
    match command {
        Command::Run(args) => commands::run::execute(args, engines),
        Command::Gemm(args) => commands::gemm::execute(args, engines),
        Command::Check(args) => commands::check::execute(args, engines),
        Command::Capture(args) => commands::capture::execute(args, engines),
        Command::Eval(args) => commands::eval::execute(args, engines),
        Command::Sweep(args) => commands::sweep::execute(args, engines),
        Command::Train(command) => commands::train::execute(command, engines),
        Command::Export(args) => commands::export::execute(args),
        Command::Plot(args) => commands::plot::execute(args),
        Command::Report(args) => commands::report::execute(args),
        Command::Wave(args) => commands::wave::execute(args, engines),
        Command::Explain(args) => commands::explain::execute(args),
    }
}
