//! The predictor file: predictors of a network's places in a safetensors file.
//!
//! For each place, which has the name of its convolution, there are the tensors `NAME.w1`, `NAME.w2` (FP32, channels × 3 × 3),
//! `NAME.b1`, `scale1`, `shift1`, `mean1`, `var1` and the same with 2 (FP32, by channel), and `NAME.mask` (a 32-bit integer:
//! the type). `NAME.share` and `NAME.error` (FP64, 27 each) are its curves; both may be absent.
//!
//! The metadata key `sysmt-predictors` holds a JSON object: `version` (1), `places` (for each its `name`, and `losses`, one
//! for each epoch) and `provenance` (see [`Provenance`]). `losses`, `provenance` and all in it may be absent.

mod check;
mod fault;
mod read;
mod write;

use serde::{Deserialize, Serialize};
use sim_core::named;

use crate::curve::Curve;
use crate::predictor::{Predictor, Stage};

pub use crate::file::fault::FileFault;
pub use crate::file::read::is_written_at;

/// The metadata key of the description.
const KEY: &str = "sysmt-predictors";
/// The format version that is read and written here.
const VERSION: u64 = 1;

/// Predictors of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictorFile {
    /// In the order of the file.
    pub places: Vec<PlacePredictor>,
    /// How they were made.
    pub provenance: Provenance,
}

/// The predictor of one place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacePredictor {
    /// Of its convolution.
    pub name: String,
    /// What predicts.
    pub predictor: Predictor,
    /// What each threshold keeps and loses, where it was measured.
    pub curve: Option<Curve>,
    /// Mean loss of each epoch that was finished.
    pub losses: Vec<f64>,
}

/// How predictors were made. What is unknown of predictors from elsewhere has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Provenance {
    /// BLAKE3 of the model's file, 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
    /// Epochs that were asked for.
    pub epochs: u32,
    /// Images of an epoch.
    pub images: u64,
    /// From which the first weights were drawn.
    pub seed: u64,
    /// Whether all epochs were finished.
    pub end: End,
}

named! {
    /// How a training ended.
    #[derive(Default)]
    pub enum End {
        /// After all epochs.
        #[default]
        Complete = "complete",
        /// Before: somebody stopped it.
        Early = "early",
    }
}

/// The JSON under [`KEY`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Description {
    version: u64,
    #[serde(default)]
    provenance: Provenance,
    places: Vec<PlaceDescription>,
}

/// What of a place is not a tensor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PlaceDescription {
    name: String,
    #[serde(default)]
    losses: Vec<f64>,
}

/// Tensors by channel of a stage, without its number, in the order of [`Stage`](crate::predictor::Stage).
const BY_CHANNEL: [&str; 5] = ["b", "scale", "shift", "mean", "var"];

/// The lists of a stage that these tensors hold.
const fn by_channel(stage: &Stage) -> [&Vec<f32>; 5] {
    let Stage {
        weight: _,
        bias,
        scale,
        shift,
        mean,
        variance,
    } = stage;
    [bias, scale, shift, mean, variance]
}

/// The name of a place's tensor in the file.
fn tensor_name(place: &str, tensor: &str) -> String {
    format!("{place}.{tensor}")
}
