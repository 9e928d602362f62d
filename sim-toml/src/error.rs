//! A file that cannot be used: where, what, and what to do.

use std::ops::Range;
use std::path::Path;

use miette::{NamedSource, SourceSpan};

use crate::complaint::Complaint;

/// Something wrong with a configuration file.
///
/// Its display is `file:line: what`; the help holds the remedy. Further complaints about the same file are its
/// `related` diagnostics.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{place}: {why}")]
#[diagnostic(help("{remedy}"))]
pub struct ConfigError {
    place: String,
    why: String,
    remedy: String,
    #[source_code]
    text: Option<NamedSource<String>>,
    #[label("here")]
    at: Option<SourceSpan>,
    #[related]
    others: Vec<ConfigError>,
}

impl ConfigError {
    /// A complaint about a whole file.
    pub fn file(path: &Path, why: impl Into<String>, remedy: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            place: path.display().to_string(),
            why: why.into(),
            remedy: remedy.into(),
            text: None,
            at: None,
            others: Vec::new(),
        })
    }

    /// `Ok` without complaints about a file.
    ///
    /// - Errors: all of them, in the order of its text.
    pub fn check(path: &Path, text: &str, mut complaints: Vec<Complaint>) -> Result<(), Box<Self>> {
        complaints.sort_by_key(|complaint| complaint.at.start);
        let mut errors = complaints
            .into_iter()
            .map(|complaint| Self::at(path, text, complaint));
        let Some(mut first) = errors.next() else {
            return Ok(());
        };
        first.others = errors.collect();
        Err(Box::new(first))
    }

    /// One complaint about a file.
    pub fn of(path: &Path, text: &str, complaint: Complaint) -> Box<Self> {
        Box::new(Self::at(path, text, complaint))
    }

    fn at(path: &Path, text: &str, complaint: Complaint) -> Self {
        let remedy = complaint.advice();
        let at = shortened(text, complaint.at);
        Self {
            place: format!("{}:{}", path.display(), line(text, at.start)),
            why: complaint.why,
            remedy,
            text: Some(NamedSource::new(path.display().to_string(), text.to_owned())),
            at: Some(at.into()),
            others: Vec::new(),
        }
    }

    /// The file, with the line where it is known.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong, without the place.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// Further complaints about the same file.
    pub fn others(&self) -> &[Self] {
        &self.others
    }
}

/// The line of a byte of a text, from 1.
pub fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

/// The part of a span on its first line: a label over a whole table says nothing.
fn shortened(text: &str, at: Range<usize>) -> Range<usize> {
    let start = at.start.min(text.len());
    let end = at.end.clamp(start, text.len());
    let n_bytes = text
        .get(start..end)
        .and_then(|part| part.find('\n'))
        .unwrap_or(end - start);
    start..start + n_bytes
}
