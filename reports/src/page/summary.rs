//! What a reader looks for first: measures of one design, of a few side by side, or the best of many.

use maud::{Markup, html};
use sim_core::shape::widen;
use sim_draw::text::significant;

use super::words;
use crate::frame::{Frame, Value};
use crate::stored::{Stored, StoredKind};
use crate::text;

/// Designs that stand side by side; of more, the best are named.
const MAX_SIDE_BY_SIDE: usize = 16;
/// Warnings that are listed.
const MAX_WARNINGS: usize = 100;

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Times,
    Count,
    /// A fraction as per cent.
    Percent,
    /// A difference of fractions, in points of a per cent.
    Points,
    Picojoules,
    SquareMicrometres,
    Plain,
}

/// Which of two values is worth naming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Best {
    Largest,
    Least,
    /// Neither.
    None,
}

/// A column as a measure.
struct Measure {
    column: &'static str,
    label: &'static str,
    form: Form,
    best: Best,
}

const MEASURES: [Measure; 12] = [
    measure("speedup", "Speed-up", Form::Times, Best::Largest),
    measure("cycles", "Cycles", Form::Count, Best::None),
    measure("utilization", "Utilization", Form::Percent, Best::Largest),
    measure("top1", "Top-1", Form::Percent, Best::Largest),
    measure("int8_top1", "8-bit top-1", Form::Percent, Best::None),
    measure("top1_change", "Change", Form::Points, Best::None),
    measure("p_value", "p", Form::Plain, Best::None),
    measure("agreement", "Agreement", Form::Percent, Best::None),
    measure("relative_mse", "Relative error", Form::Plain, Best::Least),
    measure("total_energy_pj", "Energy", Form::Picojoules, Best::None),
    measure(
        "total_energy_per_mac_pj",
        "Energy/MAC",
        Form::Picojoules,
        Best::Least,
    ),
    measure("area_um2", "Area", Form::SquareMicrometres, Best::Least),
];

const fn measure(column: &'static str, label: &'static str, form: Form, best: Best) -> Measure {
    Measure {
        column,
        label,
        form,
        best,
    }
}

pub(super) fn render(stored: &Stored) -> Markup {
    let points = &stored.points;
    html! {
        @match points.rows() {
            [] => { p { "There is no result." } }
            [row] => { (one(points, row)) }
            rows if rows.len() <= MAX_SIDE_BY_SIDE => { (side_by_side(stored, rows)) }
            rows => { (best(stored, rows)) }
        }
        @if !stored.warnings.is_empty() {
            div.warnings role="note" {
                h3 { "Before using these numbers" }
                ul {
                    @for warning in stored.warnings.iter().take(MAX_WARNINGS) { li { (warning) } }
                }
                @if MAX_WARNINGS < stored.warnings.len() {
                    p { (MAX_WARNINGS) " of " (stored.warnings.len()) " warnings; result.json has all." }
                }
            }
        }
    }
}

fn one(points: &Frame, row: &[Value]) -> Markup {
    html! {
        (failure(points, row))
        dl.tiles {
            @for measure in &MEASURES {
                @let value = points.value(row, measure.column);
                @if *value != Value::Null {
                    div {
                        dt title=(words::hint(measure.column)) { (measure.label) }
                        dd { span title=(value.text()) { (read(value, measure.form)) } }
                        @if let Some(note) = note(points, row, measure.column) { dd.note { (note) } }
                    }
                }
            }
        }
    }
}

fn failure(points: &Frame, row: &[Value]) -> Markup {
    let error = points.value(row, words::ERROR);
    html! { @if *error != Value::Null { p.banner role="note" { (error.text()) } } }
}

/// What stands under a measure.
fn note(points: &Frame, row: &[Value], column: &str) -> Option<String> {
    let of = |name: &str| points.value(row, name);
    let percent = |name: &str| Some(format!("{:.2}", 100.0 * of(name).number()?));
    match column {
        "speedup" => Some("over the baseline".to_owned()),
        "cycles" => match of("baseline_cycles") {
            Value::Count(cycles) => Some(format!("baseline: {}", text::grouped(*cycles))),
            Value::Null | Value::Text(_) | Value::Real(_) | Value::Flag(_) => None,
        },
        "top1" => Some(format!(
            "95 %: {} to {}",
            percent("top1_low")?,
            percent("top1_high")?
        )),
        "top1_change" => Some("against exact 8-bit".to_owned()),
        "total_energy_pj" => {
            let uncertainty = significant(of("energy_uncertainty_percent").number()?);
            Some(format!("± {uncertainty} %, {} delay", of("delay_model").text()))
        }
        "area_um2" => Some(format!("table {}", of("cost_table").text())),
        "relative_mse" => Some("mean over layers".to_owned()),
        "int8_top1" => Some("exact products".to_owned()),
        "p_value" => Some("exact McNemar test".to_owned()),
        "agreement" => Some("with exact 8-bit".to_owned()),
        "utilization" => Some("of all PE-cycles".to_owned()),
        _ => None,
    }
}

fn side_by_side(stored: &Stored, rows: &[Vec<Value>]) -> Markup {
    let points = &stored.points;
    let is_there = |measure: &&Measure| {
        rows.iter()
            .any(|row| *points.value(row, measure.column) != Value::Null)
    };
    let measures: Vec<&Measure> = MEASURES.iter().filter(is_there).collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Summary of all designs" {
            table.summary {
                thead {
                    tr {
                        th scope="col" { (names_title(stored)) }
                        @for measure in &measures { th.number scope="col" title=(words::hint(measure.column)) { (measure.label) } }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (name(stored, row)) }
                            @let error = points.value(row, words::ERROR);
                            @if *error != Value::Null {
                                td.failed colspan=(measures.len()) { (error.text()) }
                            } @else {
                                @for measure in &measures {
                                    @let value = points.value(row, measure.column);
                                    td.number title=(value.text()) { (read(value, measure.form)) }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if measures.iter().any(|measure| measure.column == "top1_change") {
            p.hint { "Changes of top-1 and agreement are against exact 8-bit, changes in points, p by the exact McNemar test. Speed-ups are over the baseline, in cycles. Relative errors are means over layers." }
        } @else {
            p.hint { "Speed-ups are over the baseline, in cycles. Relative errors are means over layers." }
        }
    }
}

fn best(stored: &Stored, rows: &[Vec<Value>]) -> Markup {
    let points = &stored.points;
    let failed = |row: &&Vec<Value>| *points.value(row, words::ERROR) != Value::Null;
    let n_failed = rows.iter().filter(failed).count();
    let found = MEASURES.iter().filter_map(|measure| {
        let row = best_of(points, rows, measure)?;
        Some((measure, row))
    });
    html! {
        p {
            (text::grouped(widen(rows.len()))) " "
            @match stored.kind {
                StoredKind::Run | StoredKind::Evaluation => { "designs" }
                StoredKind::Sweep => { "points" }
            }
            @if n_failed != 0 { ", of which " strong { (text::grouped(widen(n_failed))) " failed" } " and say why in the table" }
            ". The best of each measure, alone:"
        }
        div.scroll tabindex="0" role="region" aria-label="The best of each measure" {
            table.summary {
                thead { tr { th scope="col" { "measure" } th.number scope="col" { "best" } th scope="col" { (names_title(stored)) } } }
                tbody {
                    @for (measure, row) in found {
                        @let value = points.value(row, measure.column);
                        tr {
                            th scope="row" {
                                span title=(words::hint(measure.column)) { (superlative(measure)) }
                            }
                            td.number title=(value.text()) { (read(value, measure.form)) }
                            td { (name(stored, row)) }
                        }
                    }
                }
            }
        }
    }
}

/// The first row with the best value.
fn best_of<'a>(points: &Frame, rows: &'a [Vec<Value>], measure: &Measure) -> Option<&'a Vec<Value>> {
    let mut best: Option<(f64, &Vec<Value>)> = None;
    for row in rows {
        let Some(value) = points.value(row, measure.column).number() else {
            continue;
        };
        let is_better = best.is_none_or(|(so_far, _)| match measure.best {
            Best::Largest => so_far < value,
            Best::Least => value < so_far,
            Best::None => false,
        });
        if is_better && measure.best != Best::None {
            best = Some((value, row));
        }
    }
    best.map(|(_, row)| row)
}

fn superlative(measure: &Measure) -> String {
    let (first, rest) = measure.label.split_at(1);
    let label = format!("{}{rest}", first.to_lowercase());
    match measure.best {
        Best::Largest => format!("Highest {label}"),
        Best::Least => format!("Lowest {label}"),
        Best::None => label,
    }
}

/// What stands above names.
fn names_title(stored: &Stored) -> &str {
    match (stored.axes.as_slice(), stored.kind) {
        ([axis], _) => axis,
        (_, StoredKind::Run | StoredKind::Evaluation) => "design",
        (_, StoredKind::Sweep) => "point",
    }
}

/// The values of the axes, each with its axis where there are several.
fn name(stored: &Stored, row: &[Value]) -> String {
    let value = |axis: &String| stored.points.value(row, axis);
    if let [axis] = stored.axes.as_slice() {
        return value(axis).text();
    }
    let known = stored.axes.iter().filter(|axis| *value(axis) != Value::Null);
    let named: Vec<String> = known
        .map(|axis| format!("{axis} {}", value(axis).text()))
        .collect();
    named.join(", ")
}

fn read(value: &Value, form: Form) -> String {
    let Some(number) = value.number() else {
        return if *value == Value::Null {
            "–".to_owned()
        } else {
            value.text()
        };
    };
    match form {
        Form::Times => format!("{}×", significant(number)),
        Form::Count => match value {
            Value::Count(count) => text::grouped(*count),
            Value::Null | Value::Text(_) | Value::Real(_) | Value::Flag(_) => significant(number),
        },
        Form::Percent => format!("{:.2} %", 100.0 * number),
        Form::Points => format!("{:+.2}", 100.0 * number).replace('-', "−"),
        Form::Picojoules => {
            let text::Unit { name, size } = text::energy_unit(number);
            format!("{} {name}", significant(number / size))
        }
        Form::SquareMicrometres => format!("{} mm²", significant(number / 1e6)),
        Form::Plain => significant(number),
    }
}
