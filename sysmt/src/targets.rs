//! Where a command writes: looked at before its work, so that no work is lost, and nothing of the user's is.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use reports::accuracy::tables;
use reports::export;
use reports::frame::Column;
use reports::place::{self, Replace};
use sim_figures::folder::{self, Results};
use sim_figures::page;
use sim_run::product::Product;

use crate::failure::Failure;

/// A kind of file that a command writes.
pub(crate) enum Output<'a> {
    /// Of `capture`.
    Trace,
    /// Of `gemm`.
    Product,
    /// Of `eval --predictions`.
    Predictions,
    /// Of `eval --save-model`.
    Model,
    /// Of `train zap`.
    Predictors,
    /// Of `wave`.
    Waveform,
    /// Of `export`: some of these columns.
    Rows(&'a [Column]),
    /// Of `report`.
    Page,
}

impl Output<'_> {
    /// Whether an older file may be one that the command wrote.
    fn is_at(&self, path: &Path) -> io::Result<bool> {
        match self {
            Self::Trace => Ok(sim_trace::is_captured(path)),
            Self::Product => Product::is_written_at(path),
            Self::Predictions => tables::is_predictions(path),
            // It is a copy of the user's, whose bytes do not say who wrote them.
            Self::Model => Ok(false),
            Self::Predictors => Ok(sim_predict::file::is_written_at(path)),
            Self::Waveform => sim_wave::is_waveform(path),
            Self::Rows(columns) => export::is_export(path, columns),
            Self::Page => page::is_page(path),
        }
    }

    /// The option that names it.
    const fn option(&self) -> &'static str {
        match self {
            Self::Predictions => "--predictions",
            Self::Model => "--save-model",
            Self::Trace | Self::Product | Self::Predictors | Self::Waveform | Self::Rows(_) | Self::Page => {
                "--out"
            }
        }
    }

    /// What an older file is not.
    const fn name(&self) -> &'static str {
        match self {
            Self::Trace => "a trace that `sysmt capture` wrote",
            Self::Product => "a product that `sysmt gemm` wrote",
            Self::Predictions => "a table that `sysmt eval` wrote",
            Self::Model => "known to be a copy that `sysmt eval` wrote",
            Self::Predictors => "a file of predictors that `sysmt train zap` wrote",
            Self::Waveform => "a waveform that `sysmt wave` wrote",
            Self::Rows(_) => "an export of these results",
            Self::Page => "a page that `sysmt report` wrote",
        }
    }
}

/// The places that a command writes to.
pub(crate) struct Targets {
    inputs: Vec<PathBuf>,
    replace: Replace,
    folder: Option<PathBuf>,
    files: Vec<PathBuf>,
}

impl Targets {
    /// Of a command that reads `inputs`, which it never writes to.
    pub(crate) const fn new(inputs: Vec<PathBuf>, replace: Replace) -> Self {
        Self {
            inputs,
            replace,
            folder: None,
            files: Vec::new(),
        }
    }

    /// A results folder; asked for before files.
    ///
    /// - Errors: a folder that cannot become one.
    pub(crate) fn folder(&mut self, path: &Path, results: Results) -> Result<(), Failure> {
        folder::check(path, results, self.replace)?;
        self.folder = Some(path.to_owned());
        Ok(())
    }

    /// Where a file is written that is asked for as `path`: there, or where that links to.
    ///
    /// - Errors: a place that cannot be written to, an input, another target, and a file that somebody else wrote.
    pub(crate) fn file(&mut self, path: &Path, output: &Output<'_>) -> Result<PathBuf, Failure> {
        let refused = |why: &str| Err(Failure::User(format!("{}: {why}", path.display())));
        let is_in = |folder: &&PathBuf| path.ancestors().skip(1).any(|above| is_same(above, folder));
        if let Some(folder) = self.folder.iter().find(is_in) {
            let folder = folder.display();
            return refused(&format!(
                "lies in {folder}, where this command puts all its results; choose another path"
            ));
        }
        let place = place::file(path).map_err(|error| Failure::user(&error))?;
        if self.inputs.iter().any(|input| is_or_has(input, &place)) {
            return refused("this command reads it, so it is not written to; choose another path");
        }
        if self.files.iter().any(|file| is_same(file, &place)) {
            return refused("this command would write two files there; choose another path for one of them");
        }
        self.files.push(place.clone());
        let Ok(found) = fs::metadata(&place) else {
            return Ok(place);
        };
        // An empty file, as `mktemp` makes them, holds nothing that could be lost.
        let may_go = self.replace == Replace::Any || found.len() == 0;
        let is_ours = || output.is_at(&place).map_err(|error| unreadable(path, &error));
        if !may_go && !is_ours()? {
            return refused(&format!(
                "is there and is not {}, so it is not replaced; name another path with {}, or add --force",
                output.name(),
                output.option()
            ));
        }
        Ok(place)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::User(format!(
        "{}: is there and cannot be read: {error}, so it is not replaced; name another path, or add --force",
        path.display()
    ))
}

/// Whether a file is an input, or is there in a folder that is.
fn is_or_has(input: &Path, file: &Path) -> bool {
    if is_same(input, file) {
        return true;
    }
    let real = |path: &Path| fs::canonicalize(path).ok();
    input.is_dir()
        && real(file)
            .zip(real(input))
            .is_some_and(|(file, input)| file.starts_with(input))
}

/// Whether two paths name one file, through links too.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(found), Ok(known)) => is_same_file(&found, &known) || is_same_path(one, other),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => is_same_path(one, other),
    }
}

/// The same path once links and dots are taken out, as far as files are there.
fn is_same_path(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let whole = || {
            Some(
                fs::canonicalize(place::parent(path))
                    .ok()?
                    .join(path.file_name()?),
            )
        };
        fs::canonicalize(path).ok().or_else(whole)
    };
    real(one)
        .zip(real(other))
        .is_some_and(|(one, other)| one == other)
}

/// Hard links are one file by two names.
#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
const fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}
