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
        .map_err(io::Error::from)?;
    for row in rows {
        writer
            .write_record(row?.iter().map(Value::text))
            .map_err(io::Error::from)?;
    }
    writer.flush()?;
    Ok(())
}
