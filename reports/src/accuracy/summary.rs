//! What a person reads of an evaluation.

use std::fmt::Write as _;

use super::object::{Accuracy, ArrayObject, EvaluationObject};
use super::significance::Interval;
use super::throttling;
use crate::markdown::{Align, table};
use crate::metrics;
use crate::prediction::PredictionTotals;
use crate::summary::{ERRORS, TIMES, caveats, code_bits, shape};
use crate::text::grouped;

/// Classes that a table has rows for.
const MAX_CLASSES: usize = 20;
/// Below this probability a difference is called more than chance.
const SIGNIFICANT: f64 = 0.05;

/// The evaluation as Markdown.
pub fn text(object: &EvaluationObject) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "# {} images{}\n",
        grouped(sim_core::shape::widen(object.images)),
        if object.partial { ", a part" } else { "" }
    );
    for input in &object.inputs {
        text.push_str(&input.line());
    }
    if let Some(pruning) = &object.pruning {
        let _ = writeln!(text, "- pruning: {}", pruning.line());
    }
    if let Some(learned) = &object.learned_from {
        let _ = writeln!(text, "- {}", learned.line());
    }
    if let Some(bits) = code_bits(&object.first.layers) {
        let _ = writeln!(text, "- codes: {bits}; *exact 8-bit* multiplies these exactly");
    }
    let _ = writeln!(text, "- simulated: {}", object.first.coverage.sentence());
    let _ = writeln!(text, "- sysmt {}\n", object.sysmt_version);
    text.push_str(&answers(object));
    text.push_str("\nOutput error: the mean over images and classes of |output − FP32 output|.\n");
    for array in object.arrays() {
        let _ = writeln!(text, "\n{}", verdict(array));
    }
    if let Some(predicted) = &object.int8_predicted {
        let prediction = &predicted.prediction;
        let _ = write!(
            text,
            "\n## Predicted zeros\n\nIn exact 8-bit: {}.\n\n{}",
            prediction.line(),
            prediction.table()
        );
        for array in object.arrays() {
            if let Some(totals) = PredictionTotals::of(&array.layers) {
                let _ = write!(text, "\nOn {}: {}\n", array.name, totals.lines());
            }
        }
    }
    text.push_str(&classes(object));
    if let Some(throttling) = &object.throttling {
        text.push_str(&throttling::section(throttling));
    }
    text.push_str(&layers(object));
    if let Some(pruning) = &object.pruning {
        let _ = write!(text, "\n## Pruned weights\n\n{}", pruning.table());
    }
    text.push_str(&caveats(&object.unsimulated, &object.warnings));
    text
}

fn answers(object: &EvaluationObject) -> String {
    let mut header = vec![
        ("network".to_owned(), Align::Left),
        (metrics::head("top1"), Align::Right),
        ("95 % interval".to_owned(), Align::Right),
        (metrics::head("top5"), Align::Right),
        ("as exact 8-bit %".to_owned(), Align::Right),
    ];
    header.extend(metrics::heads(&[
        "output_error",
        "cycles",
        "speedup",
        "speedup_network",
        "utilization",
        "energy_pj",
    ]));
    let exact = |name: &str, accuracy: &Accuracy, error: Option<f64>| {
        let mut row = vec![name.to_owned()];
        row.extend(accuracy_cells(accuracy));
        row.extend([dash(), metrics::cell("output_error", error)]);
        row.extend(["–"; 5].map(str::to_owned));
        row
    };
    let mut rows = Vec::new();
    match &object.fp32_unpruned {
        Some(unpruned) => rows.extend([
            exact("FP32, not pruned", unpruned, None),
            exact("FP32, pruned", &object.fp32, Some(0.0)),
        ]),
        None => rows.push(exact("FP32", &object.fp32, Some(0.0))),
    }
    rows.push(exact("exact 8-bit", &object.int8, Some(object.int8_output_error)));
    if let Some(predicted) = &object.int8_predicted {
        rows.push(exact(
            "exact 8-bit, predicted zeros",
            &predicted.accuracy,
            Some(predicted.output_error),
        ));
    }
    for array in object.arrays() {
        let mut row = vec![array.name.clone()];
        row.extend(accuracy_cells(&array.array));
        let energy = array.energy_pj.as_ref().map(|energy| energy.value);
        row.extend([
            metrics::cell("agreement", array.agreement),
            metrics::cell("output_error", array.output_error),
            metrics::cell("cycles", array.cycles),
            metrics::cell("speedup", array.speedup),
            metrics::cell("speedup_network", array.coverage.speedup_network),
            metrics::cell("utilization", array.utilization),
            metrics::cell("energy_pj", energy),
        ]);
        rows.push(row);
    }
    table(&header, &rows)
}

fn accuracy_cells(accuracy: &Accuracy) -> [String; 3] {
    [
        metrics::cell("top1", accuracy.top1),
        accuracy
            .top1_interval
            .map_or_else(dash, |Interval { low, high }| {
                format!("{:.2}–{:.2}", 100.0 * low, 100.0 * high)
            }),
        metrics::cell("top5", accuracy.top5),
    ]
}

/// What the flips of an array say.
fn verdict(array: &ArrayObject) -> String {
    let (Some(lost), Some(gained), Some(p_value)) =
        (array.flips.lost, array.flips.gained, array.flips.p_value)
    else {
        return match array.agreement {
            Some(agreement) => format!(
                "{}: the images have no labels; it answers like exact 8-bit on {} %.",
                array.name,
                metrics::cell("agreement", agreement)
            ),
            None => format!(
                "{}: the output is not one value for each class, so there are no answers to count; its mean distance from \
                 FP32 is {}.",
                array.name,
                metrics::cell("output_error", array.output_error)
            ),
        };
    };
    let interval = array
        .flips
        .difference_interval
        .map_or_else(dash, |Interval { low, high }| {
            format!("{:+.2} to {:+.2}", 100.0 * low, 100.0 * high)
        });
    let judgement = if p_value < SIGNIFICANT {
        "more than chance"
    } else {
        "inside the noise"
    };
    format!(
        "{}: of the images that exact 8-bit gets right it loses {lost}, of the others it gains {gained} (exact McNemar \
         test p = {}; difference {interval} points at 95 %): {judgement}.",
        array.name,
        metrics::cell("p_value", p_value)
    )
}

/// Right answers by class, where there are labels and not too many classes for a reader.
fn classes(object: &EvaluationObject) -> String {
    let Some(first) = object
        .first
        .classes
        .as_ref()
        .filter(|classes| classes.len() <= MAX_CLASSES)
    else {
        return String::new();
    };
    let arrays: Vec<&ArrayObject> = object.arrays().collect();
    let mut header = ["class", "images", "FP32", "exact 8-bit"]
        .map(|name| (name, Align::Right))
        .to_vec();
    header.extend(arrays.iter().map(|array| (array.name.as_str(), Align::Right)));
    let rows: Vec<Vec<String>> = first
        .iter()
        .enumerate()
        .map(|(index, class)| {
            let counts = [class.class, class.images, class.fp32, class.int8];
            let on_arrays = arrays
                .iter()
                .filter_map(|array| array.classes.as_ref()?.get(index).map(|class| class.array));
            counts
                .into_iter()
                .chain(on_arrays)
                .map(|count| count.to_string())
                .collect()
        })
        .collect();
    format!("\n## Right answers by class\n\n{}", table(&header, &rows))
}

fn layers(object: &EvaluationObject) -> String {
    let measures = [&TIMES[..], &ERRORS].concat();
    let mut header = vec![
        ("#".to_owned(), Align::Right),
        ("layer".to_owned(), Align::Left),
        ("M×N×K".to_owned(), Align::Left),
        ("threads".to_owned(), Align::Right),
    ];
    header.extend(metrics::heads(&measures));
    let mut text = String::new();
    for array in object.arrays() {
        let rows: Vec<Vec<String>> = (1..)
            .zip(&array.layers)
            .map(|(number, layer): (usize, _)| {
                let mut row = vec![
                    number.to_string(),
                    layer.name.clone(),
                    shape(layer.product.shape),
                    layer.threads.map_or_else(dash, |threads| threads.to_string()),
                ];
                row.extend(metrics::layer_cells(&measures, layer, &array.spec));
                row
            })
            .collect();
        // Writing to a string does not fail.
        let _ = write!(text, "\n## Layers on {}\n\n{}", array.name, table(&header, &rows));
    }
    text
}

fn dash() -> String {
    "–".to_owned()
}
