//! What is wrong with a configuration file: where, what, and what to do.

use std::ops::Range;
use std::path::Path;

use miette::{NamedSource, SourceSpan};

use crate::nearest::did_you_mean;

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
    pub(crate) fn file(path: &Path, why: impl Into<String>, remedy: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            place: path.display().to_string(),
            why: why.into(),
            remedy: remedy.into(),
            text: None,
            at: None,
            others: Vec::new(),
        })
    }

    /// What another reader than this crate's finds wrong with a file, in the order of its text.
    ///
    /// # Panics
    /// Without complaints.
    pub fn of_complaints(
        path: &Path,
        text: &str,
        complaints: impl IntoIterator<Item = Complaint>,
    ) -> Box<Self> {
        let problems = complaints.into_iter().map(|complaint| {
            let guess = complaint
                .unknown
                .and_then(|(name, known)| did_you_mean(&name, known.iter().map(String::as_str)));
            Problem {
                at: complaint.at,
                why: complaint.why,
                remedy: match guess {
                    Some(guess) => format!("{guess} {}", complaint.remedy),
                    None => complaint.remedy,
                },
            }
        });
        into_result(path, text, problems.collect()).expect_err("there are complaints")
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

/// A complaint of another reader about a span of a file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// A name that is not known, and those that are: the nearest are offered.
    pub unknown: Option<(String, Vec<String>)>,
}

/// A complaint about a span of a file's text.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) at: Range<usize>,
    pub(crate) why: String,
    pub(crate) remedy: String,
}

/// The complaints as one error, in the order of the text; `Ok` where there are none.
pub(crate) fn into_result(
    path: &Path,
    text: &str,
    mut problems: Vec<Problem>,
) -> Result<(), Box<ConfigError>> {
    problems.sort_by_key(|problem| problem.at.start);
    let mut errors = problems.into_iter().map(|problem| {
        let at = shortened(text, problem.at);
        let line = line(text, at.start);
        ConfigError {
            place: format!("{}:{line}", path.display()),
            why: problem.why,
            remedy: problem.remedy,
            text: Some(NamedSource::new(path.display().to_string(), text.to_owned())),
            at: Some(at.into()),
            others: Vec::new(),
        }
    });
    let Some(mut first) = errors.next() else {
        return Ok(());
    };
    first.others = errors.collect();
    Err(Box::new(first))
}

/// The line of a byte of a text, from 1.
pub(crate) fn line(text: &str, at: usize) -> usize {
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
