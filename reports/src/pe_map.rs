//! `pe_map.csv`: how busy each PE was, over all layers.

use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use sim_core::busy::BusyMap;
use sim_core::record::LayerRecord;
use sim_core::units::Cycles;

use crate::frame::{Column, ColumnType, Frame};
use crate::stored::StoredError;
use crate::{export, ratio};

/// The file's name in a results folder.
pub const FILE_NAME: &str = "pe_map.csv";

/// A row for each PE, row by row of the array, under a header; `None` where busy steps were not counted.
///
/// `busy` are PE-steps with at least one active thread, `pe_cycles` the cycles of all layers, through which every PE lives.
pub fn render(layers: &[LayerRecord]) -> Option<String> {
    let (mut cycles, mut sum) = (Cycles::default(), None::<BusyMap>);
    for layer in layers {
        cycles += layer.product.cycles;
        let map = layer.product.busy.as_ref()?;
        match &mut sum {
            Some(sum) => *sum += map,
            None => sum = Some(map.clone()),
        }
    }
    let count = |name: &str| Column::new(name, ColumnType::Count);
    let [row, col, busy, pe_cycles] = ["row", "col", "busy", "pe_cycles"].map(count);
    let utilization = Column::new("utilization", ColumnType::Real);
    let mut frame = Frame::new(vec![row, col, busy, pe_cycles, utilization]);
    for (row, col, busy) in sum?.iter() {
        let utilization = ratio::utilization_of_pe(busy, cycles);
        frame.push(vec![
            row.idx().into(),
            col.idx().into(),
            busy.into(),
            cycles.0.into(),
            utilization.into(),
        ]);
    }
    Some(export::csv_text(&frame))
}

/// What figures need of a row.
#[derive(Deserialize)]
struct Pe {
    row: u64,
    col: u64,
    utilization: f64,
}

/// The utilization of every PE as a folder has it; `None` where it was not measured.
///
/// - Errors: a file that is not such a map.
pub(crate) fn read(folder: &Path) -> Result<Option<Frame>, StoredError> {
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
    let mut frame = Frame::new(vec![
        Column::new("row", ColumnType::Count),
        Column::new("col", ColumnType::Count),
        Column::new("utilization", ColumnType::Real),
    ]);
    for pe in csv::Reader::from_reader(text.as_bytes()).deserialize() {
        let Pe {
            row,
            col,
            utilization,
        } = pe.map_err(|error| error.to_string())?;
        if !utilization.is_finite() {
            return Err(format!("`{utilization}` in column `utilization` is not a number"));
        }
        frame.push(vec![row.into(), col.into(), utilization.into()]);
    }
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Value;

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
