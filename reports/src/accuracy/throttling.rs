//! Automatic throttling, step by step: its JSON object, its CSV and its text.

use sim_draw::text::optional;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::counters::ErrorSums;
use sim_core::shape::widen;
use sim_core::throttle::{MaxDrop, ThrottleStep, Throttling};
use sim_core::units::count_as_f64;

use crate::frame::{Column, ColumnType, Frame};
use crate::markdown::{Align, table};
use crate::text;
use crate::{metrics, ratio};

/// Throttling of the first array, on the images that it learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThrottlingObject {
    /// Points of top-1 that were allowed to be lost; null: all steps were taken.
    pub max_drop: Option<f64>,
    /// Whether the last step loses no more.
    pub reached: bool,
    /// Images that it was measured on.
    pub images: usize,
    /// The first is the array as built, the last one the array that is used.
    pub steps: Vec<StepObject>,
}

/// The array at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepObject {
    /// The layer that was lowered to get here; null in the first step.
    pub lowered: Option<String>,
    /// Threads of that layer now.
    pub threads: Option<usize>,
    /// Top-1 of exact 8-bit, which predicts zeros as the array does; a fraction.
    pub int8_top1: f64,
    /// Top-1 of the array, a fraction.
    pub array_top1: f64,
    /// Cycles over the images.
    pub cycles: u64,
    /// Cycles on the baseline.
    pub baseline_cycles: u64,
    /// Baseline cycles per cycle.
    pub speedup: f64,
    /// By name of every simulated layer.
    pub layers: BTreeMap<String, StepLayerObject>,
}

/// A layer at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepLayerObject {
    /// Threads it runs with.
    pub threads: usize,
    /// Mean squared error over the mean square of the exact output; null where that output is zero.
    pub relative_error: Option<f64>,
}

impl ThrottlingObject {
    /// The object of a record.
    pub fn of(throttling: &Throttling) -> Self {
        Self {
            max_drop: throttling.max_drop.map(MaxDrop::points),
            reached: throttling.is_reached(),
            images: throttling.n_images,
            steps: throttling
                .steps
                .iter()
                .map(|step| StepObject::of(step, throttling.n_images))
                .collect(),
        }
    }
}

impl StepObject {
    fn of(step: &ThrottleStep, n_images: usize) -> Self {
        let share = |n: usize| count_as_f64(widen(n)) / count_as_f64(widen(n_images.max(1)));
        let lowered = step.lowered.as_ref();
        Self {
            lowered: lowered.cloned(),
            threads: step
                .layers
                .iter()
                .find(|layer| Some(&layer.name) == lowered)
                .map(|layer| layer.threads.count()),
            int8_top1: share(step.int8_right),
            array_top1: share(step.array_right),
            cycles: step.cycles.0,
            baseline_cycles: step.baseline_cycles.0,
            speedup: ratio::speedup(step.baseline_cycles, step.cycles),
            layers: step
                .layers
                .iter()
                .map(|layer| {
                    let of_layer = StepLayerObject {
                        threads: layer.threads.count(),
                        relative_error: relative(&layer.error),
                    };
                    (layer.name.clone(), of_layer)
                })
                .collect(),
        }
    }
}

/// The steps as a table.
pub(crate) fn frame(throttling: &ThrottlingObject) -> Frame {
    let mut frame = Frame::new(vec![
        Column::new("step", ColumnType::Count),
        Column::new("speedup", ColumnType::Real),
        Column::new("top1", ColumnType::Real),
        Column::new("int8_top1", ColumnType::Real),
        Column::new("lowered", ColumnType::Text),
        Column::new("threads", ColumnType::Count),
    ]);
    for (index, step) in throttling.steps.iter().enumerate() {
        frame.push(vec![
            index.into(),
            step.speedup.into(),
            step.array_top1.into(),
            step.int8_top1.into(),
            step.lowered.as_deref().into(),
            step.threads.into(),
        ]);
    }
    frame
}

fn relative(error: &ErrorSums) -> Option<f64> {
    if error.squared_error == 0 {
        return Some(0.0);
    }
    ratio::snr_db(error).map(ratio::relative_error_of)
}

/// One row per step.
pub fn csv(throttling: &ThrottlingObject) -> String {
    let header = [
        "step",
        "lowered",
        "threads",
        "images",
        "int8_top1",
        "array_top1",
        "cycles",
        "baseline_cycles",
        "speedup",
    ];
    let mut rows = Vec::new();
    for (index, step) in throttling.steps.iter().enumerate() {
        rows.push(vec![
            index.to_string(),
            optional(step.lowered.as_deref()),
            optional(step.threads),
            throttling.images.to_string(),
            step.int8_top1.to_string(),
            step.array_top1.to_string(),
            step.cycles.to_string(),
            step.baseline_cycles.to_string(),
            step.speedup.to_string(),
        ]);
    }
    sim_draw::text::csv(header, &rows)
}

/// The steps as Markdown.
pub(super) fn section(throttling: &ThrottlingObject) -> String {
    let header = [
        ("step".to_owned(), Align::Right),
        ("lowered".to_owned(), Align::Left),
        ("threads".to_owned(), Align::Right),
        (metrics::head("top1"), Align::Right),
        ("exact 8-bit %".to_owned(), Align::Right),
        (metrics::head("speedup"), Align::Right),
    ];
    let rows: Vec<Vec<String>> = throttling
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            vec![
                index.to_string(),
                step.lowered.clone().unwrap_or_else(|| "–".to_owned()),
                step.threads
                    .map_or_else(|| "–".to_owned(), |threads| threads.to_string()),
                metrics::cell("top1", step.array_top1),
                metrics::cell("int8_top1", step.int8_top1),
                metrics::cell("speedup", step.speedup),
            ]
        })
        .collect();
    let aim = match throttling.max_drop {
        Some(points) if throttling.reached => {
            format!("until top-1 is within {points} points of exact 8-bit")
        }
        Some(points) => format!(
            "towards {points} points of exact 8-bit, which is not reached with one thread in every layer"
        ),
        None => "down to one thread in every layer".to_owned(),
    };
    format!(
        "\n## Throttling\n\nMeasured on {} images, {aim}. The layer with the largest error relative to its output is \
         lowered first.\n\n{}",
        text::grouped(widen(throttling.images)),
        table(&header, &rows)
    )
}
