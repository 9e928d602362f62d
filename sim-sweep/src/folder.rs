//! The folder of a sweep: made, gone on with, or looked at.

use std::fs;
use std::io;
use std::path::Path;

use reports::place;

use crate::error::{SweepError, SweepFault};
use crate::lock::{self, Lock};
use crate::shards;
use crate::store::{FILE_NAME, Store};

/// How a sweep begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// There are no results yet.
    New,
    /// With the results that there are, if any: a run may have been killed before it had one, or a folder.
    Resume,
    /// With a sweep that has to be there.
    Existing,
}

/// Lock a folder and open its store; make both where they are not there, but for a sweep that has to be.
///
/// - Errors: a folder that holds something else, results where there should be none or points that are with tasks, no
///   sweep where there should be one, another process, and what the file system refuses.
pub fn open(folder: &Path, begin: Begin) -> Result<(Lock, Store), SweepError> {
    check(folder)?;
    let store = folder.join(FILE_NAME);
    match begin {
        Begin::New | Begin::Resume => {}
        // Nothing is made where there is none.
        Begin::Existing => drop(Store::open(&store)?),
    }
    let action = "make the folder";
    fs::create_dir_all(folder).map_err(|error| SweepFault::Io { action, error }.at(folder))?;
    let lock = Lock::take(folder)?;
    let store = Store::create(&store)?;
    if begin == Begin::New && shards::are_out(folder) {
        return Err(SweepFault::Out.at(folder));
    }
    match (begin, store.n_results()?) {
        (Begin::New, 0) | (Begin::Resume | Begin::Existing, _) => Ok((lock, store)),
        (Begin::New, n_results) => Err(SweepFault::Exists { n_results }.at(folder)),
    }
}

/// The store of a folder, if it has one with a plan; nothing is made or locked.
///
/// - Errors: a store that cannot be read.
pub fn look(folder: &Path) -> Result<Option<Store>, SweepError> {
    match Store::open(&folder.join(FILE_NAME)) {
        Err(SweepError::At {
            fault: SweepFault::Missing,
            ..
        }) => Ok(None),
        store => store.map(Some),
    }
}

/// Whether a folder may become that of a sweep: absent or empty so far, or one already. Worth asking before a plan is made.
///
/// - Errors: the folder is something else, or cannot be written to.
pub fn check(folder: &Path) -> Result<(), SweepError> {
    place::folder(folder)?;
    let not_sweep = || SweepFault::NotSweep.at(folder);
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(not_sweep()),
        Err(error) => return Err(SweepError::of_io("look into the folder", folder, error)),
    };
    if folder.join(FILE_NAME).is_file() {
        return Ok(());
    }
    // A sweep that ended before its store was there leaves its lock. Logs of SQLite come after the store, so without one
    // they belong to a store that was moved away, and SQLite would delete them.
    if entries.all(|entry| entry.is_ok_and(|entry| lock::is_ours(&entry))) {
        Ok(())
    } else {
        Err(not_sweep())
    }
}

#[cfg(test)]
mod tests;
