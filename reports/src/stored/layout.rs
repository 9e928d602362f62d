//! The columns of points and of their layers: which design a row is about, its machine, then measures.

use super::point::PointObject;
use crate::echo::ArrayEcho;
use crate::frame::ColumnType::{Count, Text};
use crate::frame::{Column, ColumnType, Value};
use crate::json::LayerObject;
use crate::metrics;

pub use crate::metrics::Extra;

type OfMachine = fn(&ArrayEcho) -> Value;
type OfLayer = fn(usize, &LayerObject) -> Value;

/// Columns of the machine, by the keys of an array file; null where a machine does not have the key.
const MACHINE: [(&str, ColumnType, OfMachine); 6] = [
    ("pe.kind", Text, |array| array.pe.kind.as_str().into()),
    ("pe.threads", Count, |array| array.pe.threads.into()),
    ("pe.policy", Text, |array| array.pe.policy.as_deref().into()),
    ("pe.window", Text, |array| array.pe.window.as_deref().into()),
    ("array.rows", Count, |array| array.array.rows.into()),
    ("array.cols", Count, |array| array.array.cols.into()),
];

/// Columns of a layer and its number among those of a design, from 0.
const LAYER: [(&str, ColumnType, OfLayer); 8] = [
    ("layer", Count, |index, _| (index + 1).into()),
    ("name", Text, |_, layer| layer.name.as_str().into()),
    ("groups", Count, |_, layer| layer.groups.into()),
    ("threads", Count, |_, layer| layer.threads.into()),
    ("policy", Text, |_, layer| layer.policy.as_deref().into()),
    ("m", Count, |_, layer| layer.product.shape.m().into()),
    ("n", Count, |_, layer| layer.product.shape.n().into()),
    ("k", Count, |_, layer| layer.product.shape.k().into()),
];

/// The columns of both tables.
#[derive(Clone, Debug)]
pub struct Layout {
    identity: Vec<Column>,
    extras: Vec<Extra>,
}

impl Layout {
    /// With columns of its own, which tell designs apart and stand first, and what is measured beside the usual.
    pub const fn new(identity: Vec<Column>, extras: Vec<Extra>) -> Self {
        Self { identity, extras }
    }

    /// The columns that tell designs apart.
    pub fn identity(&self) -> &[Column] {
        &self.identity
    }

    /// A machine's column that an axis names already does not come twice.
    fn machine(&self) -> impl Iterator<Item = &'static (&'static str, ColumnType, OfMachine)> {
        let is_new = |name: &str| self.identity.iter().all(|column| column.name != name);
        MACHINE.iter().filter(move |(name, _, _)| is_new(name))
    }

    fn design_columns(&self) -> Vec<Column> {
        let machine = self.machine().map(|(name, kind, _)| Column::new(*name, *kind));
        self.identity.iter().cloned().chain(machine).collect()
    }

    fn design(&self, identity: &[Value], point: Option<&PointObject>) -> Vec<Value> {
        let machine = self
            .machine()
            .map(|(_, _, of)| point.map_or(Value::Null, |point| of(&point.array)));
        identity.iter().cloned().chain(machine).collect()
    }

    /// The heads of points.
    pub fn point_columns(&self) -> Vec<Column> {
        let mut columns = self.design_columns();
        columns.extend(metrics::point_columns(&self.extras));
        columns
    }

    /// The row of a point with these values in the columns that tell designs apart; one that failed has nulls.
    pub fn point_row(&self, identity: &[Value], point: Option<&PointObject>) -> Vec<Value> {
        let mut row = self.design(identity, point);
        row.extend(metrics::of_point(point, &self.extras));
        row
    }

    /// The heads of layers.
    pub fn layer_columns(&self) -> Vec<Column> {
        let mut columns = self.design_columns();
        columns.extend(LAYER.iter().map(|(name, kind, _)| Column::new(*name, *kind)));
        columns.extend(metrics::layer_columns(&self.extras));
        columns
    }

    /// The rows of a point's layers.
    pub fn layer_rows(&self, identity: &[Value], point: &PointObject) -> Vec<Vec<Value>> {
        let of_layer = |(index, layer): (usize, &LayerObject)| {
            let mut row = self.design(identity, Some(point));
            row.extend(LAYER.iter().map(|(_, _, of)| of(index, layer)));
            row.extend(metrics::of_layer(point, index, &self.extras));
            row
        };
        point.layers.iter().enumerate().map(of_layer).collect()
    }
}
