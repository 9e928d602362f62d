//! What is simulated of a network, and how its tensors become 8-bit codes.

use serde::{Deserialize, Serialize};

use crate::named;
use crate::range::ActivationRange;
use crate::spec::Threads;

named! {
    /// D, the number of steps a range is divided into.
    pub enum Divisor {
        /// As the authors' NB-SMT model.
        D256 = "256",
        /// As the authors' SPARQ model.
        D255 = "255",
    }
}

impl Divisor {
    /// D.
    pub const fn value(self) -> f32 {
        match self {
            Self::D256 => 256.0,
            Self::D255 => 255.0,
        }
    }
}

named! {
    /// What becomes of a convolution's bias.
    pub enum Bias {
        /// Added in FP32 after rescaling.
        Fp32 = "fp32",
        /// Quantized to 8 bits, symmetric, per tensor.
        Int8 = "int8",
    }
}

named! {
    /// What becomes of a layer whose input can be negative.
    pub enum SignedInputs {
        /// It is reported and stays FP32.
        Unsimulated = "unsimulated",
        /// Codes are shifted by a zero point.
        Shift = "shift",
    }
}

named! {
    /// How many Δ the weights of a layer have.
    #[derive(Default)]
    pub enum WeightScales {
        /// One for each output channel.
        #[default]
        PerChannel = "per-channel",
        /// One for all of them.
        PerTensor = "per-tensor",
    }
}

named! {
    /// Which operators are simulated.
    pub enum LayerSelection {
        /// Convolutions.
        Convolutions = "convolutions",
        /// Convolutions and fully connected layers.
        All = "all",
    }
}

named! {
    /// What becomes of the first convolution or of the final fully connected layer.
    pub enum EdgeLayer {
        /// It stays FP32.
        Fp32 = "fp32",
        /// It is simulated like the others.
        Simulated = "simulated",
    }
}

/// How tensors become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct QuantizationSpec {
    /// D of activations and weights.
    pub divisor: Divisor,
    /// Bias.
    pub bias: Bias,
    /// Inputs that can be negative.
    pub signed_inputs: SignedInputs,
    /// Δ of weights. As the ranges, it is left out of files where it is the default, which older ones do not name.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weights: WeightScales,
    /// Ranges of activations.
    #[serde(default, skip_serializing_if = "is_default")]
    pub range: ActivationRange,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for QuantizationSpec {
    fn default() -> Self {
        Self {
            divisor: Divisor::D256,
            bias: Bias::Fp32,
            signed_inputs: SignedInputs::Unsimulated,
            weights: WeightScales::default(),
            range: ActivationRange::default(),
        }
    }
}

/// Which layers of a network are quantized and simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SelectionSpec {
    /// Which operators.
    pub layers: LayerSelection,
    /// The first convolution.
    pub first: EdgeLayer,
    /// The final fully connected layer.
    pub last: EdgeLayer,
}

impl Default for SelectionSpec {
    fn default() -> Self {
        Self {
            layers: LayerSelection::Convolutions,
            first: EdgeLayer::Fp32,
            last: EdgeLayer::Fp32,
        }
    }
}

/// Threads of depthwise convolutions on an NB-SMT array; `None`: as many as the array has.
pub type DepthwiseThreads = Option<Threads>;
