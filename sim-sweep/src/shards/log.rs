//! The results of one shard: a file that one process appends to and anybody may read at any time.
//!
//! Each line is a record behind a checksum of it. A line that does not fit its checksum was cut off; it counts as never
//! written, whatever follows it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::list::List;
use super::{Record, ShardId};
use crate::error::{SweepError, SweepFault};
use crate::identity::Identity;
use crate::lock::{self, Lock};
use crate::plan::Plan;
use crate::run::Results;
use crate::store::{Outcome, State};

/// Hexadecimal digits of a line's checksum.
const DIGITS: usize = 16;

/// A shard that this process runs.
#[derive(Debug)]
pub struct Shard {
    path: PathBuf,
    file: File,
    points: HashSet<Identity>,
    states: HashMap<Identity, State>,
    _lock: Lock,
}

impl Shard {
    /// Lock a shard of the sweep in `folder` and go on with its log, or begin it.
    ///
    /// - Errors: no list, or one for other shards or of points that the plan does not have; another process that runs
    ///   the shard; what the file system refuses.
    pub fn open(folder: &Path, id: ShardId, plan: &Plan<'_>) -> Result<Self, SweepError> {
        // Before anything is made.
        List::read(folder)?.share(folder, id)?;
        let lock = lock(&id.file(folder, "lock"))?;
        // Again, since the list may have been taken back before the lock was there.
        let points = List::read(folder)?.share(folder, id)?;
        let planned: HashSet<Identity> = plan.points().iter().map(|point| point.identity).collect();
        let n_gone = points.difference(&planned).count();
        if n_gone != 0 {
            return Err(SweepFault::Changed { n_gone }.at(plan.spec().file()));
        }
        let path = id.file(folder, "log");
        let file = open(&path).map_err(|error| SweepError::of_io("write the file", &path, error))?;
        let mut states = HashMap::new();
        for line in lines(&path)? {
            match line? {
                Line::Record(identity, outcome) => {
                    states.insert(identity, outcome.state);
                }
                Line::Cut => {}
            }
        }
        Ok(Self {
            path,
            file,
            points,
            states,
            _lock: lock,
        })
    }

    /// What the shard has to run, with or without results so far.
    pub const fn points(&self) -> &HashSet<Identity> {
        &self.points
    }

    /// See to it that everything is on the disk, wherever it is.
    ///
    /// - Errors: what the file system refuses, a full disk for one, which network file systems may only tell now.
    pub fn finish(self) -> Result<(), SweepError> {
        let written = self.file.sync_all();
        written.map_err(|error| SweepError::of_io("write the file", &self.path, error))
    }
}

impl Results for Shard {
    fn states(&self) -> Result<HashMap<Identity, State>, SweepError> {
        Ok(self.states.clone())
    }

    fn put(&mut self, outcomes: &[Record]) -> Result<(), SweepError> {
        let text: String = outcomes.iter().map(line).collect();
        // At once: a process that dies has written all of it or a part that its readers leave out.
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| SweepError::of_io("write the file", &self.path, error))?;
        for (identity, outcome) in outcomes {
            self.states.insert(*identity, outcome.state);
        }
        Ok(())
    }
}

/// - Errors: [`SweepFault::ShardLocked`] where another process has it.
pub(super) fn lock(path: &Path) -> Result<Lock, SweepError> {
    lock::take_file(path)?.ok_or_else(|| SweepFault::ShardLocked.at(path))
}

/// Open a log to append to it, on a line of its own.
fn open(path: &Path) -> std::io::Result<File> {
    let mut file = File::options().create(true).append(true).read(true).open(path)?;
    if file.metadata()?.len() != 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

/// A line of a log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Record(Identity, Outcome),
    /// Not whole.
    Cut,
}

fn line((identity, Outcome { state, body }): &Record) -> String {
    let record = serde_json::json!([identity.to_string(), state.number(), body]).to_string();
    format!("{} {record}\n", checksum(&record))
}

fn checksum(record: &str) -> String {
    blake3::hash(record.as_bytes()).to_hex()[..DIGITS].to_owned()
}

fn parse(line: &[u8]) -> Option<Record> {
    let line = std::str::from_utf8(line).ok()?;
    let (sum, record) = line.split_once(' ')?;
    if sum != checksum(record) {
        return None;
    }
    let record: Value = serde_json::from_str(record).ok()?;
    let outcome = Outcome {
        state: State::from_number(record[1].as_i64()?),
        body: record[2].as_str()?.to_owned(),
    };
    Some((Identity::from_hex(record[0].as_str()?)?, outcome))
}

/// The lines of a log as far as it is written; none where there is no log.
///
/// - Errors: what the file system refuses.
pub(super) fn lines(path: &Path) -> Result<impl Iterator<Item = Result<Line, SweepError>>, SweepError> {
    let failed = |error| SweepError::of_io("read the file", path, error);
    let file = fs::File::open(path).map_err(failed)?;
    let lines = BufReader::new(file)
        .split(b'\n')
        .filter_map(move |line| match line {
            Ok(line) if line.is_empty() => None,
            Ok(line) => {
                Some(Ok(parse(&line).map_or(Line::Cut, |(identity, outcome)| {
                    Line::Record(identity, outcome)
                })))
            }
            Err(error) => Some(Err(failed(error))),
        });
    Ok(lines)
}
