//! `sysmt report`.

use std::path::Path;

use reports::place::Replace;
use sim_figures::{page, study};
use sim_sweep::stored::Reader;

use crate::args::report::ReportArgs;
use crate::failure::Failure;
use crate::{folders, output};

/// Name of the page in a results folder.
const FILE_NAME: &str = "report.html";

/// Write one page of what a folder holds.
pub(crate) fn execute(args: &ReportArgs) -> Result<(), Failure> {
    if let Some(page) = &args.markdown {
        return markdown(&args.folder, page);
    }
    let out = args.out.clone().unwrap_or_else(|| args.folder.join(FILE_NAME));
    output::check_target(&out)?;
    let stored = folders::stored(&args.folder)?;
    let figures = folders::page_figures(&args.folder, &stored)?;
    output::write_text(&out, &page::render(&stored, &figures))?;
    output::note(&format!("the page is {}", out.display()));
    Ok(())
}

/// Write the page of a sweep with its own figures.
fn markdown(folder: &Path, page: &Path) -> Result<(), Failure> {
    output::check_target(page)?;
    let reader = Reader::open(folder)?;
    let throttlings = reader.throttlings()?;
    let stored = reader.stored()?.over_seeds();
    let figures = sim_sweep::figures::of(&stored)?;
    study::write(page, stored, &figures, &throttlings, Replace::Own)
        .map_err(|error| Failure::user(&error))?;
    output::note(&format!("the page is {}", page.display()));
    Ok(())
}
