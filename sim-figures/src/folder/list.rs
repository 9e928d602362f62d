//! The list of what this program wrote in a folder: whatever is not on it is somebody's own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use reports::whole;

/// In the folder.
pub(super) const FILE_NAME: &str = ".sysmt-files";

/// The first line; its number is the version of the format.
const HEAD: &str = "sysmt files 1";

/// Files by name, as in `plots/speedup.svg`, each with the BLAKE3 of what was written.
///
/// While a file takes the place of an older one both are on the list, so that one of them is known whenever the process
/// ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct List(BTreeSet<(String, String)>);

impl List {
    /// The list of a folder; `None` where it has none.
    ///
    /// - Errors: a file that cannot be read, or is not such a list.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(folder.join(FILE_NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(io::Error::other("it is not a list of this version of sysmt"));
        }
        let line = |line: &str| {
            let (hash, name) = line.split_once("  ")?;
            Some((name.to_owned(), hash.to_owned()))
        };
        Ok(Some(Self(lines.filter_map(line).collect())))
    }

    /// Replace the list of a folder, whole or not at all.
    ///
    /// - Errors: what the file system refuses.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        whole::write(&folder.join(FILE_NAME), |new| fs::write(new, self.text()))
    }

    /// As the file has it.
    pub(super) fn text(&self) -> String {
        let lines = self.0.iter().map(|(name, hash)| format!("{hash}  {name}\n"));
        format!("{HEAD}\n{}", lines.collect::<String>())
    }

    /// Add a file with what it holds.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) {
        self.insert(name, blake3::hash(bytes));
    }

    /// Add a file that is there.
    ///
    /// - Errors: it cannot be read.
    pub(super) fn add_file(&mut self, folder: &Path, name: &str) -> io::Result<()> {
        self.insert(name, hash(&folder.join(name))?);
        Ok(())
    }

    fn insert(&mut self, name: &str, hash: blake3::Hash) {
        self.0.insert((name.to_owned(), hash.to_hex().to_string()));
    }

    /// The names of all files, each once.
    pub(super) fn files(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.iter().map(|(name, _)| name).collect();
        names.into_iter().cloned().collect()
    }

    /// Whether a file of this name was written.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|(listed, _)| listed == name)
    }

    /// Whether the file of this name is as it was written.
    ///
    /// - Errors: it cannot be read.
    pub(super) fn is_as_written(&self, folder: &Path, name: &str) -> io::Result<bool> {
        if !self.names(name) {
            return Ok(false);
        }
        let hash = hash(&folder.join(name))?.to_hex().to_string();
        Ok(self.0.contains(&(name.to_owned(), hash)))
    }

    /// This list and another.
    pub(super) fn with(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// This list without the files that `other` names.
    pub(super) fn without(&self, other: &Self) -> Self {
        let entries = self.0.iter().filter(|(name, _)| !other.names(name));
        Self(entries.cloned().collect())
    }
}

fn hash(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize())
}
