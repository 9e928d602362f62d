//! Studies: a TOML file with grids of designs becomes tables and figures.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "results go to stdout, progress to stderr"
)]

mod columns;
mod features;
mod figures;
mod file;
mod grid;
mod measure;
mod operands;
mod page;
mod point;
mod results;
mod tables;
mod warnings;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Parser;

use crate::file::Study;
use crate::point::Limit;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Run a study and write its tables and figures.
///
/// The whole study writes docs/studies/NAME.md and docs/studies/NAME/; with --images it writes to target/studies.
#[derive(Parser)]
#[command(name = "study")]
struct Arguments {
    /// A study of configs/studies, or a path to another one
    name: String,
    /// Only the first N images, for calibration as well
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    images: Option<u32>,
    /// Where to write instead
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Threads of this computer to use; results do not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let path = file::path_of(&arguments.name);
    let study = Study::load(&path)?;
    let n_images = arguments.images.map(usize::try_from).transpose()?;
    let points = point::points(&path, &study.base, &study.grid, Limit(n_images))?;
    results::check(&study, &points)?;
    let jobs = arguments.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );

    let start = Instant::now();
    let told = |what: &str| eprintln!("{:7.1} s  {what}", start.elapsed().as_secs_f64());
    told(&format!("{}: {} points", path.display(), points.len()));
    let measured = measure::measure(&points, &study.extra, jobs, &told)?;

    let name = path
        .file_stem()
        .context("a study without a name")?
        .to_string_lossy()
        .into_owned();
    let out = match (&arguments.out, n_images) {
        (Some(out), _) => out.clone(),
        (None, None) => Path::new("docs/studies").to_owned(),
        (None, Some(_)) => Path::new("target/studies").to_owned(),
    };
    let text = results::write(&out, &name, &study, &measured)?;
    told(&format!("{}: written", out.join(&name).display()));
    print!("{text}");
    Ok(())
}
