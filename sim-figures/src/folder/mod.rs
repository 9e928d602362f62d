//! The results folder: whole or absent. What somebody else keeps in it stays where it is.

mod contents;
pub mod evaluation;
mod exchange;
mod list;
mod moves;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::set;
use reports::place::{self, PlaceError, Replace};
use reports::run::Report;
use reports::stored::Provenance;
use reports::{export, pe_map, result, stored, summary, whole};
use sim_draw::figure::{self, Format};
use sim_draw::look::Look;
use sim_draw::{FigureError, Picture};

pub use contents::{Results, Unlisted};

use contents::{Contents, unlisted};
use list::List;
use moves::Unmoved;

/// The folder of figures in a results folder.
pub const PLOTS: &str = "plots";
/// The page of a results folder.
pub const PAGE: &str = "report.html";

/// The file of a row for each design and layer.
const LAYERS: &str = "layers.csv";
/// The file that a person reads first.
const SUMMARY: &str = "summary.md";
/// Files of evaluations.
const ARRAYS: &str = "arrays.csv";
const CLASSES: &str = "classes.csv";
const PREDICTIONS: &str = "predictions.csv";
const THROTTLING: &str = "throttling.csv";

/// A results folder that was not written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The target is something else; the user's mistake.
    #[error(
        "{}: is not a results folder (it holds {found} and no results of sysmt), so nothing is written to it; name \
         another folder, or an empty one", .path.display()
    )]
    NotResults {
        /// The target.
        path: PathBuf,
        /// One of the things that it holds.
        found: String,
    },
    /// Nothing can be written there; the user's mistake.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Files of somebody else are where new ones have to be; the user's mistake.
    #[error(
        "{}: sysmt did not write {}, or somebody has changed it since, so it is not replaced; move it away, name another \
         folder, or add --force", .path.display(), listed(.names)
    )]
    Taken {
        /// The folder.
        path: PathBuf,
        /// The files.
        names: Vec<String>,
    },
    /// The same, found only after the work.
    #[error(
        "{}: sysmt did not write {}, or somebody has changed it since, so it is not replaced; the new results are kept in {}",
        .path.display(), listed(.names), .kept.display()
    )]
    TakenSince {
        /// The folder.
        path: PathBuf,
        /// The files.
        names: Vec<String>,
        /// Where new results are.
        kept: PathBuf,
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

/// At most three names.
fn listed(names: &[String]) -> String {
    match names {
        [first, second, third, .., _] => {
            format!("{first}, {second}, {third} and {} more", names.len() - 3)
        }
        _ => names.join(", "),
    }
}

/// Whether `target` may become a results folder: absent or empty so far, or one already. Worth asking before a long run.
///
/// - Errors: the target is something else, or somebody's own files have the names of results.
pub fn check(target: &Path, results: Results, replace: Replace) -> Result<(), FolderError> {
    look(target, results, replace).map(drop)
}

/// Whether there is a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Absent,
    There,
}

/// The folder behind links.
fn look(target: &Path, results: Results, replace: Replace) -> Result<(PathBuf, Found), FolderError> {
    let folder = place::folder(target)?;
    if !folder.is_dir() {
        return Ok((folder, Found::Absent));
    }
    let contents = Contents::of(&folder, unlisted).map_err(|error| failed("look into it", target, error))?;
    let found = contents.theirs.iter().chain(&contents.ours).next();
    if let (Unlisted::Foreign, Some(found)) = (contents.results, found) {
        return Err(FolderError::NotResults {
            path: target.to_owned(),
            found: found.clone(),
        });
    }
    let names = contents.taken_from(results);
    match replace {
        Replace::Own if !names.is_empty() => Err(FolderError::Taken {
            path: target.to_owned(),
            names,
        }),
        Replace::Own | Replace::Any => Ok((folder, Found::There)),
    }
}

/// Write all results of a run to `target`. Older results there are replaced, and everything else stays.
///
/// - Errors: those of [`check`], and what the file system refuses; `target` is then as it was.
pub fn write(target: &Path, report: &Report, replace: Replace) -> Result<(), FolderError> {
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
        (SUMMARY, summary::text(report)),
        (result::FILE_NAME, json),
    ];
    files.extend(pe_map::render(&report.record().layers).map(|map| (pe_map::FILE_NAME, map)));
    write_files(
        (target, Results::Run, replace),
        &stored.provenance,
        pictures,
        files,
    )
}

/// Write pictures with their titles, in `plots`, and files to a folder, all of them or none.
///
/// Everything is written to a temporary folder. Where there is no folder yet, that one becomes it. In one that is there,
/// files change places, and nothing else is touched. The result file goes first and comes last, so that what lies there
/// whenever the process ends is whole results or none.
///
/// - Errors: those of [`write`].
fn write_files<'a>(
    (target, results, replace): (&Path, Results, Replace),
    provenance: &Provenance,
    pictures: impl Iterator<Item = (&'a dyn Picture, &'a str)>,
    files: Vec<(&str, String)>,
) -> Result<(), FolderError> {
    let (folder, found) = look(target, results, replace)?;
    let home = match found {
        Found::There => folder.as_path(),
        Found::Absent => place::parent(&folder),
    };
    fs::create_dir_all(home).map_err(|error| failed("make the folder", home, error))?;
    let work = tempfile::Builder::new()
        .prefix(".sysmt-results-")
        .tempdir_in(home)
        .map_err(|error| failed("make a temporary folder in it", home, error))?;
    let new = work.path().join("new");
    let list = fill(&new, provenance, pictures, files)?;
    if found == Found::Absent {
        return fs::rename(&new, &folder).map_err(|error| failed("put the results in place", target, error));
    }
    // Somebody may have been at work too.
    let contents = Contents::of(&folder, unlisted).map_err(|error| failed("look into it", target, error))?;
    let taken = contents.taken(list.files().iter().map(String::as_str));
    match replace {
        Replace::Own if !taken.is_empty() => {
            return Err(FolderError::TakenSince {
                path: target.to_owned(),
                names: taken,
                kept: work.keep().join("new"),
            });
        }
        Replace::Own | Replace::Any => {}
    }
    let not_listed = |error| failed("write the list of files", &folder, error);
    let moves = exchange::begin(&folder, work.path(), &contents, &taken, &list).map_err(not_listed)?;
    if let Err(Unmoved { path, error, undone }) = moves.run() {
        if undone {
            return Err(failed("put the results in place", &path, error));
        }
        // What could not be moved back is not lost with the temporary folder.
        return Err(failed(
            "put new results in place of those now kept here",
            &work.keep(),
            error,
        ));
    }
    list.write(&folder).map_err(not_listed)
}

/// Fill a new folder; the list of its files.
fn fill<'a>(
    folder: &Path,
    provenance: &Provenance,
    pictures: impl Iterator<Item = (&'a dyn Picture, &'a str)>,
    files: Vec<(&str, String)>,
) -> Result<List, FolderError> {
    let plots = folder.join(PLOTS);
    fs::create_dir_all(&plots).map_err(|error| failed("make the folder", &plots, error))?;
    let mut all = Vec::new();
    for (picture, title) in pictures {
        let made = provenance.made(title);
        for (name, bytes) in figure::files(picture, &Look::default(), &made, [Format::Svg, Format::Png])? {
            all.push((format!("{PLOTS}/{name}"), bytes));
        }
    }
    all.extend((files.into_iter()).map(|(name, text)| (name.to_owned(), text.into_bytes())));
    let mut list = List::default();
    for (name, bytes) in &all {
        list.add(name, bytes);
        save(&folder.join(name), bytes)?;
    }
    save(&folder.join(list::FILE_NAME), list.text().as_bytes())?;
    Ok(list)
}

/// Write files to a folder that may not be there yet and may hold other files, each whole or not at all, and put them on
/// its list. Names are relative to the folder; `unlisted` says whose the folder is where it has no list.
///
/// - Errors: files of these names that this program did not write, and what the file system refuses.
pub fn add(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    unlisted: Unlisted,
    replace: Replace,
) -> Result<(), FolderError> {
    let asked_for = folder;
    let folder = place::folder(folder)?;
    fs::create_dir_all(&folder).map_err(|error| failed("make the folder", &folder, error))?;
    let contents =
        Contents::of(&folder, |_| unlisted).map_err(|error| failed("look into it", &folder, error))?;
    let names = contents.taken(files.iter().map(|(name, _)| name.as_str()));
    match replace {
        Replace::Own if !names.is_empty() => {
            return Err(FolderError::Taken {
                path: asked_for.to_owned(),
                names,
            });
        }
        Replace::Own | Replace::Any => {}
    }
    let mut list = List::default();
    for (name, bytes) in files {
        list.add(name, bytes);
    }
    let write_list = |list: &List| {
        let written = list.write(&folder);
        written.map_err(|error| failed("write the list of files", &folder, error))
    };
    write_list(&contents.list.with(&list))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        let above = place::parent(&path);
        fs::create_dir_all(above).map_err(|error| failed("make the folder", above, error))?;
        whole::write(&path, |new| fs::write(new, bytes))
            .map_err(|error| failed("write the file", &path, error))?;
    }
    write_list(&contents.list.without(&list).with(&list))
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
