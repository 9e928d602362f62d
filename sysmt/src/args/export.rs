//! `sysmt export` as typed.

use std::path::PathBuf;

use clap::Args;
use reports::export::{Format, Table};

use super::ForceArgs;
use super::parsers::named;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Folder of results, as `run`, `eval --out` and `sweep` write it
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// What to write: comma-separated values, Parquet, an object a line, or a LaTeX table for a paper
    #[arg(long, value_name = "FORMAT", value_parser = named::<Format>())]
    pub(crate) format: Format,
    /// Which rows: one per design, or one per design and layer [default: layers of a run, else points]
    #[arg(long, value_name = "TABLE", value_parser = named::<Table>())]
    pub(crate) table: Option<Table>,
    /// Which columns, in this order, with commas [default: all; in LaTeX those that matter in a paper]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Where to write; an older export is replaced [default: print]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}
