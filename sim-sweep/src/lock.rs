//! One process at a time works on a sweep, and one on each shard.

use std::fs::{DirEntry, File, TryLockError};
use std::path::Path;

use crate::error::{SweepError, SweepFault};

/// The file that is locked; it stays, empty.
const FILE_NAME: &str = "sweep.lock";

/// Whether an entry of a folder is the lock of a sweep, and nothing that only has its name.
pub(crate) fn is_ours(entry: &DirEntry) -> bool {
    entry.file_name() == FILE_NAME
        && entry
            .metadata()
            .is_ok_and(|file| file.is_file() && file.len() == 0)
}

/// Held while a process works on a sweep. The system lets go of it when the process ends, however it does.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Take the lock of a folder.
    ///
    /// - Errors: another process has it, or the folder cannot be written to.
    pub fn take(folder: &Path) -> Result<Self, SweepError> {
        take_file(&folder.join(FILE_NAME))?.ok_or_else(|| SweepFault::Locked.at(folder))
    }
}

/// The lock on a file, which is made where it is not there; `None` while another process has it.
///
/// - Errors: the file cannot be written to, or its file system has no locks.
pub(crate) fn take_file(path: &Path) -> Result<Option<Lock>, SweepError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| SweepError::of_io("write the file", path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(SweepError::of_io("lock the file", path, error)),
    }
}
