//! `sysmt export`.

use std::convert::Infallible;
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::path::Path;

use reports::export::{self, ExportError, Format, Origin, Selection, Table};
use reports::frame::Frame;
use reports::{stored, whole};

use crate::args::ExportArgs;
use crate::failure::Failure;
use crate::output;

/// Write the rows of a folder for other programs.
pub(crate) fn execute(args: &ExportArgs) -> Result<(), Failure> {
    match &args.out {
        Some(path) => output::check_target(path)?,
        None => check_stdout(args.format)?,
    }
    let stored = stored::read(&args.folder).map_err(|error| Failure::user(&error))?;
    let table = args.table.unwrap_or_else(|| Table::usual(stored.kind));
    let origin = Origin::from(&stored);
    let frame = table.of(&stored);
    let selection = if args.columns.is_empty() {
        export::usual_columns(args.format, frame.columns(), &origin)
    } else {
        let named = Selection::named(frame.columns(), &args.columns);
        named.map_err(|error| {
            let folder = args.folder.display();
            Failure::User(format!("{folder}, table {}: {error}", table.name()))
        })?
    };
    match &args.out {
        Some(path) => whole::write(path, |new| {
            let file = std::fs::File::create(new)?;
            write(args.format, &selection, &origin, frame, file)
        })
        .map_err(|error| file_failure(path, error)),
        None => match write(args.format, &selection, &origin, frame, std::io::stdout()) {
            // A reader that has gone away, as `head` does.
            Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            Err(ExportError::Write(error)) => Err(Failure::User(format!(
                "the rows cannot be printed: {error}; check where stdout goes"
            ))),
            Err(error) => Err(failure(error)),
            Ok(()) => Ok(()),
        },
    }
}

/// Bytes are nothing for a terminal.
fn check_stdout(format: Format) -> Result<(), Failure> {
    match format {
        Format::Parquet if std::io::stdout().is_terminal() => Err(Failure::User(
            "Parquet is not for a terminal; name a file with --out".to_owned(),
        )),
        Format::Parquet | Format::Csv | Format::JsonLines | Format::Tex => Ok(()),
    }
}

fn write(
    format: Format,
    selection: &Selection,
    origin: &Origin<'_>,
    frame: &Frame,
    out: impl Write + Send,
) -> Result<(), ExportError<Infallible>> {
    let rows = frame.rows().iter().cloned().map(Ok);
    export::write(format, selection, origin, rows, out)
}

fn file_failure(path: &Path, error: ExportError<Infallible>) -> Failure {
    match error {
        ExportError::Write(error) => Failure::User(format!(
            "{}: cannot be written: {error}; check the path, its permissions and free space",
            path.display()
        )),
        error @ (ExportError::Rows(_)
        | ExportError::Row { .. }
        | ExportError::TooLong
        | ExportError::Parquet(_)) => failure(error),
    }
}

/// What is not about the target.
fn failure(error: ExportError<Infallible>) -> Failure {
    match error {
        error @ ExportError::TooLong => Failure::user(&error),
        error @ (ExportError::Rows(_)
        | ExportError::Row { .. }
        | ExportError::Write(_)
        | ExportError::Parquet(_)) => Failure::Ours(error.to_string()),
    }
}
