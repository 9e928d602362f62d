//! The figures of a study: points of its grids over two columns.

use anyhow::Context;
use sim_core::units::count_as_f64;
use sim_draw::Scale;
use sim_draw::plot::{Plot, PlotAxis, PlotLine, PlotPoint, PlotReference, PlotSeries};
use toml::Value;

use crate::columns::{self, Column};
use crate::file::{FigureSpec, Join, LAYER, LAYER_RELATIVE_MSE, Reference};
use crate::grid::shown;
use crate::measure::Row;
use crate::tables::{axis, axis_title, axis_value};

/// Draw what a study asks for.
pub(crate) fn plot(spec: &FigureSpec, rows: &[Row]) -> anyhow::Result<Plot> {
    let rows: Vec<&Row> = rows.iter().filter(|row| is_meant(spec, row)).collect();
    let first = rows
        .first()
        .with_context(|| format!("figure `{}` has no points", spec.name))?;
    let mut series: Vec<PlotSeries> = Vec::new();
    for row in &rows {
        let name = series_name(spec, row);
        let points = points(spec, row);
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.extend(points),
            None => series.push(PlotSeries {
                name,
                points,
                line: match spec.join {
                    Join::None => PlotLine::None,
                    Join::Line => PlotLine::Joined,
                },
            }),
        }
    }
    series.retain(|series| !series.points.is_empty());
    Ok(Plot {
        series,
        references: spec
            .reference
            .iter()
            .filter_map(|kind| reference(*kind, first))
            .collect(),
        ..Plot::new(spec.name.clone(), plot_axis(&spec.x), plot_axis(&spec.y))
    })
}

fn is_meant(spec: &FigureSpec, row: &Row) -> bool {
    spec.only.iter().all(|(key, wanted)| {
        let found = axis(row, key);
        let is_found = |value: &Value| found == Some(shown(value).as_str());
        match wanted {
            Value::Array(values) => values.iter().any(is_found),
            one @ (Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Table(_)) => is_found(one),
        }
    })
}

/// What tells the series of a point from others; keys whose value goes without saying are left out.
fn series_name(spec: &FigureSpec, row: &Row) -> String {
    let words = spec.series.iter().filter_map(|key| {
        let value = axis(row, key)?;
        match (key.as_str(), value) {
            ("pe.threads", threads) => Some(format!("{threads}T")),
            ("recalibrate-bn" | "layers.reorder", "off") => None,
            ("recalibrate-bn", mode) => Some(format!("recalibrated ({mode})")),
            ("layers.reorder", _) => Some("reordered".to_owned()),
            ("pe.pairs", "true") => Some("pairs".to_owned()),
            ("pe.pairs", _) => Some("no pairs".to_owned()),
            (_, value) => Some(axis_value(value).to_owned()),
        }
    });
    let name = words.collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        "as it is".to_owned()
    } else {
        name
    }
}

fn points(spec: &FigureSpec, row: &Row) -> Vec<PlotPoint> {
    if spec.y == LAYER_RELATIVE_MSE {
        let layers = (1..).zip(&row.array.layers);
        return layers
            .filter_map(|(index, layer)| {
                let error = layer.product.relative_error()?;
                Some(PlotPoint::from((count_as_f64(index), error)))
            })
            .collect();
    }
    let value = |name: &str| {
        let column = columns::find(name)?;
        Some(column.scale * (column.value)(row)?)
    };
    let x = value(&spec.x).or_else(|| axis(row, &spec.x)?.parse().ok());
    let (Some(x), Some(y)) = (x, value(&spec.y)) else {
        return Vec::new();
    };
    let end = |end: &str| value(&format!("{}-{end}", spec.y)).map(|value| interval_scale(&spec.y) * value);
    let interval = match (end("low"), end("high")) {
        (Some(low), Some(high)) => Some([low, high]),
        (None, _) | (_, None) => None,
    };
    vec![PlotPoint { x, y, interval }]
}

/// Ends of intervals stand in the CSV as they are; a figure shows them like their column.
fn interval_scale(name: &str) -> f64 {
    columns::find(name).map_or(1.0, |column| column.scale)
}

fn plot_axis(name: &str) -> PlotAxis {
    match (name, columns::find(name)) {
        (LAYER_RELATIVE_MSE, _) => PlotAxis::new("MSE of a layer / mean square of its output", Scale::Log),
        (LAYER, _) => PlotAxis::new("Simulated layer", Scale::Linear),
        (_, Some(Column { title, name, .. })) => {
            let scale = if *name == "relative-mse" {
                Scale::Log
            } else {
                Scale::Tight
            };
            PlotAxis::new(*title, scale)
        }
        (key, None) => PlotAxis::new(axis_title(key), Scale::Linear),
    }
}

fn reference(kind: Reference, row: &Row) -> Option<PlotReference> {
    let (name, top1) = match kind {
        Reference::Fp32 => ("FP32", row.fp32.top1?),
        Reference::Int8 => ("exact 8-bit", row.int8.top1?),
    };
    Some(PlotReference {
        name: name.to_owned(),
        y: 100.0 * top1,
    })
}
