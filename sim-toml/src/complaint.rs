//! What is wrong with a file, as it is found.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use crate::error::ConfigError;
use crate::nearest::did_you_mean;

/// Something wrong at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Bytes of the file's text.
    pub at: Range<usize>,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// A name that is not known, and those that are: the nearest are offered.
    pub unknown: Option<(String, Vec<String>)>,
}

impl Complaint {
    /// About no unknown name.
    pub fn new(at: Range<usize>, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            at,
            why: why.into(),
            remedy: remedy.into(),
            unknown: None,
        }
    }

    /// What to do, and before that the names that may have been meant.
    pub fn advice(&self) -> String {
        let guess = self
            .unknown
            .as_ref()
            .and_then(|(name, known)| did_you_mean(name, known.iter().map(String::as_str)));
        match guess {
            Some(guess) => format!("{guess} {}", self.remedy),
            None => self.remedy.clone(),
        }
    }

    /// About a name that is none of those that are known.
    #[must_use]
    pub fn about(self, name: &str, known: &[&str]) -> Self {
        let known = known.iter().map(|&name| name.to_owned()).collect();
        Self {
            unknown: Some((name.to_owned(), known)),
            ..self
        }
    }
}

/// Complaints of all tables of a file.
#[derive(Debug, Default)]
pub struct Complaints(RefCell<Vec<Complaint>>);

impl Complaints {
    /// One more.
    pub fn add(&self, at: Range<usize>, why: impl Into<String>, remedy: impl Into<String>) {
        self.push(Complaint::new(at, why, remedy));
    }

    /// One more.
    pub fn push(&self, complaint: Complaint) {
        self.0.borrow_mut().push(complaint);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// All of them, as they were found.
    pub fn into_vec(self) -> Vec<Complaint> {
        self.0.into_inner()
    }

    /// `Ok` where there are none.
    ///
    /// - Errors: all of them, in the order of `text`.
    pub fn check(self, path: &Path, text: &str) -> Result<(), Box<ConfigError>> {
        ConfigError::check(path, text, self.into_vec())
    }
}
