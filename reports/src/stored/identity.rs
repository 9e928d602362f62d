//! Columns that say which design a row is about.

use super::point::PointObject;
use crate::frame::{Column, ColumnType, Value};

/// Columns of the machine, by the keys of an array file.
pub const MACHINE_COLUMNS: [(&str, ColumnType); 6] = [
    ("pe.kind", ColumnType::Text),
    ("pe.threads", ColumnType::Count),
    ("pe.policy", ColumnType::Text),
    ("pe.window", ColumnType::Text),
    ("array.rows", ColumnType::Count),
    ("array.cols", ColumnType::Count),
];

/// The values of a design's own columns, which stand before those of its machine.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The heads, as given to [`super::point_columns`].
    pub columns: &'a [Column],
    /// One for each head.
    pub values: &'a [Value],
}

/// A machine's column that an axis names already does not come twice.
fn machine_columns(identity: &[Column]) -> impl Iterator<Item = (&'static str, ColumnType)> + '_ {
    MACHINE_COLUMNS
        .into_iter()
        .filter(|(name, _)| identity.iter().all(|column| column.name != *name))
}

pub(super) fn with_machine(identity: &[Column]) -> Vec<Column> {
    let machine = machine_columns(identity).map(|(name, kind)| Column::new(name, kind));
    identity.iter().cloned().chain(machine).collect()
}

impl Identity<'_> {
    pub(super) fn row(&self, point: Option<&PointObject>) -> Vec<Value> {
        let machine = machine_columns(self.columns)
            .map(|(name, _)| point.map_or(Value::Null, |point| point.array.value(name)));
        self.values.iter().cloned().chain(machine).collect()
    }
}
