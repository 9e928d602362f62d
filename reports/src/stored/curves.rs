//! What each threshold of trained predictors keeps and loses: a row for each place and threshold.

use serde::{Deserialize, Serialize};

use crate::frame::ColumnType::{Count, Real, Text};
use crate::frame::{Column, Value};

/// The curves of a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceCurves {
    /// Of its convolution.
    pub name: String,
    /// By threshold, the lowest first.
    pub points: Vec<CurvePoint>,
}

/// What a threshold does at a place where it is the only one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// What a score has to exceed.
    pub threshold: f64,
    /// Kept outputs of all outputs.
    pub share: f64,
    /// Sum of what is skipped, of the sum of all outputs.
    pub error: f64,
}

/// The heads of the rows, behind what tells predictors apart.
pub fn columns() -> [Column; 5] {
    [
        Column::new("place", Count),
        Column::new("name", Text),
        Column::new("threshold", Real),
        Column::new("outputs_kept", Real),
        Column::new("outputs_lost", Real),
    ]
}

/// The rows of some predictors, place by place.
pub fn rows(places: &[PlaceCurves]) -> impl Iterator<Item = [Value; 5]> {
    (1_u64..).zip(places).flat_map(|(number, place)| {
        let row = move |point: &CurvePoint| {
            let CurvePoint {
                threshold,
                share,
                error,
            } = *point;
            [
                number.into(),
                place.name.as_str().into(),
                threshold.into(),
                share.into(),
                error.into(),
            ]
        };
        place.points.iter().map(row)
    })
}
