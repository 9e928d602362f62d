//! Columns of answers.

use super::point::PointAccuracy;
use crate::accuracy::object::Accuracy;
use crate::accuracy::significance::Interval;
use crate::frame::{Column, ColumnType, Value};

/// A column and its value.
type AccuracyColumn = (&'static str, ColumnType, fn(&PointAccuracy) -> Value);

/// All of them, fractions as fractions.
const COLUMNS: [AccuracyColumn; 17] = [
    ("evaluated_images", ColumnType::Count, |point| point.images.into()),
    ("fp32_unpruned_top1", ColumnType::Real, |point| {
        point
            .fp32_unpruned
            .as_ref()
            .and_then(|unpruned| unpruned.top1)
            .into()
    }),
    ("fp32_top1", ColumnType::Real, |point| point.fp32.top1.into()),
    ("int8_top1", ColumnType::Real, |point| point.int8.top1.into()),
    ("top1", ColumnType::Real, |point| point.array.top1.into()),
    ("top1_low", ColumnType::Real, |point| {
        low(point.array.top1_interval)
    }),
    ("top1_high", ColumnType::Real, |point| {
        high(point.array.top1_interval)
    }),
    ("fp32_top5", ColumnType::Real, |point| point.fp32.top5.into()),
    ("top5", ColumnType::Real, |point| point.array.top5.into()),
    ("top1_change", ColumnType::Real, |point| {
        change(&point.array, &point.int8).into()
    }),
    ("top1_change_low", ColumnType::Real, |point| {
        low(point.flips.difference_interval)
    }),
    ("top1_change_high", ColumnType::Real, |point| {
        high(point.flips.difference_interval)
    }),
    ("lost", ColumnType::Count, |point| point.flips.lost.into()),
    ("gained", ColumnType::Count, |point| point.flips.gained.into()),
    ("p_value", ColumnType::Real, |point| point.flips.p_value.into()),
    ("agreement", ColumnType::Real, |point| point.agreement.into()),
    ("output_error", ColumnType::Real, |point| {
        point.output_error.into()
    }),
];

fn low(interval: Option<Interval>) -> Value {
    interval.map(|interval| interval.low).into()
}

fn high(interval: Option<Interval>) -> Value {
    interval.map(|interval| interval.high).into()
}

fn change(array: &Accuracy, int8: &Accuracy) -> Option<f64> {
    Some(array.top1? - int8.top1?)
}

pub(super) fn columns() -> impl Iterator<Item = Column> {
    COLUMNS.iter().map(|(name, kind, _)| Column::new(*name, *kind))
}

pub(super) fn values(accuracy: Option<&PointAccuracy>) -> impl Iterator<Item = Value> + '_ {
    COLUMNS
        .iter()
        .map(move |(_, _, value)| accuracy.map_or(Value::Null, value))
}
