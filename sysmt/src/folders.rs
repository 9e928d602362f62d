//! Folders of results of any kind.

use std::path::{Path, PathBuf};

use reports::stored::{self, Stored};
use reports::{pe_map, result};
use sim_figures::page::{self, PageFigure};
use sim_figures::set;
use sim_sweep::store;

use crate::failure::Failure;

/// What a folder of a run, an evaluation or a sweep holds.
pub(crate) fn stored(folder: &Path) -> Result<Stored, Failure> {
    if sim_sweep::stored::is_sweep(folder) {
        return Ok(sim_sweep::stored::read(folder)?);
    }
    stored::read(folder).map_err(|error| Failure::user(&error))
}

/// The files of a folder that results are read from.
pub(crate) fn records(folder: &Path) -> Vec<PathBuf> {
    let store = store::FILE_NAME;
    let beside = ["-wal", "-shm"].map(|ending| format!("{store}{ending}"));
    let [log, index] = &beside;
    [result::FILE_NAME, pe_map::FILE_NAME, store, log, index]
        .map(|name| folder.join(name))
        .to_vec()
}

/// Figures for a page of the results of a folder: the built-in ones that they have points for, and behind them others
/// that lie in its `plots`.
pub(crate) fn page_figures(folder: &Path, stored: &Stored) -> Result<Vec<PageFigure>, Failure> {
    let means = stored.clone().over_seeds();
    let kinds = set::kinds();
    let figures = kinds
        .iter()
        .flat_map(|kind| set::of_kind(&means, kind, &[]).unwrap_or_default());
    let drawn = figures.map(|figure| {
        PageFigure::draw(figure.picture.as_ref(), figure.title)
            .map_err(|error| Failure::Ours(error.to_string()))
    });
    let mut all: Vec<PageFigure> = drawn.collect::<Result<_, _>>()?;
    let others = page::plots_of(folder)
        .map_err(|error| Failure::User(format!("{}: its plots cannot be read: {error}", folder.display())))?;
    for other in others {
        let is_known = |name: &String| *name == other.name;
        if !kinds.iter().any(is_known) && !all.iter().any(|figure| is_known(&figure.name)) {
            all.push(other);
        }
    }
    Ok(all)
}
