//! A sweep shared among machines: the list of its points, a log for each shard, and all of them taken back.
//!
//! Tasks on other machines only read the list and only append to their own log. The store is SQLite, which network file
//! systems do not keep whole under several machines; it is touched by whoever hands out and takes back, and nobody else.

mod list;
mod log;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{SweepError, SweepFault};
use crate::identity::Identity;
use crate::lock::Lock;
use crate::plan::Planned;
use crate::run::Results as _;
use crate::store::{Outcome, Store};

use list::List;
use log::Line;
pub use log::Shard;

/// In a sweep's folder.
const FOLDER: &str = "shards";

/// One of the shards of a sweep: every `of`-th point of the list, from `index` on.
///
/// Invariant: `index` is below `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardId {
    index: usize,
    of: usize,
}

impl ShardId {
    /// `None` where there is no such shard.
    pub const fn new(index: usize, of: usize) -> Option<Self> {
        if index < of {
            Some(Self { index, of })
        } else {
            None
        }
    }

    fn file(self, folder: &Path, extension: &str) -> PathBuf {
        let Self { index, of } = self;
        folder.join(FOLDER).join(format!("{index}-of-{of}.{extension}"))
    }

    /// The shard that has a file; `None` where it is somebody else's.
    fn of_file(path: &Path, extension: &str) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (index, of) = name
            .strip_suffix(extension)?
            .strip_suffix('.')?
            .split_once("-of-")?;
        Self::new(index.parse().ok()?, of.parse().ok()?)
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for ShardId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let remedy = "write I/N, as in 0/8, with I from 0 to N - 1";
        let (index, of) = text
            .split_once('/')
            .ok_or_else(|| format!("`{text}` is not a shard; {remedy}"))?;
        match (index.parse(), of.parse()) {
            (Ok(index), Ok(of)) => {
                Self::new(index, of).ok_or_else(|| format!("there is no shard {index} of {of}; {remedy}"))
            }
            (Ok(_) | Err(_), _) => Err(format!("`{text}` is not a shard; {remedy}")),
        }
    }
}

/// What was taken from the logs of shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Logs that were read.
    pub logs: usize,
    /// Results that the store did not have.
    pub results: u64,
    /// Records that are not whole: what a task was writing when it, its machine or its disk came to an end.
    pub cut: usize,
    /// Shards that a process is running.
    pub running: usize,
}

/// Whether the points of a sweep are with tasks.
pub fn are_out(folder: &Path) -> bool {
    List::path(folder).is_file()
}

/// Write the list of `points`, which `n_shards` tasks then run.
///
/// - Errors: what the file system refuses.
pub fn hand_out(folder: &Path, points: &[Planned], n_shards: usize) -> Result<(), SweepError> {
    let list = List {
        n_shards,
        points: points.iter().map(|point| point.identity).collect(),
    };
    list.write(folder)
}

/// Take a list back that no task has seen.
///
/// - Errors: what the file system refuses.
pub fn withdraw(folder: &Path) -> Result<(), SweepError> {
    remove(&List::path(folder))
}

/// Take over what the tasks have so far. They may go on; what is theirs is removed when the list has a result for
/// each of its points and no process runs a shard.
///
/// - Errors: no list, and what the file system refuses; the store is then as it was.
pub fn collect(folder: &Path, store: &mut Store) -> Result<Taken, SweepError> {
    let list = List::read(folder)?;
    let locks = take_locks(folder)?;
    let mut taken = merge(folder, store)?;
    taken.running = locks.iter().filter(|lock| lock.is_err()).count();
    let states = store.states()?;
    if taken.running == 0 && list.points.iter().all(|point| states.contains_key(point)) {
        clear(folder)?;
    }
    Ok(taken)
}

/// Take over what the tasks have, and the list, so that the points may run elsewhere. Nothing where none are out.
///
/// - Errors: a task that runs, and what the file system refuses; the store is then as it was.
pub fn take_back(folder: &Path, store: &mut Store) -> Result<Taken, SweepError> {
    if !folder.join(FOLDER).is_dir() {
        return Ok(Taken::default());
    }
    let _locks: Vec<Lock> = take_locks(folder)?.into_iter().collect::<Result<_, _>>()?;
    let taken = merge(folder, store)?;
    clear(folder)?;
    Ok(taken)
}

/// The lock of every shard that ever ran; an error for one that runs.
fn take_locks(folder: &Path) -> Result<Vec<Result<Lock, SweepError>>, SweepError> {
    let mut locks = Vec::new();
    for path in files(folder, "lock")? {
        match log::lock(&path) {
            Err(
                error @ SweepError::At {
                    fault: SweepFault::ShardLocked,
                    ..
                },
            ) => locks.push(Err(error)),
            lock => locks.push(Ok(lock?)),
        }
    }
    Ok(locks)
}

/// All of the logs in one transaction.
fn merge(folder: &Path, store: &mut Store) -> Result<Taken, SweepError> {
    let logs = files(folder, "log")?;
    let mut cut = 0;
    let lines = logs.iter().flat_map(|path| {
        let (lines, error) = match log::lines(path) {
            Ok(lines) => (Some(lines), None),
            Err(error) => (None, Some(Err(error))),
        };
        lines.into_iter().flatten().chain(error)
    });
    let records = lines.filter_map(|line| match line {
        Ok(Line::Record(identity, outcome)) => Some(Ok((identity, outcome))),
        Ok(Line::Cut) => {
            cut += 1;
            None
        }
        Err(error) => Some(Err(error)),
    });
    let results = store.merge(records)?;
    Ok(Taken {
        logs: logs.len(),
        results,
        cut,
        running: 0,
    })
}

/// Files of the shards' folder, sorted; none where there is no folder.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, SweepError> {
    let path = folder.join(FOLDER);
    let failed = |error| SweepError::of_io("look into the folder", &path, error);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if ShardId::of_file(&path, extension).is_some() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Remove the list, then the logs, then the locks, which the caller holds: whoever gets hold of a lock that is removed
/// here finds no list.
fn clear(folder: &Path) -> Result<(), SweepError> {
    withdraw(folder)?;
    for extension in ["log", "lock"] {
        for path in files(folder, extension)? {
            remove(&path)?;
        }
    }
    // Somebody's own files may lie there.
    let _ = fs::remove_dir(folder.join(FOLDER));
    Ok(())
}

fn remove(path: &Path) -> Result<(), SweepError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(SweepError::of_io("remove the file", path, error)),
    }
}

/// A record as [`Store::merge`] takes it.
pub(crate) type Record = (Identity, Outcome);

#[cfg(test)]
mod tests;
