//! Speed and memory of the simulator beside what its users know: NumPy, ONNX Runtime, SCALE-Sim; one run, one table.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore speaks to the person who runs it"
)]

mod against;
mod bench;
mod facts;
mod fit;
mod native;
mod operands;
mod peaks;
mod process;
mod report;
mod rounds;
mod row;
mod rows;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};

use crate::against::{compare, core};
use crate::bench::{Bench, Size};
use crate::facts::Facts;
use crate::native::Native;
use crate::report::{Report, between_markers};

/// What this process has allocated at most, for library calls: their process holds more than them.
#[global_allocator]
static HEAP: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// Measure speed and memory on this machine.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// Run one command and print what it cost, as JSON.
    #[command(hide = true)]
    Measure(process::Measure),
}

#[derive(Args)]
struct Options {
    /// Smaller work in a minute or two, to see that all of it runs; nothing is judged.
    #[arg(long)]
    quick: bool,
    /// Rounds of each row, in turn with what it is compared with; the least time counts [default: 5, with --quick 2].
    #[arg(long)]
    rounds: Option<u32>,
    /// Only rows whose names contain this, such as `product/` or `4t`; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Print every row that got worse by more than 10 % than in this bench.json; exit code 1 if one did.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Where bench.md, bench.json and working files go.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Put the figures into docs/performance.md and the plot into docs/images; of a whole run only.
    #[arg(long, conflicts_with_all = ["quick", "only"])]
    write_docs: bool,
}

const PAGE: &str = "docs/performance.md";
const IMAGES: &str = "docs/images";

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(Command::Measure(command)) = &cli.command {
        process::answer(command)?;
        return Ok(ExitCode::SUCCESS);
    }
    let options = cli.options;
    // A file that cannot be read is worth knowing before the work.
    let before = options.against.as_deref().map(read).transpose()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    std::env::set_current_dir(root.context("the crate lies in the repository")?)?;
    let report = measure(&options)?;
    write(&options, &report)?;
    match before {
        Some(before) => Ok(tell(&before, &report)),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn read(path: &Path) -> anyhow::Result<Report> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read {}; give the bench.json of an earlier run",
            path.display()
        )
    })?;
    Report::parse(&text).with_context(|| path.display().to_string())
}

fn measure(options: &Options) -> anyhow::Result<Report> {
    let (size, n_rounds) = if options.quick {
        (Size::Quick, 2)
    } else {
        (Size::Full, 5)
    };
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make {}", options.out.display()))?;
    let mut native = Native::start()?;
    let facts = Facts::gather(native.versions()?);
    let mut bench = Bench {
        n_rounds: options.rounds.unwrap_or(n_rounds),
        size,
        out: options.out.clone(),
        only: options.only.clone(),
        native,
        rows: Vec::new(),
    };
    peaks::measure(&mut bench)?;
    rows::products::measure(&mut bench)?;
    rows::pruned::measure(&mut bench)?;
    rows::statistics::measure(&mut bench)?;
    rows::predicted::measure(&mut bench)?;
    rows::network::measure(&mut bench)?;
    rows::evaluation::measure(&mut bench)?;
    rows::sweep::measure(&mut bench)?;
    rows::memory::measure(&mut bench)?;
    rows::memory::quickstart(&mut bench)?;
    rows::stepped::measure(&mut bench)?;
    rows::growth::measure(&mut bench)?;
    rows::scalesim::measure(&mut bench)?;
    if bench.rows.is_empty() {
        bail!(
            "no row is called {}; names are in bench.json of a whole run",
            options.only.join(" or ")
        );
    }
    Ok(Report::new(options.quick, bench.n_rounds, facts, bench.rows))
}

fn write(options: &Options, report: &Report) -> anyhow::Result<()> {
    let markdown = report.markdown();
    print!("{markdown}");
    std::fs::write(options.out.join("bench.md"), &markdown)?;
    std::fs::write(options.out.join("bench.json"), report.json()?)?;
    if options.write_docs {
        let page = std::fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
        let figures = format!("{markdown}\n![Time of one product over its size](images/growth.svg)\n");
        let page = between_markers(&page, &figures).context(PAGE)?;
        std::fs::write(PAGE, page)?;
        for image in ["growth.svg", "growth.png"] {
            std::fs::copy(options.out.join(image), Path::new(IMAGES).join(image))?;
        }
        eprintln!("{PAGE} has the figures");
    }
    Ok(())
}

fn tell(before: &Report, report: &Report) -> ExitCode {
    let comparison = compare(before, report);
    for line in &comparison.apart {
        println!("not compared: {line}");
    }
    for line in &comparison.worse {
        println!("WORSE: {line}");
    }
    if let Some(line) = core(before, report) {
        println!("{line}");
    }
    println!(
        "against commit {}: {} rows compared, {} worse by more than 10 %",
        before.facts.commit,
        comparison.n_compared,
        comparison.worse.len()
    );
    if comparison.worse.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
