//! Columns of what only some sweeps measure; they stand behind all others.

use reports::frame::{Column, ColumnType, Value};
use reports::ratio;
use reports::stored::point::{Codes, OperandCodes, PointObject};

use crate::store::{FEATURES, OPERANDS};

/// What a sweep measures beside counts and answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    features: bool,
    operands: bool,
}

impl Measures {
    /// From what the store says.
    pub(super) fn of(words: &str) -> Self {
        let has = |word: &str| words.split_whitespace().any(|other| other == word);
        Self {
            features: has(FEATURES),
            operands: has(OPERANDS),
        }
    }

    pub(super) fn point_columns(self) -> Vec<Column> {
        let names = ["feature_error", "feature_error_largest"];
        let columns = names.map(|name| Column::new(name, ColumnType::Real));
        columns.into_iter().filter(|_| self.features).collect()
    }

    pub(super) fn point_values(self, point: Option<&PointObject>) -> Vec<Value> {
        let accuracy = point.and_then(|point| point.accuracy.as_ref());
        let error = accuracy.and_then(|accuracy| accuracy.features);
        let values = [error.map(|error| error.mean), error.map(|error| error.largest)];
        values
            .into_iter()
            .filter(|_| self.features)
            .map(Value::from)
            .collect()
    }

    pub(super) fn layer_columns(self) -> Vec<Column> {
        let counts = ["activations", "weights"].into_iter().flat_map(|what| {
            ["n_", "n_zero_", "n_narrow_"]
                .map(|start| Column::new(format!("{start}{what}"), ColumnType::Count))
        });
        let shares = ["activation", "weight"].into_iter().flat_map(|what| {
            ["zero", "narrow"]
                .map(|kind| Column::new(format!("{kind}_{what}_codes"), ColumnType::Real).in_unit("%"))
        });
        counts.chain(shares).filter(|_| self.operands).collect()
    }

    pub(super) fn layer_values(self, point: &PointObject, layer: usize) -> Vec<Value> {
        let codes = point.operands.as_ref().and_then(|codes| codes.get(layer));
        let of = |codes: OperandCodes| [codes.activations, codes.weights];
        let counts = codes.map(|&codes| {
            of(codes)
                .into_iter()
                .flat_map(|codes: Codes| [codes.all, codes.zeros, codes.narrow])
        });
        let shares = codes.map(|&codes| {
            of(codes).into_iter().flat_map(|codes: Codes| {
                [
                    ratio::percent(codes.zeros, codes.all),
                    ratio::percent(codes.narrow, codes.all - codes.zeros),
                ]
            })
        });
        let counts = counts.into_iter().flatten().map(Value::from);
        let shares = shares.into_iter().flatten().map(Value::from);
        let mut values: Vec<Value> = counts.chain(shares).filter(|_| self.operands).collect();
        values.resize(self.layer_columns().len(), Value::Null);
        values
    }
}
