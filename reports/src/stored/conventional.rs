//! Points beside the conventional array that does the same work.

use sim_core::spec::PeKind;

use super::Stored;
use crate::frame::{Column, ColumnType, Frame, Value};

/// Kind of PE that points are compared with.
const CONVENTIONAL: &str = PeKind::Conventional.name();
const ENERGY: &str = "total_energy_pj";

impl Stored {
    /// The same with columns that compare each point with the first conventional one on the same workload and of the same
    /// size: `energy_over_conventional` and `area_over_conventional`, of which energies hold clock and leakage. Nulls
    /// where there is none, and energies where that one predicts zeros and leaves them out.
    pub fn over_conventional(mut self) -> Self {
        let same: Vec<&str> = (self.axes.iter().map(String::as_str))
            .filter(|axis| axis.starts_with("workload.") || axis.starts_with("array."))
            .collect();
        let points = &self.points;
        let is_conventional = |row: &&Vec<Value>| points.value(row, "pe.kind").text() == CONVENTIONAL;
        let ratio = |row: &[Value], name: &str| {
            let does_the_same = |other: &&Vec<Value>| {
                same.iter()
                    .all(|axis| points.value(other, axis) == points.value(row, axis))
            };
            let other = (points.rows().iter().filter(is_conventional)).find(does_the_same)?;
            if name == ENERGY && points.value(other, "macs_saved").number().is_some() {
                return None;
            }
            Some(points.value(row, name).number()? / points.value(other, name).number()?)
        };
        let mut columns = points.columns().to_vec();
        columns.push(Column::new("energy_over_conventional", ColumnType::Real));
        columns.push(Column::new("area_over_conventional", ColumnType::Real));
        let mut compared = Frame::new(columns);
        for row in points.rows() {
            let ratios = [ENERGY, "area_um2"].map(|name| ratio(row, name).into());
            compared.push(row.iter().cloned().chain(ratios).collect());
        }
        self.points = compared;
        self
    }
}
