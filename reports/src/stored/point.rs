//! A design with everything that was counted about it, as it is stored.

use serde::{Deserialize, Serialize};
use sim_core::spec::ArraySpec;

use crate::accuracy::object::{Accuracy, ArrayObject, EvaluationObject, Flips};
use crate::accuracy::throttling::ThrottlingObject;
use crate::coverage::{Coverage, unsimulated_macs};
use crate::echo::ArrayEcho;
use crate::json::LayerObject;
use crate::metrics::counts::Counts;
use crate::prediction::PredictionObject;
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
    /// Codes of every layer; left out where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operands: Option<Vec<OperandCodes>>,
    /// MACs of the layers that were not simulated; left out where they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsimulated_macs: Option<u64>,
    /// How the design changes as layers are throttled; left out where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
}

/// A design whose layers run with fewer threads, one after the other. The point that holds it is the first step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What each step was chosen by.
    pub throttling: ThrottlingObject,
    /// The designs of the steps behind the first.
    pub later: Vec<PointObject>,
}

/// The codes of a layer's activations and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperandCodes {
    /// Over all images.
    pub activations: Codes,
    /// As quantized.
    pub weights: Codes,
}

/// How many codes there are, and of which kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    /// All of them.
    pub all: u64,
    /// Zeros.
    pub zeros: u64,
    /// Those of four bits that are not zero.
    pub narrow: u64,
}

/// How far the input of the network's last layer with weights is from that in FP32, as a fraction of its norm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureError {
    /// Mean over images of ‖array − FP32‖ / ‖FP32‖.
    pub mean: f64,
    /// The largest of any image.
    pub largest: f64,
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
    pub agreement: Option<f64>,
    /// Mean over images and classes of |output − FP32 output|.
    pub output_error: f64,
    /// Of the input of the last layer; left out where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureError>,
    /// With predicted zeros; left out where nothing is predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<PredictedAnswers>,
}

/// What predicted zeros do to answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictedAnswers {
    /// The simulated layers in 8 bits with exact products, where outputs are predicted.
    pub int8: Accuracy,
    /// What was predicted on the array.
    pub array: PredictionObject,
}

impl PointObject {
    /// Which part of the network its layers are.
    pub fn coverage(&self) -> Coverage {
        let counts = Counts::of_layers(&self.layers, self.array.clock());
        let macs = counts.as_ref().map_or(0, |counts| counts.macs);
        Coverage::new(macs, self.unsimulated_macs, counts.as_ref().map(Counts::speedup))
    }

    /// Without answers: an array, its baseline, its layers, MACs of the others, and what to warn of.
    pub fn new(
        (array, baseline): (&ArraySpec, &ArraySpec),
        layers: Vec<LayerObject>,
        unsimulated_macs: Option<u64>,
        warnings: Vec<Warning>,
    ) -> Self {
        Self {
            array: ArrayEcho::of(array),
            baseline: ArrayEcho::of(baseline),
            layers,
            accuracy: None,
            warnings,
            operands: None,
            unsimulated_macs,
            curve: None,
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
            operands: None,
            unsimulated_macs: unsimulated_macs(&result.unsimulated),
            curve: None,
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
                features: None,
                prediction: (evaluation.int8_predicted.as_ref())
                    .zip(array.prediction.as_ref())
                    .map(|(int8, array)| PredictedAnswers {
                        int8: int8.accuracy.clone(),
                        array: array.clone(),
                    }),
            }),
            warnings: evaluation.warnings.clone(),
            operands: None,
            unsimulated_macs: unsimulated_macs(&evaluation.unsimulated),
            curve: None,
        }
    }
}
