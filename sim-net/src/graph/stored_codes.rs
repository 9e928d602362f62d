//! Codes of layers of which the file says how they become 8-bit.

use sim_core::tensor::Tensor;
use sim_onnx::proto::NodeProto;
use sim_onnx::value::{IntKind, Value};

use crate::graph::layer::WeightedLayer;
use crate::graph::on_codes::only;
use crate::graph::{Dequantized, Graph, Node};
use crate::ops::attributes::Attributes;
use crate::ops::axes;
use crate::ops::integer::requantize::Requantized;
use crate::ops::number::int64_of_float;

/// What the file says of the codes of a layer; nothing of one that is FP32.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredCodes {
    /// Of what it reads.
    pub input: Option<StoredInput>,
    /// Of its weights, or why they are not codes that a multiplier of 8 bits takes.
    pub weights: Option<Result<StoredWeights, String>>,
}

/// How the input of a layer becomes unsigned codes: `round_half_even(x / scale) + zero_point`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoredInput {
    /// Δ.
    pub scale: f32,
    /// The code of zero; that of signed codes is moved by 128 with them.
    pub zero_point: u8,
}

/// Weights as codes, less their zero points.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWeights {
    /// In the order of the layer's weights.
    pub codes: Vec<i8>,
    /// Δ of each output channel.
    pub scales: Vec<f32>,
}

impl StoredInput {
    /// Codes of this kind; `None` of codes that are not bytes, and of a zero point that they do not have.
    pub(super) fn of_codes(scale: f32, zero_point: i64, kind: IntKind) -> Option<Self> {
        let moved = match kind {
            IntKind::Uint8 => zero_point,
            IntKind::Int8 => zero_point + 128,
            IntKind::Int64
            | IntKind::Int32
            | IntKind::Int16
            | IntKind::Uint32
            | IntKind::Uint16
            | IntKind::Bool => return None,
        };
        Some(Self {
            scale,
            zero_point: u8::try_from(moved).ok()?,
        })
    }
}

impl StoredInput {
    /// These codes where they are of this kind.
    pub(super) fn codes(self, kind: IntKind) -> Requantized {
        let moved = if kind == IntKind::Int8 { 128 } else { 0 };
        Requantized {
            zero_point: i64::from(self.zero_point) - moved,
            kind,
        }
    }
}

impl StoredWeights {
    /// A code less its zero point, or why a multiplier of 8 bits does not take it.
    pub(super) fn code(code: i64) -> Result<i8, String> {
        i8::try_from(code).map_err(|_| {
            format!("a code of its weights less the zero point is {code}, which is not in −128..=127")
        })
    }
}

impl StoredCodes {
    /// Weights are replaced: those that became zero have the code 0, as pruning wants it. Any others are codes no more.
    pub(super) fn replace_weights(&mut self, old: &Tensor, new: &Tensor) {
        let Some(Ok(StoredWeights { codes, .. })) = &mut self.weights else {
            return;
        };
        let mut is_pruned = true;
        for (code, (&old, &new)) in codes.iter_mut().zip(old.data.iter().zip(&new.data)) {
            if new == 0.0 {
                *code = 0;
            } else {
                is_pruned &= old == new;
            }
        }
        if !is_pruned {
            self.weights = None;
        }
    }
}

/// Along which axis of its weights as they are stored a node has its output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelAxis {
    First,
    Last,
}

/// Δ and zero point of `node` between codes of this kind and what they stand for, where these are one constant each.
pub(super) fn input(graph: &Graph, node: &Node, kind: IntKind) -> Option<StoredInput> {
    let scale = only(&graph.float_constant(node, 1)?.data)?;
    let zero = match node.input(2) {
        None => 0,
        Some(_) => only(&graph.integer_constant(node, 2)?.data)?,
    };
    StoredInput::of_codes(scale, zero, kind)
}

/// Where a constant that `node` makes comes from, if that is codes.
pub(super) fn dequantized(graph: &Graph, node: &Node, file: &NodeProto) -> Option<Dequantized> {
    // What the operator set says of them does not matter for these attributes.
    let attributes = Attributes::new(file, 0);
    let value = node.input(0)?;
    let before = || graph.dequantized.get(&value).copied();
    match node.operator.as_str() {
        "DequantizeLinear" => {
            let scale = node.input(1)?;
            let rank = graph.constants[value].as_deref()?.shape().len();
            let axis = match graph.constants[scale].as_deref()?.n_elements() {
                1 => None,
                _ => Some(axes::axis(attributes.int_or("axis", 1), rank).ok()?),
            };
            Some(Dequantized { axis, scale })
        }
        "Identity" => before(),
        "Transpose" => {
            let Dequantized { axis, scale } = before()?;
            let rank = graph.constants[value].as_deref()?.shape().len();
            let axis = match (axis, attributes.sizes("perm").ok()?) {
                (None, _) => None,
                (Some(axis), None) => Some(rank - 1 - axis),
                (Some(axis), Some(order)) => Some(order.iter().position(|&from| from == axis)?),
            };
            Some(Dequantized { axis, scale })
        }
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => before().filter(|before| before.axis.is_none()),
        _ => None,
    }
}

/// The codes of `layer`, whose weights are the constant `value`; `None` where that was not made of codes.
pub(super) fn weights(
    graph: &Graph,
    value: usize,
    layer: &WeightedLayer,
    channels: ChannelAxis,
) -> Option<Result<StoredWeights, String>> {
    let dequantized = graph.dequantized.get(&value)?;
    let Some(Value::Float(scale)) = graph.constants[dequantized.scale].as_deref() else {
        return None;
    };
    let Value::Float(constant) = graph.constants[value].as_deref()? else {
        return None;
    };
    let n_filters = layer.weight_shape()[0];
    let scales = match dequantized.axis {
        None => vec![*scale.data.first()?; n_filters],
        Some(axis) => {
            let wanted = match channels {
                ChannelAxis::First => 0,
                ChannelAxis::Last => constant.shape.len() - 1,
            };
            if axis != wanted || scale.data.len() != n_filters {
                return Some(Err("its weights have a Δ for each input channel".to_owned()));
            }
            scale.data.clone()
        }
    };
    let per_filter = (layer.weight.data.len() / n_filters.max(1)).max(1);
    let mut codes = Vec::with_capacity(layer.weight.data.len());
    for (filter, &scale) in layer.weight.data.chunks(per_filter).zip(&scales) {
        for &weight in filter {
            // A product with Δ that is divided by it again is within half a unit of the code.
            let code = if scale == 0.0 {
                0
            } else {
                int64_of_float((weight / scale).round_ties_even())
            };
            match StoredWeights::code(code) {
                Ok(code) => codes.push(code),
                Err(reason) => return Some(Err(reason)),
            }
        }
    }
    Some(Ok(StoredWeights { codes, scales }))
}
