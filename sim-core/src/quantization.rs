//! What is simulated of a network, and how its tensors become 8-bit codes.

use serde::{Deserialize, Serialize};

use crate::named;
use crate::range::ActivationRange;
use crate::spec::Threads;

named! {
    /// Whether a range of b bits has 2^b steps, as named for 8 bits, or one less.
    pub enum Divisor {
        /// As the authors' NB-SMT model.
        D256 = "256",
        /// As the authors' SPARQ model.
        D255 = "255",
    }
}

/// Bits of a code, from 2 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct CodeBits(u8);

/// Bits that no code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} are not the bits of a code; write a whole number from 2 to 8")]
pub struct WrongBits(pub u8);

impl CodeBits {
    /// The most.
    pub const EIGHT: Self = Self(8);

    /// As many bits.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for CodeBits {
    fn default() -> Self {
        Self::EIGHT
    }
}

impl TryFrom<u8> for CodeBits {
    type Error = WrongBits;

    fn try_from(bits: u8) -> Result<Self, WrongBits> {
        if (2..=8).contains(&bits) {
            Ok(Self(bits))
        } else {
            Err(WrongBits(bits))
        }
    }
}

impl From<CodeBits> for u8 {
    fn from(bits: CodeBits) -> Self {
        bits.get()
    }
}

/// The codes of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRange {
    /// Bits of each.
    pub bits: CodeBits,
    /// How many steps the range of values has.
    pub divisor: Divisor,
}

impl CodeRange {
    /// D: 2^b, or 2^b − 1 with the divisor 255.
    pub fn steps(self) -> f32 {
        match self.divisor {
            Divisor::D256 => self.half() * 2.0,
            Divisor::D255 => self.half() * 2.0 - 1.0,
        }
    }

    /// The largest code of activations: 2^b − 1.
    pub const fn largest(self) -> u8 {
        u8::MAX >> (8 - self.bits.get())
    }

    /// 2^(b−1): codes of weights are from minus as much to one below.
    pub fn half(self) -> f32 {
        f32::from(self.largest() / 2 + 1)
    }
}

named! {
    /// How Δ of weights is found.
    #[derive(Default)]
    pub enum WeightStep {
        /// From the largest magnitude.
        #[default]
        Max = "max",
        /// Of that times i/64, i = 8 to 64, the one with the least squared error; of equal ones the largest.
        LeastSquares = "least-squares",
        /// The power of two nearest to that, in logarithms.
        PowerOfTwo = "power-of-two",
    }
}

named! {
    /// Where the values of weight codes lie.
    #[derive(Default)]
    pub enum Levels {
        /// Zero is one of them.
        #[default]
        MidTread = "mid-tread",
        /// Zero lies between two: codes are odd numbers.
        MidRise = "mid-rise",
    }
}

/// By how much Δ of weights is multiplied after it was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct StepScale(f32);

/// What Δ cannot be multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a step cannot be multiplied by {0}; write a number above 0 and at most 1,000,000")]
pub struct WrongStepScale(f32);

impl StepScale {
    /// The largest.
    pub const MAX: f32 = 1e6;

    /// The factor.
    pub const fn get(self) -> f32 {
        self.0
    }
}

/// It is never NaN.
impl Eq for StepScale {}

impl Default for StepScale {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f32> for StepScale {
    type Error = WrongStepScale;

    fn try_from(factor: f32) -> Result<Self, WrongStepScale> {
        // A step that leaves FP32 gives nothing.
        if 0.0 < factor && factor <= Self::MAX {
            Ok(Self(factor))
        } else {
            Err(WrongStepScale(factor))
        }
    }
}

impl From<StepScale> for f32 {
    fn from(scale: StepScale) -> Self {
        scale.get()
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
    /// Bits of weight codes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_bits: CodeBits,
    /// Bits of activation codes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub activation_bits: CodeBits,
    /// How Δ of weights is found.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_step: WeightStep,
    /// What it is multiplied by then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub step_scale: StepScale,
    /// Where the values of weight codes lie.
    #[serde(default, skip_serializing_if = "is_default")]
    pub levels: Levels,
}

impl QuantizationSpec {
    /// The codes of weights.
    pub const fn of_weights(&self) -> CodeRange {
        CodeRange {
            bits: self.weight_bits,
            divisor: self.divisor,
        }
    }

    /// The codes of activations.
    pub const fn of_activations(&self) -> CodeRange {
        CodeRange {
            bits: self.activation_bits,
            divisor: self.divisor,
        }
    }

    /// Whether codes that a network's file gives are those that are asked for: eight bits, found as ever.
    pub fn takes_stored_codes(&self) -> bool {
        let Self {
            divisor: _,
            bias: _,
            signed_inputs: _,
            weights: _,
            range: _,
            weight_bits,
            activation_bits,
            weight_step,
            step_scale,
            levels,
        } = self;
        is_default(weight_bits)
            && is_default(activation_bits)
            && is_default(weight_step)
            && is_default(step_scale)
            && is_default(levels)
    }
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
            weight_bits: CodeBits::default(),
            activation_bits: CodeBits::default(),
            weight_step: WeightStep::default(),
            step_scale: StepScale::default(),
            levels: Levels::default(),
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
