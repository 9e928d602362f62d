//! Lists of class names, in the order of a network's outputs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names of classes, none of them twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassList {
    path: PathBuf,
    /// The class of each name.
    classes: HashMap<String, usize>,
}

/// A file that is not a list of class names.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct ClassListError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub fault: ClassListFault,
}

/// What is wrong with a list of class names.
#[derive(Debug, thiserror::Error)]
pub enum ClassListFault {
    /// The file system said no, or it is not UTF-8.
    #[error("cannot be read: {0}; give a text file with one class name in each line")]
    Io(#[source] std::io::Error),
    /// No name.
    #[error("holds no class name; write one in each line, in the order of the network's outputs")]
    Empty,
    /// A line without a name.
    #[error("line {line} is empty; write one class name in each line")]
    Blank {
        /// From 1.
        line: usize,
    },
    /// A name that stands twice.
    #[error("`{name}` stands in line {first} and in line {line}; each class has a name of its own")]
    Twice {
        /// The name.
        name: String,
        /// From 1.
        first: usize,
        /// From 1.
        line: usize,
    },
}

impl ClassList {
    /// Read the file at `path`: one name in each line.
    ///
    /// - Errors: a file that cannot be read, an empty line, a name that stands twice.
    pub fn read(path: &Path) -> Result<Self, ClassListError> {
        let failed = |fault| ClassListError {
            path: path.to_owned(),
            fault,
        };
        let unreadable = |error| failed(ClassListFault::Io(error));
        // Reading a pipe may never end.
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(std::io::Error::other("it is not a regular file")));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let classes = parse(&text).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            classes,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Never: a list without names cannot be read.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The class of that name.
    pub fn class(&self, name: &str) -> Option<usize> {
        self.classes.get(name).copied()
    }
}

fn parse(text: &str) -> Result<HashMap<String, usize>, ClassListFault> {
    let mut classes = HashMap::new();
    for (class, line) in text.trim_end().lines().enumerate() {
        let name = line.trim();
        if name.is_empty() {
            return Err(ClassListFault::Blank { line: class + 1 });
        }
        if let Some(first) = classes.insert(name.to_owned(), class) {
            return Err(ClassListFault::Twice {
                name: name.to_owned(),
                first: first + 1,
                line: class + 1,
            });
        }
    }
    if classes.is_empty() {
        return Err(ClassListFault::Empty);
    }
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_lines() {
        let classes = parse("tench\r\n great white shark \n7\n\n").expect("is a list");
        assert_eq!(
            (classes["tench"], classes["great white shark"], classes["7"]),
            (0, 1, 2)
        );
        for (text, want) in [
            ("", "holds no class name"),
            ("\n \n", "holds no class name"),
            ("a\n\nb\n", "line 2 is empty"),
            ("a\nb\na\n", "`a` stands in line 1 and in line 3"),
        ] {
            let error = parse(text).expect_err(want).to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
