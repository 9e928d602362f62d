//! Networks of package registries, beside ONNX Runtime.

use crate::command::run;
use crate::outside;

/// What is fetched and computed with.
const FOLDER: &str = "target/networks";
const PAGE: &str = "docs/networks.md";

pub(crate) fn measure() -> anyhow::Result<()> {
    outside::python_and_network()?;
    run(&format!(
        "target/python/bin/python -W ignore bench/python/networks.py {FOLDER}"
    ))?;
    run(&format!(
        "cargo run --quiet --release --package sim-bench --bin networks -- {FOLDER} {PAGE}"
    ))
}
