//! Studies: fetches the images and networks, and runs `sim-study`.

use crate::command::run as run_line;
use crate::outside;

/// What `sim-study` takes; `cargo xtask study --help` shows it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Handed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Every study, with as many images as make sense of nothing but whether it runs.
const SHORT: &[&str] = &[
    "policies",
    "recalibration",
    "pruning",
    "sparq",
    "throttling",
    "photos",
];

/// A study as it is meant.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if !options
        .arguments
        .iter()
        .any(|argument| matches!(argument.as_str(), "--help" | "-h"))
    {
        outside::python_and_network()?;
        outside::debian_images()?;
    }
    run_line(&format!(
        "cargo run --quiet --release --package sim-study -- {}",
        options.arguments.join(" ")
    ))
}

/// Every study on a few images, of the programs that the gate built; the images and networks are there.
pub(crate) fn short() -> Vec<String> {
    let line = |name: &&str| format!("target/debug/sim-study {name} --images 8");
    SHORT.iter().map(line).collect()
}
