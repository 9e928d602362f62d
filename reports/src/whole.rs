//! Files that are whole or absent.

use std::io;
use std::path::Path;

/// Write a file, whole or not at all; `fill` writes it elsewhere first.
///
/// - Errors: those of `fill`, and a folder that cannot be written to; an older file is then as it was.
pub fn write<E: From<io::Error>>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    // A file in a temporary folder, unlike a temporary file, gets the permissions that other files get.
    let work = tempfile::Builder::new().prefix(".sysmt-").tempdir_in(folder)?;
    let new = work.path().join("new");
    fill(&new)?;
    std::fs::rename(&new, path)?;
    Ok(())
}
