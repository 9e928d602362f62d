//! `sysmt report`.

use reports::page;

use crate::args::report::ReportArgs;
use crate::failure::Failure;
use crate::{folders, output};

/// Name of the page in a results folder.
const FILE_NAME: &str = "report.html";

/// Write one page of what a folder holds.
pub(crate) fn execute(args: &ReportArgs) -> Result<(), Failure> {
    let out = args.out.clone().unwrap_or_else(|| args.folder.join(FILE_NAME));
    output::check_target(&out)?;
    let stored = folders::stored(&args.folder)?;
    let figures = folders::page_figures(&args.folder, &stored)?;
    output::write_text(&out, &page::render(&stored, &figures))?;
    output::note(&format!("the page is {}", out.display()));
    Ok(())
}
