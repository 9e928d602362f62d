//! `sim-synth`, which `cargo xtask synth` runs in the root of the workspace.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line speaks to the person who runs it"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use sim_cost::table::Table;
use sim_synth::designs::{self, CLOCK};
use sim_synth::library::Library;
use sim_synth::table::Origin;
use sim_synth::{SynthError, document, measure, sky130, table, tools};

/// Area and critical path of every processing element, from logic synthesis.
///
/// Without --liberty: measures with both libraries that the project ships tables for, and writes those tables and
/// docs/synthesis.md; with --designs as well, it only prints.
#[derive(Parser)]
struct Arguments {
    /// Measure with this Liberty file, from the root of the workspace, and write configs/tech/<name>.toml.
    #[arg(long, value_name = "FILE")]
    liberty: Option<PathBuf>,
    /// The table's name; the file's name without its end if left out.
    #[arg(long, requires = "liberty")]
    name: Option<String>,
    /// The technology node in words, for the table's rows; the library's name if left out.
    #[arg(long, requires = "liberty", value_name = "TEXT")]
    node: Option<String>,
    /// Only these designs.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    designs: Vec<String>,
    /// Threads that work at once.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Where the Python package sky130 was installed.
    #[arg(long, value_name = "FOLDER", default_value = "target/sky130")]
    sky130: PathBuf,
}

/// Libraries that the project ships a table for.
const OSU018_TABLE: &str = "osu018";
const SKY130_TABLE: &str = "sky130hd-area";
const DOCUMENT: &str = "docs/synthesis.md";
const COMMAND: &str = "cargo xtask synth";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), SynthError> {
    let subjects = designs::named(&arguments.designs)?;
    let tools = tools::versions()?;
    let measure = |library: &Library, name: &str, origin: &Origin| -> Result<(String, Table), SynthError> {
        let measured = measure::all(name, &subjects, library, CLOCK, arguments.jobs)?;
        let text = head(&origin.command) + &table::table(&measured, library, origin).to_toml();
        let table = Table::parse(name, &text).map_err(|error| {
            SynthError::content(
                &tech(name),
                format!("what would be written cannot be read: {error}"),
            )
        })?;
        print!("{}", document::sheet(&table, &subjects));
        Ok((text, table))
    };
    let origin = |node: &str, command: String| Origin {
        node: node.to_owned(),
        command,
        tools: tools.clone(),
        clock: CLOCK,
    };
    if let Some(path) = &arguments.liberty {
        let name = own_name(arguments, path)?;
        let library = Library::read(path)?;
        let node = arguments
            .node
            .clone()
            .unwrap_or_else(|| library.liberty().name().to_owned());
        let (text, _) = measure(
            &library,
            &name,
            &origin(&node, format!("{COMMAND} --liberty FILE --name {name}")),
        )?;
        return write(&tech(&name), &text);
    }
    let osu018 = Library::osu018()?;
    let sky130 = Library::parse(
        &format!("{}.lib", sky130::NAME),
        sky130::liberty(&arguments.sky130)?,
    )?;
    let (with_delays, osu018) = measure(&osu018, OSU018_TABLE, &origin("180 nm", COMMAND.to_owned()))?;
    let (areas_only, sky130) = measure(&sky130, SKY130_TABLE, &origin("130 nm", COMMAND.to_owned()))?;
    if arguments.designs.is_empty() {
        write(&tech(OSU018_TABLE), &with_delays)?;
        write(&tech(SKY130_TABLE), &areas_only)?;
        write(Path::new(DOCUMENT), &document::text(&osu018, &sky130))?;
    }
    Ok(())
}

/// The name of a table of one's own.
fn own_name(arguments: &Arguments, liberty: &Path) -> Result<String, SynthError> {
    let name = arguments.name.clone().unwrap_or_else(|| {
        liberty
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    });
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(SynthError::TableName(name));
    }
    if [
        OSU018_TABLE,
        "osu018-zero-delay",
        SKY130_TABLE,
        "prototype-nangate45",
    ]
    .contains(&name.as_str())
    {
        return Err(SynthError::ShippedTable(name));
    }
    Ok(name)
}

fn head(command: &str) -> String {
    format!(
        "# Area and critical path of processing elements from logic synthesis, written by `{command}`.\n\
         # `uncertainty` is in per cent of the value. docs/synthesis.md says what is not in these figures.\n"
    )
}

fn tech(name: &str) -> PathBuf {
    Path::new("configs/tech").join(format!("{name}.toml"))
}

fn write(path: &Path, text: &str) -> Result<(), SynthError> {
    table::write(path, text)?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
