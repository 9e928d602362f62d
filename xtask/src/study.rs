//! Studies: fetches the images and networks, runs the sweep of a study and writes its page.

use std::path::Path;

use crate::command::run as run_line;
use crate::outside;
use crate::predictors;

/// Where studies are, as they are and as tried.
const CONFIGS: &str = "configs/studies";
const PAGES: &str = "docs/studies";
const TARGET: &str = "target/studies";

/// The program, built as it is used.
const SYSMT: &str = "cargo run --quiet --release --package sysmt --";

/// Which study, and how much of it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A study of configs/studies.
    name: String,
    /// Only the first N images, for calibration as well; the page goes to target/studies.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    images: Option<u32>,
    /// Go on where a run was ended.
    #[arg(long)]
    resume: bool,
}

/// Studies with as many images as make sense of nothing but whether they run: all those that evaluate. What counts cycles
/// alone takes its images from its base, and has no limit.
const SHORT: &[&str] = &[
    "policies",
    "recalibration",
    "pruning",
    "sparq",
    "throttling",
    "photos",
    "zap",
    "cross-neuron",
    "prediction-with-threads",
];

/// Images of a short study.
const N_SHORT: u32 = 8;

/// A study as it is meant.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    outside::python_and_network()?;
    outside::debian_packages(&[outside::IMAGES])?;
    if options.name == predictors::STUDY {
        predictors::train(SYSMT)?;
    }
    std::fs::create_dir_all(TARGET)?;
    let folder = folder(&options.name, options.images);
    if !options.resume && Path::new(&folder).is_dir() {
        std::fs::remove_dir_all(&folder)?;
    }
    for line in lines(SYSMT, &options.name, options.images) {
        run_line(&line)?;
    }
    Ok(())
}

/// Every study on a few images, of the programs that the gate built; the images and networks are there.
pub(crate) fn short() -> Vec<String> {
    let clean = SHORT
        .iter()
        .map(|name| folder(name, Some(N_SHORT)))
        .collect::<Vec<_>>()
        .join(" ");
    let lines = SHORT
        .iter()
        .flat_map(|name| lines("target/debug/sysmt", name, Some(N_SHORT)));
    std::iter::once(format!("rm -rf {clean}"))
        .chain(std::iter::once(format!("mkdir -p {TARGET}")))
        .chain(lines)
        .collect()
}

/// Where the points are stored.
fn folder(name: &str, images: Option<u32>) -> String {
    match images {
        Some(images) => format!("{TARGET}/{name}-{images}.sweep"),
        None => format!("{TARGET}/{name}.sweep"),
    }
}

/// Run the sweep, then write its page.
fn lines(sysmt: &str, name: &str, images: Option<u32>) -> [String; 2] {
    let folder = folder(name, images);
    let (limit, pages) = match images {
        Some(images) => (format!(" --n-images {images}"), TARGET),
        None => (String::new(), PAGES),
    };
    [
        format!("{sysmt} sweep {CONFIGS}/{name}.toml --out {folder} --resume{limit}"),
        format!("{sysmt} report {folder} --markdown {pages}/{name}.md"),
    ]
}
