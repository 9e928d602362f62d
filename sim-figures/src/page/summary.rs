//! What a reader looks for first: measures of one design, of a few side by side, or the best of many.

use maud::{Markup, html};
use sim_core::shape::widen;
use sim_draw::text::significant;

use reports::frame::{Frame, Value};
use reports::metrics::{self, About, Better};
use reports::stored::{Stored, StoredKind};
use reports::text;

/// Designs that stand side by side; of more, the best are named.
const MAX_SIDE_BY_SIDE: usize = 16;
/// Warnings that are listed.
const MAX_WARNINGS: usize = 100;

/// What a reader looks for, in this order.
const MEASURES: [&str; 14] = [
    "speedup_network",
    "share",
    "speedup",
    "cycles",
    "utilization",
    "top1",
    "int8_top1",
    "top1_change",
    "p_value",
    "agreement",
    "relative_mse",
    "total_energy_pj",
    "total_energy_per_mac_pj",
    "area_um2",
];
/// Those of them whose best value is worth naming, whatever the workload.
const WITH_A_BEST: [&str; 7] = [
    "speedup_network",
    "speedup",
    "utilization",
    "top1",
    "relative_mse",
    "total_energy_per_mac_pj",
    "area_um2",
];

fn measures() -> impl Iterator<Item = &'static About> {
    MEASURES.into_iter().filter_map(metrics::about)
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
                    @for warning in stored.warnings.iter().take(MAX_WARNINGS) { li { (warning.to_string()) } }
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
            @for measure in measures() {
                @let value = points.value(row, measure.name);
                @if *value != Value::Null {
                    div {
                        dt title=(measure.hint) { (measure.label) }
                        dd { span title=(value.text()) { (measure.read(value)) } }
                        @if let Some(note) = note(points, row, measure.name) { dd.note { (note) } }
                    }
                }
            }
        }
    }
}

fn failure(points: &Frame, row: &[Value]) -> Markup {
    let error = points.value(row, metrics::ERROR);
    html! { @if *error != Value::Null { p.banner role="note" { (error.text()) } } }
}

/// What stands under a measure.
fn note(points: &Frame, row: &[Value], column: &str) -> Option<String> {
    let of = |name: &str| points.value(row, name);
    let percent = |name: &str| Some(metrics::cell(name, of(name).number()?));
    match column {
        "speedup_network" => Some("with what is not simulated".to_owned()),
        "share" => Some("simulated".to_owned()),
        "speedup" => Some("of the simulated layers, over the baseline".to_owned()),
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
    let is_there = |measure: &&About| {
        rows.iter()
            .any(|row| *points.value(row, measure.name) != Value::Null)
    };
    let measures: Vec<&About> = measures().filter(is_there).collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Summary of all designs" {
            table.summary {
                thead {
                    tr {
                        th scope="col" { (names_title(stored)) }
                        @for measure in &measures { th.number scope="col" title=(measure.hint) { (measure.label) } }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (name(stored, row)) }
                            @let error = points.value(row, metrics::ERROR);
                            @if *error != Value::Null {
                                td.failed colspan=(measures.len()) { (error.text()) }
                            } @else {
                                @for measure in &measures {
                                    @let value = points.value(row, measure.name);
                                    td.number title=(value.text()) { (measure.read(value)) }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if measures.iter().any(|measure| measure.name == "top1_change") {
            p.hint { "Changes of top-1 and agreement are against exact 8-bit, changes in points, p by the exact McNemar test. Speed-ups are over the baseline, in cycles: of the network, and of its simulated layers. Relative errors are means over layers." }
        } @else {
            p.hint { "Speed-ups are over the baseline, in cycles: of the network, and of its simulated layers. Relative errors are means over layers." }
        }
    }
}

fn best(stored: &Stored, rows: &[Vec<Value>]) -> Markup {
    let points = &stored.points;
    let failed = |row: &&Vec<Value>| *points.value(row, metrics::ERROR) != Value::Null;
    let n_failed = rows.iter().filter(failed).count();
    let found = WITH_A_BEST
        .into_iter()
        .filter_map(metrics::about)
        .filter_map(|measure| {
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
                        @let value = points.value(row, measure.name);
                        tr {
                            th scope="row" {
                                span title=(measure.hint) { (superlative(measure)) }
                            }
                            td.number title=(value.text()) { (measure.read(value)) }
                            td { (name(stored, row)) }
                        }
                    }
                }
            }
        }
    }
}

/// The first row with the best value.
fn best_of<'a>(points: &Frame, rows: &'a [Vec<Value>], measure: &About) -> Option<&'a Vec<Value>> {
    let mut best: Option<(f64, &Vec<Value>)> = None;
    for row in rows {
        let Some(value) = points.value(row, measure.name).number() else {
            continue;
        };
        let is_better = best.is_none_or(|(so_far, _)| match measure.better {
            Better::High => so_far < value,
            Better::Low => value < so_far,
            Better::Neither => false,
        });
        if is_better {
            best = Some((value, row));
        }
    }
    best.map(|(_, row)| row)
}

fn superlative(measure: &About) -> String {
    let (first, rest) = measure.label.split_at(1);
    let label = format!("{}{rest}", first.to_lowercase());
    match measure.better {
        Better::High => format!("Highest {label}"),
        Better::Low => format!("Lowest {label}"),
        Better::Neither => label,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_looks_for_is_measured() {
        assert_eq!(measures().count(), MEASURES.len());
        for name in WITH_A_BEST {
            assert!(MEASURES.contains(&name), "{name}");
            let about = metrics::about(name).unwrap();
            assert_ne!(about.better, Better::Neither, "{name}");
        }
    }
}
