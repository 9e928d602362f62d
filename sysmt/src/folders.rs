//! Folders of results of any kind.

use std::path::Path;

use reports::stored::{self, Stored};

use crate::failure::Failure;

/// What a folder of a run, an evaluation or a sweep holds.
pub(crate) fn stored(folder: &Path) -> Result<Stored, Failure> {
    if sim_sweep::stored::is_sweep(folder) {
        return Ok(sim_sweep::stored::read(folder)?);
    }
    stored::read(folder).map_err(|error| Failure::user(&error))
}
