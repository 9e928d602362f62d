//! Files that change places, all of them or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use reports::place;

/// Files with where they go, in order.
#[derive(Debug, Default)]
pub(super) struct Moves(Vec<(PathBuf, PathBuf)>);

/// Why files were not moved.
#[derive(Debug)]
pub(super) struct Unmoved {
    /// The file that stopped it.
    pub(super) path: PathBuf,
    pub(super) error: io::Error,
    /// Whether every file is where it was.
    pub(super) undone: bool,
}

impl Moves {
    pub(super) fn push(&mut self, from: PathBuf, to: PathBuf) {
        self.0.push((from, to));
    }

    /// So many of them, as of a process that ends then.
    #[cfg(test)]
    pub(super) fn first(&self, n_moves: usize) -> Self {
        Self(self.0[..n_moves].to_vec())
    }

    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Move them, and back again where one cannot be moved.
    pub(super) fn run(&self) -> Result<(), Unmoved> {
        for (index, (from, to)) in self.0.iter().enumerate() {
            if let Err(error) = rename(from, to) {
                let mut undone = true;
                for (from, to) in self.0[..index].iter().rev() {
                    // Each of them is tried, whatever becomes of the others.
                    undone &= rename(to, from).is_ok();
                }
                return Err(Unmoved {
                    path: to.clone(),
                    error,
                    undone,
                });
            }
        }
        Ok(())
    }
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(place::parent(to))?;
    fs::rename(from, to)
}
