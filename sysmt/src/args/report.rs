//! Arguments of `sysmt report`.

use std::path::PathBuf;

use clap::Args;

use super::ForceArgs;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Results folder
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Where to write the page [default: report.html in the folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write the points of a sweep as a Markdown page instead. CSV files and the figures that the sweep file names go into
    /// a folder beside it. On a page that exists, only what stands between its two marks is replaced
    #[arg(long, value_name = "PAGE.md", conflicts_with = "out")]
    pub(crate) markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
}
