//! Figures as files: everything is drawn before anything is written.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use sim_draw::FigureError;
use sim_draw::figure::{Figure, Format};
use sim_draw::look::Look;

use reports::stored::Provenance;
use reports::whole;

/// Figures that were not written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Two figures of one name.
    #[error("two figures are called `{name}`; give one of them another `name`")]
    Twice {
        /// The name.
        name: String,
    },
    /// The file system refuses.
    #[error("{}: cannot be written: {error}; check the path, its permissions and free space", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A figure was not drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

/// The files of figures by name: pictures, and beside each its CSV and its script.
///
/// - Errors: two figures of one name, or a figure that is not drawn.
pub fn draw(
    figures: &[Figure],
    provenance: &Provenance,
    look: &Look,
    formats: &[Format],
) -> Result<Vec<(String, Vec<u8>)>, FilesError> {
    let mut names = BTreeSet::new();
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let formats: BTreeSet<Format> = formats.iter().copied().collect();
    for figure in figures {
        let name = figure.picture.name();
        if !names.insert(name.to_lowercase()) {
            return Err(FilesError::Twice {
                name: name.to_owned(),
            });
        }
        let made = provenance.made(&figure.title);
        all.extend(figure.files(look, &made, formats.iter().copied())?);
    }
    Ok(all)
}

/// Write a file whole or not at all.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    whole::write(path, |new| std::fs::write(new, bytes)).map_err(failed(path))
}

/// Of a path that the file system refuses.
pub(crate) fn failed(path: &Path) -> impl FnOnce(io::Error) -> FilesError {
    let path = path.to_owned();
    move |error| FilesError::Io { path, error }
}
