//! Folders of results of any kind.

use std::path::Path;

use reports::figures::set;
use reports::page::PageFigure;
use reports::stored::{self, Stored};

use crate::failure::Failure;

/// What a folder of a run, an evaluation or a sweep holds.
pub(crate) fn stored(folder: &Path) -> Result<Stored, Failure> {
    if sim_sweep::stored::is_sweep(folder) {
        return Ok(sim_sweep::stored::read(folder)?);
    }
    stored::read(folder).map_err(|error| Failure::user(&error))
}

/// Every built-in figure that results have points for, for a page of them.
pub(crate) fn page_figures(stored: &Stored) -> Result<Vec<PageFigure>, Failure> {
    let means = stored.clone().over_seeds();
    let kinds = set::kinds();
    let figures = kinds
        .iter()
        .flat_map(|kind| set::of_kind(&means, kind, &[]).unwrap_or_default());
    figures
        .map(|figure| {
            PageFigure::draw(figure.picture.as_ref(), figure.title)
                .map_err(|error| Failure::Ours(error.to_string()))
        })
        .collect()
}
