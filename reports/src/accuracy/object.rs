//! The JSON object of an evaluation: names of keys are a contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::evaluation::{Answer, ArrayEvaluation, Evaluation, ImageRecord, Outputs};
use sim_core::record::UnsimulatedLayer;
use sim_core::shape::widen;
use sim_core::throttle::Throttling;
use sim_core::units::count_as_f64;
use sim_cost::table::Table;

use super::images::{LearnedObject, SkippedObject};
use super::significance::{Interval, mcnemar, paired_difference, wilson};
use super::throttling::ThrottlingObject;
use crate::coverage::{Coverage, unsimulated_macs};
use crate::echo::ArrayEcho;
use crate::json::{self, EnergyObject, LayerObject, VERSION};
use crate::prediction::{PredictionEcho, PredictionObject};
use crate::pruning::Pruning;
use crate::result::CostTable;
use crate::run::InputFile;
use crate::totals::Totals;
use crate::warning::{Warning, Warnings};

/// Classes below which the first five say little.
const MIN_CLASSES_OF_TOP5: usize = 6;

/// How often answers are right, as fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The label is the largest output; null without labels.
    pub top1: Option<f64>,
    /// Where the true fraction lies, at 95 %; null without labels.
    pub top1_interval: Option<Interval>,
    /// The label is among the five largest outputs; null without labels and below six classes.
    pub top5: Option<f64>,
}

/// Images whose answer turned right or wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flips {
    /// Exact 8-bit is right, the array wrong; null without labels.
    pub lost: Option<usize>,
    /// The reverse; null without labels.
    pub gained: Option<usize>,
    /// Exact two-sided McNemar test; null without labels.
    pub p_value: Option<f64>,
    /// Where the true difference of the fractions lies, at 95 %; null without labels.
    pub difference_interval: Option<Interval>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassObject {
    /// Its index.
    pub class: usize,
    /// Images with this label.
    pub images: usize,
    /// Of them, right in FP32.
    pub fp32: usize,
    /// Of them, right in exact 8-bit.
    pub int8: usize,
    /// Of them, right on the array.
    pub array: usize,
}

/// Images whose answer is another one on the array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeObject {
    /// The class that exact 8-bit answers.
    pub from: usize,
    /// The class that the array answers.
    pub to: usize,
    /// How many.
    pub images: usize,
}

/// Exact 8-bit with predicted zeros: what is wrong in it is not the array's fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predicted8Bit {
    /// How often its answers are right.
    #[serde(flatten)]
    pub accuracy: Accuracy,
    /// Against exact 8-bit.
    pub flips: Flips,
    /// Mean over images and classes of |output − FP32 output|.
    pub output_error: f64,
    /// What was predicted.
    #[serde(flatten)]
    pub prediction: PredictionObject,
}

/// What one array makes of the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrayObject {
    /// Its name, as the user gave it.
    pub name: String,
    /// The array as built; `spec` of the evaluation stands beside it.
    #[serde(rename = "array_spec")]
    pub spec: ArrayEcho,
    /// What it is compared with.
    pub baseline: ArrayEcho,
    /// How often its answers are right.
    pub array: Accuracy,
    /// Against exact 8-bit.
    pub flips: Flips,
    /// Images on which it and exact 8-bit answer alike, as a fraction; null where outputs are not classes.
    pub agreement: Option<f64>,
    /// Images on which they differ, by both answers, in their order.
    pub changes: Vec<ChangeObject>,
    /// Mean over images and classes of |output − FP32 output|.
    pub output_error: f64,
    /// What predicted zeros were and lost on the array; null where nothing is predicted.
    pub prediction: Option<PredictionObject>,
    /// Right answers by class; null without labels.
    pub classes: Option<Vec<ClassObject>>,
    /// Cycles over all images.
    pub cycles: u64,
    /// Cycles on the baseline.
    pub baseline_cycles: u64,
    /// Baseline cycles per cycle; null without layers.
    pub speedup: Option<f64>,
    /// PE-steps with an active thread, of all PE-cycles; null without layers.
    pub utilization: Option<f64>,
    /// Energy over all images; null where the table lacks a row.
    pub energy_pj: Option<EnergyObject>,
    /// Which part of the network cycles and energy are of.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// One object per simulated layer.
    pub layers: Vec<LayerObject>,
}

/// `sysmt eval --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationObject {
    /// Version of the object.
    pub version: u32,
    /// Version of the program.
    pub sysmt_version: String,
    /// Images that were evaluated.
    pub images: usize,
    /// Images that were asked for.
    pub images_asked: usize,
    /// Outputs of the network.
    pub n_classes: usize,
    /// Whether the work was stopped before the last image.
    pub partial: bool,
    /// The network before it was pruned; null where it was not.
    pub fp32_unpruned: Option<Accuracy>,
    /// The network as it is, pruned where it was.
    pub fp32: Accuracy,
    /// The simulated layers in 8 bits with exact products.
    pub int8: Accuracy,
    /// Mean over images and classes of |output − FP32 output| of exact 8-bit.
    pub int8_output_error: f64,
    /// Exact 8-bit with predicted zeros; null where nothing is predicted.
    pub int8_predicted: Option<Predicted8Bit>,
    /// The first array.
    #[serde(flatten)]
    pub first: ArrayObject,
    /// All other arrays.
    pub compared: Vec<ArrayObject>,
    /// How the threads of the first array's layers were found; null where nobody looked for them.
    pub throttling: Option<ThrottlingObject>,
    /// What pruning did to the weights; null where nothing was pruned.
    pub pruning: Option<Pruning>,
    /// Images that were left out; null where that was not asked for.
    pub skipped: Option<SkippedObject>,
    /// Images that methods learned from; null where none did.
    pub learned_from: Option<LearnedObject>,
    /// Layers that were not simulated.
    pub unsimulated: Vec<UnsimulatedLayer>,
    /// Files that went in.
    pub inputs: Vec<InputFile>,
    /// What the user asked for, with every default filled in.
    pub spec: serde_json::Value,
    /// Where energies and areas come from.
    pub cost_table: CostTable,
    /// What a reader has to know before using the numbers.
    pub warnings: Vec<Warning>,
}

/// What an evaluation leaves behind, from which its results are made.
#[derive(Clone, Debug)]
pub struct EvaluationRecord {
    /// Version of the program.
    pub simulator_version: String,
    /// Answers and counts.
    pub evaluation: Evaluation,
    /// How the threads of the first array's layers were found; `None`: nobody looked for them.
    pub throttling: Option<Throttling>,
    /// What pruning did to the weights; `None`: nothing was pruned.
    pub pruning: Option<Pruning>,
    /// Images that were left out; `None`: that was not asked for.
    pub skipped: Option<SkippedObject>,
    /// Images that methods learned from; `None`: none did.
    pub learned_from: Option<LearnedObject>,
    /// What predicts zeros; `None`: nothing does.
    pub prediction: Option<PredictionEcho>,
    /// Layers that were not simulated, in the network's order.
    pub unsimulated: Vec<UnsimulatedLayer>,
    /// Files that went in.
    pub inputs: Vec<InputFile>,
    /// What the user asked for, with every default filled in.
    pub spec: serde_json::Value,
    /// Where energies and areas come from.
    pub table: Table,
    /// What the caller has to warn of; reports add their own.
    pub warnings: Vec<Warning>,
}

/// Whose answers.
type AnswerOf<'a> = &'a dyn Fn(&ImageRecord) -> Answer;

impl Accuracy {
    fn of(evaluation: &Evaluation, answer: AnswerOf<'_>) -> Self {
        let images = &evaluation.images;
        let n_in_top = |n: usize| images.iter().filter(|image| answer(image).is_in_top(n)).count();
        let labelled = evaluation.is_labelled();
        let n_right = n_in_top(1);
        Self {
            top1: labelled.then(|| share(n_right, images.len())),
            top1_interval: labelled.then(|| wilson(n_right, images.len())),
            top5: (labelled && MIN_CLASSES_OF_TOP5 <= evaluation.n_classes)
                .then(|| share(n_in_top(5), images.len())),
        }
    }
}

impl Flips {
    fn of(evaluation: &Evaluation, answer: AnswerOf<'_>) -> Self {
        let count = |is_flip: &dyn Fn(bool, bool) -> bool| {
            let images = evaluation.images.iter();
            images
                .filter(|image| is_flip(image.int8.is_in_top(1), answer(image).is_in_top(1)))
                .count()
        };
        let lost = count(&|before, after| before && !after);
        let gained = count(&|before, after| !before && after);
        let labelled = evaluation.is_labelled();
        Self {
            lost: labelled.then_some(lost),
            gained: labelled.then_some(gained),
            p_value: labelled.then(|| mcnemar(lost, gained)),
            difference_interval: labelled.then(|| paired_difference(lost, gained, evaluation.images.len())),
        }
    }
}

impl Predicted8Bit {
    fn of(evaluation: &Evaluation, echo: &PredictionEcho) -> Self {
        // Every image has it where anything is predicted.
        let answer = |image: &ImageRecord| image.int8_predicted.unwrap_or(image.int8);
        let images = &evaluation.images;
        let errors = images.iter().map(|image| image.output_errors.int8_predicted);
        Self {
            accuracy: Accuracy::of(evaluation, &answer),
            flips: Flips::of(evaluation, &answer),
            output_error: mean(errors.map(Option::unwrap_or_default)),
            prediction: PredictionObject::of(echo, &evaluation.predicted, widen(images.len())),
        }
    }
}

impl ArrayObject {
    fn of(
        evaluation: &Evaluation,
        index: usize,
        array: &ArrayEvaluation,
        record: &EvaluationRecord,
        warnings: &mut Warnings,
    ) -> Self {
        let (table, unsimulated_macs) = (&record.table, unsimulated_macs(&record.unsimulated));
        let (layers, of_layers) = json::layers(&array.layers, &array.array, table);
        warnings.extend(of_layers);
        let totals = Totals::of(&layers, &array.array, unsimulated_macs);
        warnings.extend(totals.coverage.warning());
        let answer = |image: &ImageRecord| image.arrays[index];
        let images = &evaluation.images;
        let changes = changes(evaluation, index);
        let n_changed: usize = changes.iter().map(|change| change.images).sum();
        Self {
            name: array.name.clone(),
            spec: ArrayEcho::of(&array.array),
            baseline: ArrayEcho::of(&array.baseline),
            array: Accuracy::of(evaluation, &answer),
            flips: Flips::of(evaluation, &answer),
            agreement: (evaluation.outputs == Outputs::Classes)
                .then(|| share(images.len() - n_changed, images.len())),
            changes,
            output_error: mean(images.iter().map(|image| image.output_errors.arrays[index])),
            prediction: (record.prediction.as_ref())
                .map(|echo| PredictionObject::of(echo, &array.predicted, widen(images.len()))),
            classes: evaluation.is_labelled().then(|| classes(evaluation, index)),
            cycles: totals.cycles.0,
            baseline_cycles: totals.baseline_cycles.0,
            speedup: totals.speedup,
            utilization: totals.utilization,
            energy_pj: totals.energy_pj,
            coverage: totals.coverage,
            layers,
        }
    }
}

impl EvaluationObject {
    /// The object of a record with at least one array; `None` without any.
    pub fn of(record: &EvaluationRecord) -> Option<Self> {
        let evaluation = &record.evaluation;
        let mut warnings = Warnings::default();
        warnings.extend(record.warnings.iter().cloned());
        if evaluation.is_partial() {
            warnings.push(Warning::Partial {
                done: evaluation.images.len(),
                asked: evaluation.n_asked,
            });
        }
        if record
            .throttling
            .as_ref()
            .is_some_and(|throttling| !throttling.is_reached())
        {
            warnings.push(Warning::NotReached);
        }
        warnings.extend(record.skipped.iter().flat_map(SkippedObject::warnings));
        warnings.extend(record.learned_from.as_ref().and_then(LearnedObject::warning));
        let mut arrays = Vec::new();
        for (index, array) in evaluation.arrays.iter().enumerate() {
            arrays.push(ArrayObject::of(evaluation, index, array, record, &mut warnings));
        }
        let mut arrays = arrays.into_iter();
        let first = arrays.next()?;
        Some(Self {
            version: VERSION,
            sysmt_version: record.simulator_version.clone(),
            images: evaluation.images.len(),
            images_asked: evaluation.n_asked,
            n_classes: evaluation.n_classes,
            partial: evaluation.is_partial(),
            // Either every image was also run unpruned, or none was.
            fp32_unpruned: (evaluation.images.iter().all(|image| image.unpruned.is_some()))
                .then(|| Accuracy::of(evaluation, &|image| image.unpruned.unwrap_or(image.fp32))),
            fp32: Accuracy::of(evaluation, &|image| image.fp32),
            int8: Accuracy::of(evaluation, &|image| image.int8),
            int8_output_error: mean(evaluation.images.iter().map(|image| image.output_errors.int8)),
            int8_predicted: (record.prediction.as_ref()).map(|echo| Predicted8Bit::of(evaluation, echo)),
            first,
            compared: arrays.collect(),
            throttling: record.throttling.as_ref().map(ThrottlingObject::of),
            pruning: record.pruning.clone(),
            skipped: record.skipped.clone(),
            learned_from: record.learned_from.clone(),
            unsimulated: record.unsimulated.clone(),
            inputs: record.inputs.clone(),
            spec: record.spec.clone(),
            cost_table: CostTable::of(&record.table),
            warnings: warnings.into_vec(),
        })
    }

    /// Every array, the first one first.
    pub fn arrays(&self) -> impl Iterator<Item = &ArrayObject> {
        std::iter::once(&self.first).chain(&self.compared)
    }
}

fn classes(evaluation: &Evaluation, index: usize) -> Vec<ClassObject> {
    let mut classes: Vec<ClassObject> = (0..evaluation.n_classes)
        .map(|class| ClassObject {
            class,
            images: 0,
            fp32: 0,
            int8: 0,
            array: 0,
        })
        .collect();
    for image in &evaluation.images {
        let Some(class) = image.label.and_then(|label| classes.get_mut(label)) else {
            continue;
        };
        class.images += 1;
        class.fp32 += usize::from(image.fp32.is_in_top(1));
        class.int8 += usize::from(image.int8.is_in_top(1));
        class.array += usize::from(image.arrays[index].is_in_top(1));
    }
    classes
}

fn changes(evaluation: &Evaluation, index: usize) -> Vec<ChangeObject> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let images = match evaluation.outputs {
        Outputs::Classes => &evaluation.images[..],
        Outputs::Values => &[],
    };
    for image in images {
        let (from, to) = (image.int8.class, image.arrays[index].class);
        if from != to {
            *counts.entry((from, to)).or_default() += 1;
        }
    }
    let change = |((from, to), images)| ChangeObject { from, to, images };
    counts.into_iter().map(change).collect()
}

fn share(part: usize, whole: usize) -> f64 {
    count_as_f64(widen(part)) / count_as_f64(widen(whole.max(1)))
}

/// Of values in order; 0 of none.
fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = count_as_f64(widen(values.len().max(1)));
    values.sum::<f64>() / n
}
