//! JSON Lines: an object a row, its keys in the order of the columns.
//!
//! Counts are integers of 64 bits, which readers that know only doubles round above 2^53. JSON has no infinities and no
//! NaN: they are null.

use std::io::{self, BufWriter, Write};

use super::error::ExportError;
use crate::frame::{Column, Value};

pub(super) fn write<E: std::error::Error + 'static>(
    columns: &[Column],
    rows: impl Iterator<Item = Result<Vec<Value>, ExportError<E>>>,
    out: impl Write,
) -> Result<(), ExportError<E>> {
    let keys = columns
        .iter()
        .map(|column| serde_json::to_string(&column.name))
        .collect::<Result<Vec<String>, _>>()
        .map_err(io::Error::from)?;
    let mut out = BufWriter::new(out);
    for row in rows {
        let mut before = '{';
        for (key, value) in keys.iter().zip(row?) {
            write!(out, "{before}{key}:")?;
            before = ',';
            serde_json::to_writer(&mut out, &value).map_err(io::Error::from)?;
        }
        out.write_all(if before == '{' { b"{}\n" } else { b"}\n" })?;
    }
    out.flush()?;
    Ok(())
}
