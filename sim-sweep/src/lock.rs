//! One process at a time works on a sweep.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::SweepError;

/// The file that is locked; it stays, empty.
pub(crate) const FILE_NAME: &str = "sweep.lock";

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
        let path = folder.join(FILE_NAME);
        let failed = |action, error| SweepError::Io {
            action,
            path: path.clone(),
            error,
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| failed("write the file", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(SweepError::Locked {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(failed("lock the file", error)),
        }
    }
}
