//! Why a sweep cannot be planned, run or stored.

use std::io;
use std::path::{Path, PathBuf};

use reports::place::PlaceError;
use sim_run::error::RunError;
use sim_toml::error::ConfigError;

/// Why a sweep cannot be planned, run or stored. A point that fails is not such an error: it is stored.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A configuration file.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
    /// An input that cannot be read.
    #[error(transparent)]
    Input(#[from] RunError),
    /// A folder that cannot be written to.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// What is wrong with a file or folder.
    #[error("{}: {fault}", .path.display())]
    At {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        #[source]
        fault: SweepFault,
    },
    /// The list of points that are with tasks is not what this program writes.
    #[error("{}:{line}: is not a list of points of this version of sysmt; remove the file and split the points again with --resume", .path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// A stored row is not what this program writes.
    #[error("{}: point {position} cannot be read: {why}; run the sweep again with --resume", .path.display())]
    Row {
        /// The store.
        path: PathBuf,
        /// The point's number.
        position: u64,
        /// Why.
        why: String,
    },
    /// Asked to stop.
    #[error("stopped")]
    Stopped,
}

/// What is wrong with a file or folder of a sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepFault {
    /// Every combination is excluded.
    #[error("every point is excluded; remove an [[exclude]]")]
    NoPoint,
    /// The folder is something else.
    #[error(
        "is not a folder of a sweep (it holds no {}), so nothing is written to it; name another folder, or remove this one",
        crate::store::FILE_NAME
    )]
    NotSweep,
    /// The folder has points already.
    #[error(
        "holds a sweep with {n_results} stored points; add --resume to go on with it, or name another folder with --out"
    )]
    Exists {
        /// Stored points.
        n_results: u64,
    },
    /// There is nothing to go on with.
    #[error("holds no sweep; run the sweep first, or check the path")]
    Missing,
    /// Another process works on it.
    #[error("another process is running this sweep; wait for it, or stop it")]
    Locked,
    /// Its points are with tasks.
    #[error(
        "tasks hold the points of this sweep; --collect copies what they have so far, and --resume takes the points back once no task runs"
    )]
    Out,
    /// No points are with tasks.
    #[error("the points of this sweep are not split into shards; split them with --slurm or --shards")]
    NotShared,
    /// Shards of another number.
    #[error("the points are split into {n_shards} shards, not {asked}; ask for a shard of {n_shards}")]
    OtherShards {
        /// Shards of the list.
        n_shards: usize,
        /// Shards that were asked for.
        asked: usize,
    },
    /// The sweep file, or what it names, is not what it was when its points were shared.
    #[error(
        "{n_gone} points of this shard are no longer points of the file: the file, an input or sysmt has changed since they were split; split them again with --resume"
    )]
    Changed {
        /// Points that are gone.
        n_gone: usize,
    },
    /// Another process runs the shard.
    #[error(
        "a process is running this shard; wait for it, stop it, or remove the file where its machine is gone"
    )]
    ShardLocked,
    /// The store is from another version of the format.
    #[error(
        "the store has version {found}, and this program reads {}; use the version of sysmt that wrote it, or another folder",
        crate::store::VERSION
    )]
    Version {
        /// What it says.
        found: i64,
    },
    /// A file that only looks like a store.
    #[error("is not a store of a sweep; move it away, or name another folder")]
    Foreign,
    /// The disk is full.
    #[error("the disk is full; all points stored so far are kept: make room and add --resume")]
    Full,
    /// The store refuses.
    #[error("the store cannot be used: {error}; check the path, its permissions and free space")]
    Store {
        /// Why.
        #[source]
        error: rusqlite::Error,
    },
    /// The file system refuses.
    #[error("cannot {action}: {error}; check the path, its permissions and free space")]
    Io {
        /// What could not be done.
        action: &'static str,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl SweepFault {
    pub(crate) fn at(self, path: &Path) -> SweepError {
        SweepError::At {
            path: path.to_owned(),
            fault: self,
        }
    }
}

impl SweepError {
    pub(crate) fn of_io(action: &'static str, path: &Path, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            SweepFault::Full.at(path)
        } else {
            SweepFault::Io { action, error }.at(path)
        }
    }
}
