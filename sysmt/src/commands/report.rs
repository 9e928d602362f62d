//! `sysmt report`.

use std::path::Path;

use reports::place;
use sim_figures::folder::{self, PAGE, Unlisted};
use sim_figures::{page, study};
use sim_sweep::stored::Reader;

use crate::args::report::ReportArgs;
use crate::failure::Failure;
use crate::targets::{Output, Targets};
use crate::{folders, output, targets};

/// Write one page of what a folder holds.
pub(crate) fn execute(args: &ReportArgs) -> Result<(), Failure> {
    if let Some(page) = &args.markdown {
        return markdown(args, page);
    }
    let replace = args.force.replace();
    let usual = args.folder.join(PAGE);
    let out = args.out.as_ref().unwrap_or(&usual);
    let is_beside = targets::is_same(out, &usual);
    let place = if is_beside {
        place::file(out).map_err(|error| Failure::user(&error))?
    } else {
        Targets::new(folders::records(&args.folder), replace).file(out, &Output::Page)?
    };
    let stored = folders::stored(&args.folder)?;
    let figures = folders::page_figures(&args.folder, &stored)?;
    let page = page::render(&stored, &figures);
    if is_beside {
        // The page is one of the folder's own files.
        let files = [(PAGE.to_owned(), page.into_bytes())];
        folder::add(&args.folder, &files, Unlisted::Results, replace)?;
    } else {
        output::write_text(&place, &page)?;
    }
    output::note(&format!("the page is {}", out.display()));
    Ok(())
}

/// Write the page of a sweep with its own figures.
fn markdown(args: &ReportArgs, page: &Path) -> Result<(), Failure> {
    place::file(page).map_err(|error| Failure::user(&error))?;
    let reader = Reader::open(&args.folder)?;
    let throttlings = reader.throttlings()?;
    let stored = reader.stored()?.over_seeds();
    let figures = sim_sweep::figures::of(&stored)?;
    study::write(page, stored, &figures, &throttlings, args.force.replace())
        .map_err(|error| Failure::user(&error))?;
    output::note(&format!("the page is {}", page.display()));
    Ok(())
}
