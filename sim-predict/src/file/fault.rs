//! What can be wrong with a predictor file, and what to do about it.

use crate::mask::MaskTypeError;

/// What is wrong with a predictor file.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The container is broken.
    #[error("not a whole safetensors file: {why}; train the predictors again with `sysmt train zap`")]
    Container {
        /// How.
        why: String,
    },
    /// The file is a safetensors file of something else.
    #[error(
        "the header has no metadata key `sysmt-predictors`: this safetensors file does not hold predictors; train them with `sysmt train zap`"
    )]
    NotPredictors,
    /// The description is not what it must be.
    #[error(
        "metadata key `sysmt-predictors`: {why}; correct it, or train the predictors again with `sysmt train zap`"
    )]
    Description {
        /// How.
        why: String,
    },
    /// Another format version.
    #[error(
        "predictor format version {found} is not known, only version {known} is; train the predictors again with this `sysmt`"
    )]
    Version {
        /// Version in the file.
        found: u64,
        /// Version that is read and written here.
        known: u64,
    },
    /// No place at all.
    #[error("the predictor file holds no place; train the predictors of a network that has one")]
    Empty,
    /// A name of two places.
    #[error("place `{place}` stands in the file twice; give every place once")]
    Twice {
        /// The place.
        place: String,
    },
    /// Tensors of a place that are not there.
    #[error("place `{place}`: the file lacks tensor {}; add what is missing, or train the predictors again with `sysmt train zap`", list(.tensors))]
    Lacks {
        /// The place.
        place: String,
        /// All of them.
        tensors: Vec<String>,
    },
    /// A tensor that no place has.
    #[error(
        "tensor `{tensor}` does not belong to a predictor of the places in the description; remove it, or name its place there"
    )]
    Unknown {
        /// The tensor.
        tensor: String,
    },
    /// A tensor of another type.
    #[error("place `{place}`: tensor `{tensor}` is {found}, it must be {want}; write it so")]
    Type {
        /// The place.
        place: String,
        /// The tensor.
        tensor: String,
        /// Type in the file.
        found: String,
        /// Type that it must have.
        want: String,
    },
    /// A tensor of another shape.
    #[error(
        "place `{place}`: tensor `{tensor}` has shape {found:?}, it must be {want}; write it so, or train the predictors again with `sysmt train zap`"
    )]
    Shape {
        /// The place.
        place: String,
        /// The tensor.
        tensor: String,
        /// Shape in the file; in memory the length.
        found: Vec<usize>,
        /// What it must be.
        want: String,
    },
    /// A type of masks that does not exist.
    #[error("place `{place}`: tensor `{tensor}`: {fault}; write one of them")]
    Mask {
        /// The place.
        place: String,
        /// The tensor.
        tensor: String,
        /// What is wrong.
        #[source]
        fault: MaskTypeError,
    },
    /// A number that no training gives.
    #[error(
        "place `{place}`: `{list}`, value {index} is {value}, it must be {want}; train the predictors again with `sysmt train zap`"
    )]
    Value {
        /// The place.
        place: String,
        /// The tensor, or `losses`.
        list: String,
        /// Where in it.
        index: usize,
        /// The value.
        value: f64,
        /// What it must be.
        want: &'static str,
    },
    /// More losses than epochs, or fewer although all were finished.
    #[error(
        "place `{place}`: {found} losses for {epochs} epochs; there is one for each epoch that was finished, or none at all"
    )]
    Losses {
        /// The place.
        place: String,
        /// Losses.
        found: usize,
        /// Epochs that were asked for.
        epochs: u32,
    },
    /// A hash that no file has.
    #[error("`model-hash` is `{found}`, which is not a BLAKE3 hash; it has 64 digits from 0 to f")]
    Hash {
        /// What stands there.
        found: String,
    },
}

fn list(tensors: &[String]) -> String {
    let quoted = tensors.iter().map(|tensor| format!("`{tensor}`"));
    quoted.collect::<Vec<_>>().join(", ")
}
