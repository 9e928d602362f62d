//! What a trace holds.

use serde::{Deserialize, Serialize};
use sim_core::convolution::{Geometry, LayerKind};
use sim_core::preprocessing::Preprocessing;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};

use crate::prediction::PredictedOutputs;

/// A network's quantized layers with the images that went through them.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Where it came from.
    pub origin: Origin,
    /// The simulated layers, in execution order.
    pub layers: Vec<Layer>,
    /// Layers that were left out, by name, with the reason.
    pub unsimulated: Vec<Unsimulated>,
}

/// Where a trace came from, as far as it is known: whoever makes a trace by other means may not know all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Origin {
    /// File name of the model, without its folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// BLAKE3 of the model file, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_hash: Option<String>,
    /// Names of the images, in order; those of a file without names are numbers.
    pub images: Vec<String>,
    /// Names or description of the calibration images.
    pub calibration: Vec<String>,
    /// How pixels became input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preprocessing: Option<Preprocessing>,
    /// How tensors became codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<QuantizationSpec>,
    /// Which layers were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<SelectionSpec>,
    /// What pruned the weights, in this order; files leave it out where nothing did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<PruneSpec>,
}

/// A layer that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Unsimulated {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Its MACs over all images, zeros included; files leave it out where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<u64>,
}

/// One quantized layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name in the network.
    pub name: String,
    /// What it was.
    pub kind: LayerKind,
    /// Strides and so on.
    pub geometry: Geometry,
    /// Position of its node in the model's graph, where it is known.
    pub node: Option<usize>,
    /// Codes of the input, `[maps, channels, rows, columns]`, a map for each image or as many for all of them.
    pub input: Vec<u8>,
    /// Shape of `input`.
    pub input_shape: [usize; 4],
    /// Codes of the weights, `[output channels, channels / groups, rows, columns]`.
    pub weight: Vec<i8>,
    /// Shape of `weight`.
    pub weight_shape: [usize; 4],
    /// Δ of the activations.
    pub input_scale: f32,
    /// z: the code of zero, 0 for unsigned inputs; padding holds it too.
    pub zero_point: u8,
    /// Δ of the weights, per output channel.
    pub weight_scale: Vec<f32>,
    /// Bias, per output channel.
    pub bias: Option<Vec<f32>>,
    /// Wide activations per K column over the calibration images, `[groups, k]` in `(c, kh, kw)` order.
    pub wide_counts: Option<Vec<u64>>,
    /// Which outputs are computed at all; `None`: all of them.
    pub predicted: Option<PredictedOutputs>,
}
