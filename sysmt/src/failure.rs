//! How a command ends when it is not done: whose fault it is, and what the user reads.

use std::io::Write as _;
use std::process::ExitCode;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use sim_figures::folder::FolderError;
use sim_run::error::{ErrorKind, RunError};
use sim_sweep::error::SweepError;
use sim_toml::error::ConfigError;

/// Why a command is not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file, key or shape is wrong. The message names the file and the remedy.
    User(String),
    /// The same, found by what was asked to run.
    Mistake(RunError),
    /// A fault of this program.
    Ours(String),
    /// `check` found a difference, which it has printed.
    Differs,
    /// Ctrl-C.
    Stopped,
    /// Ctrl-C, after results so far were printed.
    Part,
    /// Ctrl-C in training; so many epochs are done, of so many.
    Epochs(usize, usize),
    /// Ctrl-C in a sweep; so many points are stored, and so many left.
    SweepStopped(usize, usize),
    /// Ctrl-C in a shard; so many of its points are left.
    ShardStopped(usize),
    /// So many points of a sweep have no results yet.
    SweepPart(usize),
    /// Points of a sweep failed; the others are stored. So many by the user's mistake, and so many by faults.
    Points(usize, usize),
}

impl Failure {
    /// The user's fault, from an error of a library that names file and remedy.
    pub(crate) fn user(error: &dyn std::fmt::Display) -> Self {
        Self::User(error.to_string())
    }

    /// Print what there is to say and give the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let (text, code) = match self {
            Self::User(message) => (format!("error: {message}\n"), 2),
            Self::Mistake(error) => (told(error), 2),
            Self::Ours(message) => (format!("fault of sysmt: {message}; please report it\n"), 1),
            Self::Differs => (String::new(), 1),
            Self::Part => (
                "stopped: the results are those of a part of the images\n".to_owned(),
                130,
            ),
            Self::Epochs(done, asked) => (
                format!("stopped: the file holds what {done} of {asked} epochs have made\n"),
                130,
            ),
            Self::SweepStopped(stored, left) => (
                format!("stopped: {stored} points are stored, {left} remain; add --resume to go on\n"),
                130,
            ),
            Self::ShardStopped(left) => (
                format!("stopped: {left} points of the shard remain; run it again to go on\n"),
                130,
            ),
            Self::SweepPart(missing) => (
                format!(
                    "{missing} points have no results yet; once no task runs, --resume runs them here, and --slurm --resume in Slurm\n"
                ),
                130,
            ),
            Self::Points(failed, 0) => (
                format!(
                    "error: {failed} points failed; the others are stored, and --resume runs these again\n"
                ),
                2,
            ),
            Self::Points(failed, faults) => (
                format!(
                    "fault of sysmt: {faults} points ended in a fault, please report it; {failed} others failed; the rest is stored\n"
                ),
                1,
            ),
            Self::Stopped => ("stopped: nothing was written\n".to_owned(), 130),
        };
        // Where stderr is closed there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        ExitCode::from(code)
    }
}

impl From<Box<ConfigError>> for Failure {
    fn from(error: Box<ConfigError>) -> Self {
        RunError::from(error).into()
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        match error {
            error @ (FolderError::NotResults { .. }
            | FolderError::Place(_)
            | FolderError::Taken { .. }
            | FolderError::TakenSince { .. }
            | FolderError::Io { .. }) => Self::user(&error),
            FolderError::Figure(error) => Self::Ours(error.to_string()),
        }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Config(error) => error.into(),
            SweepError::Input(error) => error.into(),
            SweepError::Stopped => Self::Stopped,
            error @ (SweepError::Place(_)
            | SweepError::At { .. }
            | SweepError::List { .. }
            | SweepError::Row { .. }) => Self::user(&error),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error.kind() {
            ErrorKind::User => Self::Mistake(error),
            ErrorKind::Ours => Self::Ours(error.to_string()),
            ErrorKind::Stopped => Self::Stopped,
        }
    }
}

/// A mistake of the user's; with the lines that it is about, where they are known.
fn told(error: &RunError) -> String {
    let config = error
        .cause()
        .and_then(|cause| cause.downcast_ref::<ConfigError>());
    config.map_or_else(|| format!("error: {error}\n"), |error| render(error))
}

/// The message with the lines it is about; the same on every terminal, so that it can be searched for.
fn render(error: &dyn Diagnostic) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(110)
        .with_wrap_lines(false)
        .with_links(false);
    if handler.render_report(&mut text, error).is_err() {
        return format!("error: {error}\n");
    }
    // A bare word before all complaints but the first.
    text.replace("Error: \n", "")
}
