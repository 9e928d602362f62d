//! The results folder: whole or absent.

pub mod evaluation;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::set;
use reports::run::Report;
use reports::stored::Provenance;
use reports::{export, pe_map, result, stored, summary};
use sim_draw::figure::{self, Format};
use sim_draw::look::Look;
use sim_draw::{FigureError, Picture};

/// The file of a row for each design and layer.
const LAYERS: &str = "layers.csv";

/// A results folder that was not written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The target is something else; the user's mistake.
    #[error(
        "{}: is not a results folder (it holds no result.json), so it is not replaced; name another folder, or remove \
         this one", .path.display()
    )]
    NotResults {
        /// The target.
        path: PathBuf,
    },
    /// The target has no name, as `/` and `..` have none; the user's mistake.
    #[error("{}: a results folder needs a name; end the path with one", .path.display())]
    Nameless {
        /// The target.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("{}: cannot {action}: {error}; check the path, its permissions and free space", .path.display())]
    Io {
        /// What could not be done.
        action: &'static str,
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

/// Whether `target` may become a results folder: absent so far, or one already. Worth asking before a long run.
///
/// - Errors: the target is something else.
pub fn check(target: &Path) -> Result<(), FolderError> {
    if target.file_name().is_none() {
        return Err(FolderError::Nameless {
            path: target.to_owned(),
        });
    }
    match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("look at it", target, error)),
        Ok(found) if found.is_dir() && target.join(result::FILE_NAME).is_file() => Ok(()),
        Ok(_) => Err(FolderError::NotResults {
            path: target.to_owned(),
        }),
    }
}

/// Write all results of a run to `target`. An older results folder is replaced.
///
/// - Errors: the target is something other than a results folder, or the file system refuses; `target` is then as it
///   was.
pub fn write(target: &Path, report: &Report) -> Result<(), FolderError> {
    let json = report.json();
    let stored = stored::of_run(
        report.result(),
        blake3::hash(json.as_bytes()).to_hex().to_string(),
    );
    let figures = set::of_run(&stored);
    let pictures = figures
        .iter()
        .map(|figure| (figure.picture.as_ref(), figure.title.as_str()));
    let mut files = vec![
        (LAYERS, export::csv_text(&stored.layers)),
        ("summary.md", summary::text(report)),
        (result::FILE_NAME, json),
    ];
    files.extend(pe_map::render(&report.record().layers).map(|map| (pe_map::FILE_NAME, map)));
    write_files(target, &stored.provenance, pictures, &files)
}

/// Write pictures with their titles, in `plots`, and files to `target`, all of them or none.
///
/// - Errors: those of [`write`].
fn write_files<'a>(
    target: &Path,
    provenance: &Provenance,
    pictures: impl Iterator<Item = (&'a dyn Picture, &'a str)>,
    files: &[(&str, String)],
) -> Result<(), FolderError> {
    check(target)?;
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(|error| failed("make the folder", parent, error))?;
    let work = tempfile::Builder::new()
        .prefix(".sysmt-results-")
        .tempdir_in(parent)
        .map_err(|error| failed("make a temporary folder in it", parent, error))?;
    let new = work.path().join("new");
    fill(&new, provenance, pictures, files)?;
    let old = work.path().join("old");
    let replaces = match fs::rename(target, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed("replace it", target, error)),
    };
    let Err(error) = fs::rename(&new, target) else {
        return Ok(());
    };
    if replaces && fs::rename(&old, target).is_err() {
        // The old results are not lost with the temporary folder.
        let kept = work.keep().join("old");
        return Err(failed(
            "put new results in place of those now kept here",
            &kept,
            error,
        ));
    }
    Err(failed("put the results in place", target, error))
}

fn fill<'a>(
    folder: &Path,
    provenance: &Provenance,
    pictures: impl Iterator<Item = (&'a dyn Picture, &'a str)>,
    files: &[(&str, String)],
) -> Result<(), FolderError> {
    let plots = folder.join("plots");
    fs::create_dir_all(&plots).map_err(|error| failed("make the folder", &plots, error))?;
    for (picture, title) in pictures {
        let made = provenance.made(title);
        for (name, bytes) in figure::files(picture, &Look::default(), &made, [Format::Svg, Format::Png])? {
            save(&plots.join(name), &bytes)?;
        }
    }
    for (name, text) in files {
        save(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    fs::write(path, bytes).map_err(|error| failed("write the file", path, error))
}

fn failed(action: &'static str, path: &Path, error: io::Error) -> FolderError {
    FolderError::Io {
        action,
        path: path.to_owned(),
        error,
    }
}
