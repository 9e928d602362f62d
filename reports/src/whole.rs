//! Files that are whole or absent.

use std::io;
use std::path::Path;

use crate::place;

/// Write a file, whole or not at all; `fill` writes it elsewhere first.
///
/// - Errors: those of `fill`, and a folder that cannot be written to; an older file is then as it was.
pub fn write<E: From<io::Error>>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    // A file in a temporary folder, unlike a temporary file, gets the permissions that other files get.
    let work = tempfile::Builder::new()
        .prefix(".sysmt-")
        .tempdir_in(place::parent(path))?;
    let new = work.path().join("new");
    fill(&new)?;
    std::fs::rename(&new, path)?;
    Ok(())
}
