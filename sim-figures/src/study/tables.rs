//! Points as a table that a person reads, and as CSV.

use crate::file_names::brief;
use reports::frame::{Frame, Value};
use reports::markdown::{Align, table};
use reports::stored::Stored;
use sim_draw::text;

/// A column of measured values.
struct Measured {
    /// In CSV files.
    name: &'static str,
    /// Among the columns of points.
    column: &'static str,
    shown: Shown,
}

/// How a person sees a column.
enum Shown {
    /// In CSV alone.
    Hidden,
    /// Under a title, times a factor, with so many digits behind the point; `None`: four significant ones.
    As(&'static str, f64, Option<usize>),
}

const fn shown(
    name: &'static str,
    column: &'static str,
    title: &'static str,
    scale: f64,
    decimals: Option<usize>,
) -> Measured {
    Measured {
        name,
        column,
        shown: Shown::As(title, scale, decimals),
    }
}

const fn hidden(name: &'static str, column: &'static str) -> Measured {
    Measured {
        name,
        column,
        shown: Shown::Hidden,
    }
}

/// Every column, in the order of tables.
const COLUMNS: [Measured; 25] = [
    hidden("images", "evaluated_images"),
    shown("fp32-top1", "fp32_top1", "FP32 %", 100.0, Some(2)),
    shown("int8-top1", "int8_top1", "exact 8-bit %", 100.0, Some(2)),
    shown("top1", "top1", "top-1 %", 100.0, Some(2)),
    hidden("top1-low", "top1_low"),
    hidden("top1-high", "top1_high"),
    shown("change", "top1_change", "change, points", 100.0, Some(2)),
    hidden("change-low", "top1_change_low"),
    hidden("change-high", "top1_change_high"),
    hidden("lost", "lost"),
    hidden("gained", "gained"),
    shown("p-value", "p_value", "p", 1.0, Some(3)),
    shown("agreement", "agreement", "as exact 8-bit %", 100.0, Some(2)),
    hidden("output-error", "output_error"),
    shown("relative-mse", "relative_mse", "relative MSE", 1.0, None),
    shown(
        "feature-error",
        "feature_error",
        "feature error %",
        100.0,
        Some(2),
    ),
    shown(
        "feature-error-largest",
        "feature_error_largest",
        "its largest %",
        100.0,
        Some(2),
    ),
    hidden("cycles", "cycles"),
    shown("speedup", "speedup", "speed-up", 1.0, Some(2)),
    shown("share", "share", "simulated % of MACs", 100.0, Some(1)),
    shown(
        "speedup-network",
        "speedup_network",
        "speed-up of the network",
        1.0,
        Some(2),
    ),
    shown("utilization", "utilization", "utilization %", 100.0, Some(1)),
    // Of an image.
    hidden("energy-pj", "total_energy_pj"),
    shown(
        "energy-ratio",
        "energy_over_conventional",
        "energy / conventional",
        1.0,
        Some(2),
    ),
    shown(
        "area-ratio",
        "area_over_conventional",
        "area / conventional",
        1.0,
        Some(2),
    ),
];

/// Columns of studies of predicted zeros, behind the others.
const PREDICTION: [Measured; 7] = [
    shown("macs-saved", "macs_saved", "MACs saved %", 100.0, Some(2)),
    shown("macs-saved-net", "macs_saved_net", "net %", 100.0, Some(2)),
    shown("outputs-lost", "outputs_lost", "lost %", 100.0, Some(2)),
    shown(
        "int8-predicted-top1",
        "int8_predicted_top1",
        "8-bit predicted %",
        100.0,
        Some(2),
    ),
    shown("cycles-saved", "cycles_saved", "cycles saved %", 100.0, Some(2)),
    shown("compact", "cycles_saved_compact", "compact %", 100.0, Some(2)),
    shown("ideal", "cycles_saved_ideal", "ideal %", 100.0, Some(2)),
];

impl Measured {
    fn value(&self, frame: &Frame, row: &[Value]) -> Option<f64> {
        let value = frame.value(row, self.column).number()?;
        Some(match self.column {
            "total_energy_pj" => value / n_images(frame, row).number()?,
            _ => value,
        })
    }
}

/// Images that were evaluated, or simulated where nobody asked for answers.
pub(super) fn n_images(frame: &Frame, row: &[Value]) -> Value {
    match frame.value(row, "evaluated_images") {
        Value::Null => frame.value(row, "images").clone(),
        other @ (Value::Count(_) | Value::Real(_) | Value::Text(_) | Value::Flag(_)) => other.clone(),
    }
}

/// Columns that tell points apart.
fn axes(stored: &Stored) -> Vec<&str> {
    let lowered = stored.points.find("lowered").map(|_| "lowered");
    stored.axes.iter().map(String::as_str).chain(lowered).collect()
}

/// The columns of these points.
fn measured(frame: &Frame) -> impl Iterator<Item = &'static Measured> + Clone {
    let prediction: &[Measured] = match frame.find("macs_saved") {
        Some(_) => &PREDICTION,
        None => &[],
    };
    COLUMNS.iter().chain(prediction)
}

/// A value of an axis as its file has it; `None` where the point does not have the axis.
fn axis(frame: &Frame, row: &[Value], name: &str) -> Option<String> {
    match frame.value(row, name) {
        Value::Null => None,
        Value::Real(real) => Some(format!("{real:?}")),
        other @ (Value::Text(_) | Value::Count(_) | Value::Flag(_)) => Some(other.text()),
    }
}

/// One row per point; columns that no point has are left out.
pub(super) fn markdown(stored: &Stored) -> String {
    let frame = &stored.points;
    let rows = frame.rows();
    let differs = |name: &&str| {
        rows.iter()
            .any(|row| frame.value(row, name) != frame.value(&rows[0], name))
    };
    let axes: Vec<&str> = axes(stored).into_iter().filter(differs).collect();
    let is_known = |column: &Measured| rows.iter().any(|row| column.value(frame, row).is_some());
    let columns = measured(frame).filter(|column| is_known(column));
    let columns: Vec<_> = columns
        .filter_map(|column| match column.shown {
            Shown::Hidden => None,
            Shown::As(title, scale, decimals) => Some((column, title, scale, decimals)),
        })
        .collect();
    let title = |name: &&'_ str| name.rsplit_once('.').map_or(*name, |(_, last)| last).to_owned();
    let titles: Vec<String> = axes.iter().map(title).collect();
    let mut header: Vec<(&str, Align)> = titles.iter().map(|title| (title.as_str(), Align::Left)).collect();
    header.extend(columns.iter().map(|(_, title, ..)| (*title, Align::Right)));
    let cell = |row: &[Value], (column, _, scale, decimals): &(&Measured, &str, f64, Option<usize>)| {
        let Some(value) = column.value(frame, row) else {
            return "–".to_owned();
        };
        let value = scale * value;
        decimals.map_or_else(
            || text::significant(value),
            |decimals| format!("{value:.decimals$}"),
        )
    };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let axes = axes.iter().map(|name| {
                axis(frame, row, name).map_or_else(|| "–".to_owned(), |value| brief(&value).to_owned())
            });
            axes.chain(columns.iter().map(|column| cell(row, column)))
                .collect()
        })
        .collect();
    table(&header, &cells)
}

/// One row per point with every axis and column; empty fields where a point has none.
pub(super) fn points(stored: &Stored) -> String {
    let frame = &stored.points;
    let axes = axes(stored);
    let names = axes
        .iter()
        .copied()
        .chain(measured(frame).map(|column| column.name));
    let mut lines: Vec<Vec<String>> = Vec::new();
    for row in frame.rows() {
        let axes = axes.iter().map(|name| axis(frame, row, name).unwrap_or_default());
        let values = measured(frame).map(|column| text::optional(column.value(frame, row)));
        lines.push(axes.chain(values).collect());
    }
    text::csv(names, &lines)
}

/// Of the columns of layers, under the names of a study's file.
const LAYERS: [(&str, &str); 7] = [
    ("index", "layer"),
    ("layer", "name"),
    ("threads", "threads"),
    ("cycles", "cycles"),
    ("speedup", "speedup"),
    ("utilization", "utilization"),
    ("relative_mse", "relative_mse"),
];

/// One row per point and layer; points by their number among the rows of points.
pub(super) fn layers(frame: &Frame) -> String {
    let header = std::iter::once("point").chain(LAYERS.iter().map(|(name, _)| *name));
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut point = 0_usize;
    for row in frame.rows() {
        point += usize::from(*frame.value(row, "layer") == Value::Count(1));
        let values = LAYERS.iter().map(|(_, column)| frame.value(row, column).text());
        lines.push(std::iter::once(point.to_string()).chain(values).collect());
    }
    text::csv(header, &lines)
}
