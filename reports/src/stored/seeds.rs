//! The mean over seeds: what a figure shows of points that differ in nothing else.

use sim_core::shape::widen;
use sim_core::units::count_as_f64;

use super::Stored;
use crate::frame::{Column, ColumnType, Frame, Value};

/// The axis that means go over.
pub const SEED: &str = "seed";

impl Stored {
    /// The same with one row in place of rows that differ in their seed alone: the mean of numbers, over those rows that
    /// have one. Without seeds it is the same.
    pub fn over_seeds(mut self) -> Self {
        if !self.axes.iter().any(|axis| axis == SEED) {
            return self;
        }
        self.axes.retain(|axis| axis != SEED);
        let axes: Vec<&str> = self.axes.iter().map(String::as_str).collect();
        let (points, n_seeds) = mean(&self.points, &axes);
        let (layers, _) = mean(&self.layers, &[axes.as_slice(), &["layer"]].concat());
        (self.points, self.layers) = (points, layers);
        if 1 < n_seeds {
            self.mean_of = Some(n_seeds);
        }
        self
    }
}

/// Rows that are equal in `keys` as one, in the order of their first ones, and how many rows one is made of at most.
fn mean(frame: &Frame, keys: &[&str]) -> (Frame, usize) {
    let keys: Vec<usize> = keys.iter().filter_map(|key| frame.find(key)).collect();
    let kept: Vec<usize> = (0..frame.columns().len())
        .filter(|&place| frame.columns()[place].name != SEED)
        .collect();
    let mut groups: Vec<(Vec<&Value>, Vec<&[Value]>)> = Vec::new();
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for row in frame.rows() {
        let key: Vec<&Value> = keys.iter().map(|&place| &row[place]).collect();
        let place = *places.entry(format!("{key:?}")).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        groups[place].1.push(row);
    }
    let largest = groups.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
    let rows: Vec<Vec<Value>> = groups
        .iter()
        .map(|(_, rows)| kept.iter().map(|&place| one(rows, place)).collect())
        .collect();
    let columns = kept.iter().enumerate().map(|(index, &place)| {
        let column = &frame.columns()[place];
        // Means of counts are not counts.
        let is_count = rows.iter().all(|row| !matches!(row[index], Value::Real(_)));
        Column {
            kind: if column.kind == ColumnType::Count && !is_count {
                ColumnType::Real
            } else {
                column.kind
            },
            ..column.clone()
        }
    });
    let mut new = Frame::new(columns.collect());
    for row in rows {
        new.push(row);
    }
    (new, largest)
}

/// The value that rows have in common, or the mean.
fn one(rows: &[&[Value]], place: usize) -> Value {
    let first = &rows[0][place];
    if rows.iter().all(|row| row[place] == *first) {
        return first.clone();
    }
    let numbers: Vec<f64> = rows.iter().filter_map(|row| row[place].number()).collect();
    if numbers.is_empty() {
        return first.clone();
    }
    (numbers.iter().sum::<f64>() / count_as_f64(widen(numbers.len()))).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_differ_in_their_seed_alone_are_one() {
        let mut frame = Frame::new(vec![
            Column::new("pe.threads", ColumnType::Count),
            Column::new(SEED, ColumnType::Count),
            Column::new("status", ColumnType::Text),
            Column::new("cycles", ColumnType::Count),
            Column::new("fill", ColumnType::Count),
            Column::new("energy", ColumnType::Real),
        ]);
        let row = |threads: u64, seed: Option<u64>, fill: u64, energy: Option<f64>| {
            vec![
                threads.into(),
                seed.into(),
                "done".into(),
                7_u64.into(),
                fill.into(),
                energy.into(),
            ]
        };
        frame.push(row(1, None, 5, Some(1.0)));
        frame.push(row(2, Some(1), 5, Some(2.0)));
        frame.push(row(2, Some(2), 6, None));
        frame.push(row(2, Some(3), 7, Some(4.0)));
        let (mean, n_seeds) = mean(&frame, &["pe.threads"]);
        assert_eq!(n_seeds, 3);
        assert_eq!(mean.find(SEED), None);
        let rows: Vec<Vec<String>> = mean
            .rows()
            .iter()
            .map(|row| row.iter().map(Value::text).collect())
            .collect();
        // Nobody's mean is of what was not measured.
        assert_eq!(rows, [["1", "done", "7", "5", "1"], ["2", "done", "7", "6", "3"]]);
        let kinds: Vec<ColumnType> = mean.columns().iter().map(|column| column.kind).collect();
        assert_eq!(kinds[2..4], [ColumnType::Count, ColumnType::Real]);
    }
}
