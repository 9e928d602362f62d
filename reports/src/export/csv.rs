//! Comma-separated values: a head of names, nothing for what there is not, quotes as in RFC 4180. Lines end as on Unix,
//! since `cut` and `awk` take a carriage return for a part of the last column.

use std::io::{self, Write};

use super::error::ExportError;
use crate::frame::{Column, Value};

pub(super) fn write<E: std::error::Error + 'static>(
    columns: &[Column],
    rows: impl Iterator<Item = Result<Vec<Value>, ExportError<E>>>,
    out: impl Write,
) -> Result<(), ExportError<E>> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer
        .write_record(columns.iter().map(|column| &column.name))
        .map_err(plain)?;
    for row in rows {
        writer.write_record(row?.iter().map(Value::text)).map_err(plain)?;
    }
    writer.flush()?;
    Ok(())
}

/// The library's error hides what kind of error it wraps, such as a reader that has gone away.
fn plain(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
