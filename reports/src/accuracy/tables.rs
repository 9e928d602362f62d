//! Evaluations as CSV.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sim_core::evaluation::{Answer, Evaluation, Outputs};
use sim_draw::text::{csv, optional};

use super::object::{ArrayObject, EvaluationObject};

/// The columns of [`predictions`] before those of the arrays.
const ANSWERS: [&str; 4] = ["index", "label", "fp32", "int8"];

/// Whether a file begins as [`predictions`] does.
///
/// - Errors: it cannot be read.
pub fn is_predictions(path: &Path) -> io::Result<bool> {
    let want = ANSWERS.join(",");
    let mut head = vec![0; want.len()];
    match File::open(path)?.read_exact(&mut head) {
        Ok(()) => Ok(head == want.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// One row per image: index, label, and the classes that FP32, exact 8-bit (with predicted zeros too, where there are
/// some) and the arrays answer. The first array's column is `array`, others are called by their names.
pub fn predictions(evaluation: &Evaluation) -> String {
    let others = evaluation.arrays.iter().skip(1).map(|array| array.name.as_str());
    let first = evaluation.arrays.first().map(|_| "array");
    let has_predicted = evaluation
        .images
        .iter()
        .any(|image| image.int8_predicted.is_some());
    let predicted = has_predicted.then_some("int8_predicted");
    let header = ANSWERS.into_iter().chain(predicted).chain(first).chain(others);
    let class = |answer: &Answer| match evaluation.outputs {
        Outputs::Classes => answer.class.to_string(),
        Outputs::Values => String::new(),
    };
    let mut rows = Vec::new();
    for (index, image) in evaluation.images.iter().enumerate() {
        let mut row = vec![
            index.to_string(),
            optional(image.label),
            class(&image.fp32),
            class(&image.int8),
        ];
        row.extend(image.int8_predicted.iter().chain(&image.arrays).map(class));
        rows.push(row);
    }
    csv(header, &rows)
}

/// One row per array; fractions, cycles and pJ over all images.
pub fn arrays(object: &EvaluationObject) -> String {
    let header = "name,images,fp32_top1,int8_top1,array_top1,array_top1_low,array_top1_high,array_top5,lost,gained,p_value,\
                  agreement,output_error,cycles,baseline_cycles,speedup,utilization,energy_pj";
    let mut rows = Vec::new();
    for array in object.arrays() {
        let ArrayObject {
            array: accuracy,
            flips,
            ..
        } = array;
        rows.push(vec![
            array.name.clone(),
            object.images.to_string(),
            optional(object.fp32.top1),
            optional(object.int8.top1),
            optional(accuracy.top1),
            optional(accuracy.top1_interval.map(|interval| interval.low)),
            optional(accuracy.top1_interval.map(|interval| interval.high)),
            optional(accuracy.top5),
            optional(flips.lost),
            optional(flips.gained),
            optional(flips.p_value),
            optional(array.agreement),
            array.output_error.to_string(),
            array.cycles.to_string(),
            array.baseline_cycles.to_string(),
            optional(array.speedup),
            optional(array.utilization),
            optional(array.energy_pj.as_ref().map(|energy| energy.value)),
        ]);
    }
    csv(header.split(','), &rows)
}

/// One row per array and class; null is an empty field.
pub fn classes(object: &EvaluationObject) -> String {
    let header = ["name", "class", "images", "fp32", "int8", "array"];
    let mut rows = Vec::new();
    for array in object.arrays() {
        for class in array.classes.iter().flatten() {
            rows.push(vec![
                array.name.clone(),
                class.class.to_string(),
                class.images.to_string(),
                class.fp32.to_string(),
                class.int8.to_string(),
                class.array.to_string(),
            ]);
        }
    }
    csv(header, &rows)
}
