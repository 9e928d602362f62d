//! The points that are with tasks: a file that is written once and then only read.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reports::whole;

use super::{FOLDER, ShardId};
use crate::error::{SweepError, SweepFault};
use crate::identity::Identity;

/// The first line of the file.
const HEAD: &str = "points shared by sysmt, version 1, shards:";

/// Points by identity, in the order of the plan, each once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List {
    /// At least 1.
    pub(super) n_shards: usize,
    pub(super) points: Vec<Identity>,
}

impl List {
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join(FOLDER).join("points.txt")
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), SweepError> {
        let path = Self::path(folder);
        let failed = |error| SweepError::of_io("write the file", &path, error);
        let mut text = format!("{HEAD} {}\n", self.n_shards);
        for point in &self.points {
            text.push_str(&format!("{point}\n"));
        }
        fs::create_dir_all(folder.join(FOLDER)).map_err(failed)?;
        whole::write(&path, |new| fs::write(new, &text)).map_err(failed)
    }

    pub(super) fn read(folder: &Path) -> Result<Self, SweepError> {
        let path = Self::path(folder);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(SweepFault::NotShared.at(folder));
            }
            Err(error) => return Err(SweepError::of_io("read the file", &path, error)),
        };
        Self::parse(&text).map_err(|line| SweepError::List { path, line })
    }

    /// - Errors: the number of the line that is wrong.
    fn parse(text: &str) -> Result<Self, usize> {
        let mut lines = text.lines().zip(1_usize..);
        let n_shards = lines
            .next()
            .and_then(|(line, _)| line.strip_prefix(HEAD)?.trim().parse().ok())
            .filter(|n_shards| *n_shards != 0)
            .ok_or(1_usize)?;
        let points = lines.map(|(line, number)| Identity::from_hex(line).ok_or(number));
        Ok(Self {
            n_shards,
            points: points.collect::<Result<_, _>>()?,
        })
    }

    /// The points of a shard.
    ///
    /// - Errors: the list is for another number of shards.
    pub(super) fn share(
        &self,
        folder: &Path,
        ShardId { index, of }: ShardId,
    ) -> Result<HashSet<Identity>, SweepError> {
        if of != self.n_shards {
            let (n_shards, asked) = (self.n_shards, of);
            return Err(SweepFault::OtherShards { n_shards, asked }.at(&Self::path(folder)));
        }
        Ok(self.points.iter().copied().skip(index).step_by(of).collect())
    }
}
