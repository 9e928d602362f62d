//! Whether a file is an export of rows.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::Format;
use crate::frame::Column;

/// Longest first line that is looked at.
const MAX_LINE: u64 = 1 << 20;
/// Where Parquet has its metadata: near the end.
const TAIL: i64 = 1 << 16;
/// What it says there, with the version behind it.
const WRITER: &[u8] = b"sysmt version ";

/// Whether a file may be what [`super::write`] has made of some of these columns, in any format.
///
/// - Errors: it cannot be read.
pub fn is_export(path: &Path, columns: &[Column]) -> io::Result<bool> {
    for format in Format::ALL {
        if is_in(path, format, columns)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether it begins or ends as exports of a format do.
fn is_in(path: &Path, format: Format, columns: &[Column]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let known = |name: &str| columns.iter().any(|column| column.name == name);
    Ok(match format {
        Format::Csv => {
            let mut reader = ::csv::Reader::from_reader(file.take(MAX_LINE));
            reader.headers().is_ok_and(|names| names.iter().all(known))
        }
        Format::JsonLines => {
            let mut line = String::new();
            let n_read = BufReader::new(file.take(MAX_LINE)).read_line(&mut line);
            let row = serde_json::from_str(&line);
            n_read.is_ok() && row.is_ok_and(|row: Row| row.keys().all(|name| known(name)))
        }
        Format::Parquet => {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::End(-TAIL.min(length.try_into().unwrap_or(TAIL))))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            let has_writer = tail.windows(WRITER.len()).any(|part| part == WRITER);
            tail.ends_with(b"PAR1") && has_writer
        }
        Format::Tex => {
            let mut line = String::new();
            let n_read = BufReader::new(file.take(MAX_LINE)).read_line(&mut line);
            n_read.is_ok() && line.starts_with("% sysmt ")
        }
    })
}

type Row = serde_json::Map<String, serde_json::Value>;
