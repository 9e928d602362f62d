//! `sysmt export`.

use std::convert::Infallible;
use std::io::{ErrorKind, IsTerminal as _};
use std::path::Path;

use reports::export::{self, ExportError, Format, Origin, Selection, Table};
use reports::frame::{Column, Value};
use reports::stored::StoredKind;
use reports::warning::Warning;
use reports::{stored, whole};
use sim_sweep::stored::{Reader, is_sweep};

use crate::args::ExportArgs;
use crate::failure::Failure;
use crate::targets::{Output, Targets};
use crate::{folders, output};

/// Write the rows of a folder for other programs.
pub(crate) fn execute(args: &ExportArgs) -> Result<(), Failure> {
    if args.out.is_none() {
        check_stdout(args.format)?;
    }
    if is_sweep(&args.folder) {
        return of_sweep(args);
    }
    let stored = stored::read(&args.folder).map_err(|error| Failure::user(&error))?;
    let table = args.table.unwrap_or_else(|| Table::usual(stored.kind));
    let frame = table.of(&stored);
    let rows = frame.rows().iter().cloned().map(Ok::<_, Infallible>);
    put(args, table, frame.columns(), &Origin::from(&stored), rows)
}

/// The rows of a sweep, one by one.
fn of_sweep(args: &ExportArgs) -> Result<(), Failure> {
    let reader = Reader::open(&args.folder)?;
    let (axes, provenance) = (reader.axes(), reader.provenance()?);
    let synthetic = reader.is_synthetic()?;
    let warnings: Vec<Warning> = synthetic.then(Warning::synthetic_sweep).into_iter().collect();
    let origin = Origin {
        axes: &axes,
        synthetic,
        warnings: &warnings,
        provenance: &provenance,
    };
    let table = args.table.unwrap_or_else(|| Table::usual(StoredKind::Sweep));
    match table {
        Table::Points => put(args, table, &reader.point_columns(), &origin, reader.points()),
        Table::Layers => put(args, table, &reader.layer_columns(), &origin, reader.layers()),
    }
}

/// Write rows where they are asked for.
fn put<E: std::error::Error + 'static>(
    args: &ExportArgs,
    table: Table,
    columns: &[Column],
    origin: &Origin<'_>,
    rows: impl Iterator<Item = Result<Vec<Value>, E>>,
) -> Result<(), Failure> {
    let selection = if args.columns.is_empty() {
        export::usual_columns(args.format, columns, origin)
    } else {
        let named = Selection::named(columns, &args.columns);
        named.map_err(|error| {
            let folder = args.folder.display();
            Failure::User(format!("{folder}, table {}: {error}", table.name()))
        })?
    };
    let out = args.out.as_ref().map(|path| {
        let mut targets = Targets::new(folders::records(&args.folder), args.force.replace());
        targets.file(path, &Output::Rows(columns))
    });
    match &out.transpose()? {
        Some(path) => whole::write(path, |new| {
            let file = std::fs::File::create(new)?;
            export::write(args.format, &selection, origin, rows, file)
        })
        .map_err(|error| file_failure(path, error)),
        None => match export::write(args.format, &selection, origin, rows, std::io::stdout()) {
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

fn file_failure<E: std::error::Error + 'static>(path: &Path, error: ExportError<E>) -> Failure {
    match error {
        ExportError::Write(error) => output::unwritten(path, &error),
        error @ (ExportError::Rows(_)
        | ExportError::Row { .. }
        | ExportError::TooLong
        | ExportError::Parquet(_)) => failure(error),
    }
}

/// What is not about the target.
fn failure<E: std::error::Error + 'static>(error: ExportError<E>) -> Failure {
    match error {
        error @ (ExportError::TooLong | ExportError::Rows(_)) => Failure::user(&error),
        error @ (ExportError::Row { .. } | ExportError::Write(_) | ExportError::Parquet(_)) => {
            Failure::Ours(error.to_string())
        }
    }
}
