//! `pe_map.csv` of a run: the utilization of every PE.

use std::io::ErrorKind;
use std::path::Path;

use super::StoredError;
use crate::frame::{Column, ColumnType, Frame, Value};

/// The file's name in a results folder.
const FILE_NAME: &str = "pe_map.csv";

/// The columns that a figure needs; others are left out.
const COLUMNS: [(&str, ColumnType); 3] = [
    ("row", ColumnType::Count),
    ("col", ColumnType::Count),
    ("utilization", ColumnType::Real),
];

/// The map of a folder; `None` where it was not measured.
///
/// - Errors: a file that is not such a map.
pub(super) fn read(folder: &Path) -> Result<Option<Frame>, StoredError> {
    let path = folder.join(FILE_NAME);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoredError::Read { path, error }),
    };
    parse(&text)
        .map(Some)
        .map_err(|why| StoredError::Table { path, why })
}

fn parse(text: &str) -> Result<Frame, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut places = Vec::new();
    for (name, _) in COLUMNS {
        let place = heads.iter().position(|head| head == name);
        places.push(place.ok_or_else(|| format!("there is no column `{name}`"))?);
    }
    let columns = COLUMNS.map(|(name, kind)| Column::new(name, kind));
    let mut frame = Frame::new(columns.to_vec());
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let mut row = Vec::new();
        for ((name, kind), &place) in COLUMNS.iter().zip(&places) {
            let field = record.get(place).unwrap_or_default();
            row.push(
                value(*kind, field).ok_or_else(|| format!("`{field}` in column `{name}` is not a number"))?,
            );
        }
        frame.push(row);
    }
    Ok(frame)
}

fn value(kind: ColumnType, field: &str) -> Option<Value> {
    match kind {
        ColumnType::Count => field.parse().ok().map(Value::Count),
        ColumnType::Real => {
            let real = field.parse().ok().filter(|real: &f64| real.is_finite());
            real.map(Value::Real)
        }
        ColumnType::Text | ColumnType::Flag => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_and_other_tables_are_refused() {
        let frame = parse("row,col,busy,pe_cycles,utilization\n0,1,5,10,0.5\n").expect("a map");
        assert_eq!(
            frame.rows(),
            [[Value::Count(0), Value::Count(1), Value::Real(0.5)]]
        );
        assert!(parse("row,col\n0,1\n").is_err());
        assert!(parse("row,col,utilization\n0,1,NaN\n").is_err());
        assert!(parse("row,col,utilization\n0,-1,0.5\n").is_err());
    }
}
