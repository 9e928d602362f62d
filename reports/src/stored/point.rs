//! A design with everything that was counted about it, as it is stored.

use serde::{Deserialize, Serialize};
use sim_core::spec::ArraySpec;

use crate::accuracy::object::{Accuracy, ArrayObject, EvaluationObject, Flips};
use crate::echo::ArrayEcho;
use crate::json::LayerObject;
use crate::result::ResultFile;
use crate::warning::Warning;

/// A design and its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointObject {
    /// The array as built.
    pub array: ArrayEcho,
    /// What it is compared with.
    pub baseline: ArrayEcho,
    /// One object per simulated layer.
    pub layers: Vec<LayerObject>,
    /// Answers; null where nobody asked.
    pub accuracy: Option<PointAccuracy>,
    /// What a reader has to know before using the numbers.
    pub warnings: Vec<Warning>,
}

/// What a network answers on a design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointAccuracy {
    /// Images evaluated.
    pub images: usize,
    /// The network before it was pruned; null where it was not.
    pub fp32_unpruned: Option<Accuracy>,
    /// The network in FP32.
    pub fp32: Accuracy,
    /// The simulated layers in 8 bits with exact products.
    pub int8: Accuracy,
    /// The simulated layers on the array.
    pub array: Accuracy,
    /// The array against exact 8-bit.
    pub flips: Flips,
    /// Images on which the array and exact 8-bit answer alike, as a fraction.
    pub agreement: f64,
    /// Mean over images and classes of |output − FP32 output|.
    pub output_error: f64,
}

impl PointObject {
    /// Without answers: an array, its baseline, its layers, and what to warn of.
    pub fn new(
        (array, baseline): (&ArraySpec, &ArraySpec),
        layers: Vec<LayerObject>,
        warnings: Vec<Warning>,
    ) -> Self {
        Self {
            array: ArrayEcho::of(array),
            baseline: ArrayEcho::of(baseline),
            layers,
            accuracy: None,
            warnings,
        }
    }

    /// The design of a run.
    pub fn of_run(result: &ResultFile) -> Self {
        Self {
            array: result.array.clone(),
            baseline: result.baseline.clone(),
            layers: result.layers.clone(),
            accuracy: None,
            warnings: result.warnings.clone(),
        }
    }

    /// A design of an evaluation.
    pub fn of_evaluation(evaluation: &EvaluationObject, array: &ArrayObject) -> Self {
        Self {
            array: array.spec.clone(),
            baseline: array.baseline.clone(),
            layers: array.layers.clone(),
            accuracy: Some(PointAccuracy {
                images: evaluation.images,
                fp32_unpruned: evaluation.fp32_unpruned.clone(),
                fp32: evaluation.fp32.clone(),
                int8: evaluation.int8.clone(),
                array: array.array.clone(),
                flips: array.flips.clone(),
                agreement: array.agreement,
                output_error: array.output_error,
            }),
            warnings: evaluation.warnings.clone(),
        }
    }
}
