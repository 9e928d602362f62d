//! What is in a folder: files that this program wrote, and everything else.

use std::collections::BTreeSet;
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use reports::{pe_map, result};

use super::list::List;
use super::{ARRAYS, CLASSES, LAYERS, PAGE, PLOTS, PREDICTIONS, SUMMARY, THROTTLING};
use crate::{evaluation, set};

/// The list, and temporary files and folders, of which one that is left over belongs to a process that was ended.
const HIDDEN: &str = ".sysmt-";

/// Whose results a folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Results {
    /// Of a run.
    Run,
    /// Of an evaluation.
    Evaluation,
}

impl Results {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Run, Self::Evaluation];

    /// Files that may be written beside the figures.
    const fn files(self) -> &'static [&'static str] {
        match self {
            Self::Run => &[result::FILE_NAME, LAYERS, SUMMARY, pe_map::FILE_NAME],
            Self::Evaluation => &[
                result::FILE_NAME,
                LAYERS,
                SUMMARY,
                ARRAYS,
                CLASSES,
                PREDICTIONS,
                THROTTLING,
            ],
        }
    }

    /// Whether a figure may be drawn; those with the name of a design are not known before.
    fn has_figure(self, figure: &str) -> bool {
        match self {
            Self::Run => set::OF_RUN.contains(&figure),
            Self::Evaluation => set::OF_EVALUATION.contains(&figure) || figure == evaluation::LAYER_ERRORS,
        }
    }
}

/// Figures whose names no design has a part in.
static FIGURES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names = set::kinds();
    names.push(evaluation::LAYER_ERRORS.to_owned());
    names
});

/// Endings of the files of a figure in results.
const OF_RESULTS: [&str; 3] = ["svg", "png", "csv"];
/// Endings of the files of a figure that `sysmt plot` draws.
const OF_FIGURE: [&str; 5] = ["svg", "png", "pdf", "csv", "py"];

/// Whose a folder without a list is. Older versions wrote none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// It holds results, so files with names of results are this program's.
    Results,
    /// Somebody's own.
    Foreign,
}

/// What is in a folder, by names relative to it.
#[derive(Debug)]
pub(super) struct Contents {
    /// What this program wrote and nobody has changed since.
    pub(super) ours: BTreeSet<String>,
    /// Everything else; of folders only the name.
    pub(super) theirs: BTreeSet<String>,
    /// What was written here.
    pub(super) list: List,
    /// Whether there are results, or a list that says so.
    pub(super) results: Unlisted,
    /// Other processes wait until the folder is as it will be. Not every file system has such locks.
    _lock: Option<File>,
}

impl Contents {
    /// Of a folder that is there; it is locked as long as this lives. Where it has no list, `unlisted` says whose it is.
    ///
    /// - Errors: what the file system refuses; a list that cannot be understood.
    pub(super) fn of(folder: &Path, unlisted: impl FnOnce(&Path) -> Unlisted) -> io::Result<Self> {
        let lock = File::open(folder).ok().filter(|folder| folder.lock().is_ok());
        let list = List::read(folder)?;
        let results = match &list {
            Some(list) if list.names(result::FILE_NAME) => Unlisted::Results,
            Some(_) => Unlisted::Foreign,
            None => unlisted(folder),
        };
        let mut contents = Self {
            ours: BTreeSet::new(),
            theirs: BTreeSet::new(),
            list: List::default(),
            results,
            _lock: lock,
        };
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == PLOTS && entry.file_type()?.is_dir() {
                for plot in fs::read_dir(entry.path())? {
                    let plot = plot?;
                    let name = format!("{PLOTS}/{}", plot.file_name().to_string_lossy());
                    contents.add(folder, name, &plot, list.as_ref())?;
                }
            } else if !name.starts_with(HIDDEN) {
                contents.add(folder, name, &entry, list.as_ref())?;
            }
        }
        match list {
            Some(list) => contents.list = list,
            // From now on there may be one.
            None => {
                for name in &contents.ours {
                    contents.list.add_file(folder, name)?;
                }
            }
        }
        Ok(contents)
    }

    fn add(&mut self, folder: &Path, name: String, entry: &DirEntry, list: Option<&List>) -> io::Result<()> {
        let is_ours = entry.file_type()?.is_file()
            && match list {
                Some(list) => list.is_as_written(folder, &name)?,
                None => self.results == Unlisted::Results && is_known(&name),
            };
        if is_ours {
            self.ours.insert(name);
        } else {
            self.theirs.insert(name);
        }
        Ok(())
    }

    /// What is somebody's own among `names`.
    pub(super) fn taken<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for name in names {
            taken.extend(self.theirs.get(name).cloned());
            // A file in place of the folder.
            let above = name.split_once('/').map(|(above, _)| above);
            taken.extend(above.and_then(|above| self.theirs.get(above)).cloned());
        }
        taken.into_iter().collect()
    }

    /// What is somebody's own and has a name that results may need.
    pub(super) fn taken_from(&self, results: Results) -> Vec<String> {
        let is_drawn =
            |figure: &str, ending: &str| results.has_figure(figure) && OF_RESULTS.contains(&ending);
        let is_needed = |name: &&String| {
            let is_file = results.files().contains(&name.as_str());
            *name == PLOTS || is_file || is_of_figure(name, is_drawn)
        };
        self.theirs.iter().filter(is_needed).cloned().collect()
    }
}

/// Whether a folder without a list holds results: those of this program say its version.
pub(super) fn unlisted(folder: &Path) -> Unlisted {
    let text = fs::read_to_string(folder.join(result::FILE_NAME)).unwrap_or_default();
    let result: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    if result["version"].is_u64() && result["sysmt_version"].is_string() {
        Unlisted::Results
    } else {
        Unlisted::Foreign
    }
}

/// Whether this program gives files this name.
fn is_known(name: &str) -> bool {
    let is_file = |results: &Results| results.files().contains(&name);
    let is_drawn =
        |figure: &str, ending: &str| FIGURES.iter().any(|name| name == figure) && OF_FIGURE.contains(&ending);
    name == PAGE || Results::ALL.iter().any(is_file) || is_of_figure(name, is_drawn)
}

/// Whether it is the name of a file of a figure, which `is_drawn` knows by figure and ending.
fn is_of_figure(name: &str, is_drawn: impl FnOnce(&str, &str) -> bool) -> bool {
    let file = name.strip_prefix(PLOTS).and_then(|file| file.strip_prefix('/'));
    let parts = file.and_then(|file| file.rsplit_once('.'));
    parts.is_some_and(|(figure, ending)| is_drawn(figure, ending))
}
