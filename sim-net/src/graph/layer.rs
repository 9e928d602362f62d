//! Layers of a network that carry weights, and batch norms, as other code sees them.

use sim_core::convolution::LayerKind;

use sim_core::tensor::Tensor;

pub use crate::graph::stored_codes::{StoredCodes, StoredInput, StoredWeights};

/// What the graph alone says about the sign of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSign {
    /// No element can be below zero, whatever the images are.
    NonNegative,
    /// Elements may be below zero.
    Any,
}

/// A convolution, or a product with constant weights.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedLayer {
    /// Name of the node, or of its output where the node has none.
    pub name: String,
    /// Position of the node in the model file.
    pub node: usize,
    /// What it is.
    pub kind: LayerKind,
    /// `[output channels, channels / groups, rows, columns]`; a fully connected layer has one row and one column.
    pub weight: Tensor,
    /// Bias, per output channel.
    pub bias: Option<Vec<f32>>,
    /// Groups of channels.
    pub groups: usize,
    /// Sign of what it reads.
    pub input_sign: InputSign,
    /// Position in [`Network::batch_norms`](crate::network::Network::batch_norms) of the batch norm that alone reads
    /// its output.
    pub batch_norm: Option<usize>,
    /// Operators that it depends on and that cannot run, by name.
    pub missing: Vec<String>,
    /// What the file says of its codes, where the network is 8-bit already.
    pub stored: StoredCodes,
}

/// A product that is not a layer, because it has no constant weights or because its operator makes several products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherProduct {
    /// Name of the node, or of its output where the node has none.
    pub name: String,
    /// Position of the node in the model file.
    pub node: usize,
    /// Position among all nodes of the graph.
    pub(crate) index: usize,
    /// Why it is not a layer.
    pub reason: String,
}

impl WeightedLayer {
    /// Shape of `weight`: output channels, channels / groups, rows, columns.
    pub fn weight_shape(&self) -> [usize; 4] {
        let mut shape = [1; 4];
        for (size, &axis) in shape.iter_mut().zip(&self.weight.shape) {
            *size = axis;
        }
        shape
    }

    /// Whether every filter reads one channel of several.
    pub fn is_depthwise(&self) -> bool {
        1 < self.groups && self.weight_shape()[1] == 1
    }
}

/// Mean and population variance, per channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances.
    pub variance: Vec<f32>,
}

/// A batch norm in inference mode with constant parameters: `(x - mean) / sqrt(variance + epsilon) · scale + shift`.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// Name of the node, or of its output where the node has none.
    pub name: String,
    /// Position of the node in the model file.
    pub node: usize,
    /// Factors, per channel.
    pub scale: Vec<f32>,
    /// Summands, per channel.
    pub shift: Vec<f32>,
    /// Stored mean and variance.
    pub statistics: Statistics,
    /// Keeps the divisor away from zero.
    pub epsilon: f32,
}
