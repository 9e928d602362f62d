//! `sysmt report`.

use reports::{page, stored};

use crate::args::report::ReportArgs;
use crate::failure::Failure;
use crate::output;

/// Name of the page in a results folder.
const FILE_NAME: &str = "report.html";

/// Write one page of what a folder holds.
pub(crate) fn execute(args: &ReportArgs) -> Result<(), Failure> {
    let out = args.out.clone().unwrap_or_else(|| args.folder.join(FILE_NAME));
    output::check_target(&out)?;
    let stored = stored::read(&args.folder).map_err(|error| Failure::user(&error))?;
    let figures = page::plots_of(&args.folder).map_err(|error| {
        Failure::User(format!(
            "{}: its plots cannot be read: {error}; make the results again",
            args.folder.display()
        ))
    })?;
    output::write_text(&out, &page::render(&stored, &figures))?;
    output::note(&format!("the page is {}", out.display()));
    Ok(())
}
