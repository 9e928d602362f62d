//! Points as a table that a person reads, and as CSV.

use reports::markdown::{Align, table};
use sim_draw::text;

use crate::columns::{ALL, Column, Place};
use crate::measure::Row;

/// Keys of the grids whose values differ between points, in order of appearance.
fn differing_axes(rows: &[Row]) -> Vec<&str> {
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in rows.iter().flat_map(|row| &row.axes) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let differs = |key: &&str| rows.iter().any(|row| axis(row, key) != axis(&rows[0], key));
    keys.into_iter().filter(differs).collect()
}

/// The value of a key of the grid; `None` where the point's grid does not have it.
pub(crate) fn axis<'a>(row: &'a Row, key: &str) -> Option<&'a str> {
    row.axes
        .iter()
        .find(|(other, _)| other == key)
        .map(|(_, value)| value.as_str())
}

/// What a key of a grid is called where a person reads it.
pub(crate) fn axis_title(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(_, last)| last)
}

/// The value without what all values share, as the folder of a model is.
pub(crate) fn axis_value(value: &str) -> &str {
    let name = value.rsplit_once('/').map_or(value, |(_, name)| name);
    name.strip_suffix(".onnx").unwrap_or(value)
}

/// One row per point; columns that no point has are left out.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let axes = differing_axes(rows);
    let columns: Vec<&Column> = ALL
        .iter()
        .filter(|column| column.place == Place::Everywhere)
        .filter(|column| rows.iter().any(|row| (column.value)(row).is_some()))
        .collect();
    let mut header: Vec<(&str, Align)> = axes.iter().map(|key| (axis_title(key), Align::Left)).collect();
    header.extend(columns.iter().map(|column| (column.title, Align::Right)));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let axes = axes
                .iter()
                .map(|key| axis_value(axis(row, key).unwrap_or("–")).to_owned());
            axes.chain(columns.iter().map(|column| column.shown(row)))
                .collect()
        })
        .collect();
    table(&header, &cells)
}

/// One row per point with every key and column; empty fields where a point has none.
pub(crate) fn csv(rows: &[Row]) -> String {
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in rows.iter().flat_map(|row| &row.axes) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let mut lines = vec![
        keys.iter()
            .copied()
            .chain(ALL.iter().map(|column| column.name))
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    ];
    for row in rows {
        let axes = keys
            .iter()
            .map(|key| axis(row, key).unwrap_or_default().to_owned());
        let values = ALL.iter().map(|column| text::optional((column.value)(row)));
        lines.push(axes.chain(values).collect());
    }
    text::csv(&lines)
}

/// One row per point and layer.
pub(crate) fn layers_csv(rows: &[Row]) -> String {
    let header = [
        "point",
        "index",
        "layer",
        "threads",
        "cycles",
        "speedup",
        "utilization",
        "relative_mse",
    ];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    for (point, row) in rows.iter().enumerate() {
        for (index, layer) in row.array.layers.iter().enumerate() {
            let product = &layer.product;
            lines.push(vec![
                (point + 1).to_string(),
                (index + 1).to_string(),
                layer.name.clone(),
                text::optional(layer.threads),
                product.cycles.to_string(),
                product.speedup.to_string(),
                product.utilization.to_string(),
                text::optional(product.relative_error()),
            ]);
        }
    }
    text::csv(&lines)
}
