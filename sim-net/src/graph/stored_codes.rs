//! Codes of layers of which the file says how they become 8-bit.

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, Value};

use crate::graph::inline::Placed;
use crate::graph::layer::WeightedLayer;
use crate::graph::{Graph, Node, producers};
use crate::ops::attributes::Attributes;
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

/// The node that makes each value, by value.
pub(super) struct Producers<'a> {
    by_value: Vec<Option<&'a Node>>,
}

impl<'a> Producers<'a> {
    pub(super) fn of(graph: &Graph, nodes: &'a [Node]) -> Self {
        let producers = producers(graph.names.len(), nodes).into_iter();
        Self {
            by_value: producers.map(|position| Some(&nodes[position?])).collect(),
        }
    }

    /// How a value becomes codes, if it is made of codes with one constant Δ and zero point.
    pub(super) fn input(&self, graph: &Graph, value: usize) -> Option<StoredInput> {
        let node = self.by_value[value].filter(|node| node.operator == "DequantizeLinear")?;
        let constant = |index: usize| {
            let value = node.inputs.get(index).copied().flatten();
            value.map(|value| graph.constants[value].as_deref())
        };
        let Some(Value::Float(scale)) = constant(1)? else {
            return None;
        };
        let &[scale] = &scale.data[..] else { return None };
        let (zero, kind) = match constant(2) {
            None => (0, self.kind_of_codes(graph, node)?),
            Some(Some(Value::Int(tensor))) => (
                *tensor.data.first().filter(|_| tensor.data.len() == 1)?,
                tensor.kind,
            ),
            Some(Some(Value::Float(_)) | None) => return None,
        };
        let moved = match kind {
            IntKind::Uint8 => zero,
            IntKind::Int8 => zero + 128,
            IntKind::Int64
            | IntKind::Int32
            | IntKind::Int16
            | IntKind::Uint32
            | IntKind::Uint16
            | IntKind::Bool => return None,
        };
        Some(StoredInput {
            scale,
            zero_point: u8::try_from(moved).ok()?,
        })
    }

    /// Codes without a zero point are bytes, unless the node that makes them says otherwise.
    fn kind_of_codes(&self, graph: &Graph, node: &Node) -> Option<IntKind> {
        let codes = node.inputs.first().copied().flatten()?;
        let maker = self.by_value[codes].filter(|maker| maker.operator == "QuantizeLinear")?;
        match maker.inputs.get(2).copied().flatten() {
            None => Some(IntKind::Uint8),
            Some(zero) => graph.constants[zero].as_deref()?.kind(),
        }
    }
}

/// The codes of `layer`, whose weights are the constant `value`; `None` where that was not made of codes.
pub(super) fn weights(
    graph: &Graph,
    file: &[Placed],
    value: usize,
    layer: &WeightedLayer,
    channels: ChannelAxis,
) -> Option<Result<StoredWeights, String>> {
    let dequantized = graph.dequantized.get(&value)?;
    let Some(Value::Float(scale)) = graph.constants[dequantized.scale].as_deref() else {
        return None;
    };
    let rank = match graph.constants[value].as_deref()? {
        Value::Float(tensor) => i64::try_from(tensor.shape.len()).ok()?,
        Value::Int(_) => return None,
    };
    let n_filters = layer.weight_shape()[0];
    let scales = match scale.data[..] {
        [scale] => vec![scale; n_filters],
        _ => {
            // What the operator set says of it does not matter for the axis.
            let axis = Attributes::new(&file[dequantized.node].node, 0).int_or("axis", 1);
            let axis = if axis < 0 { axis + rank } else { axis };
            let wanted = match channels {
                ChannelAxis::First => 0,
                ChannelAxis::Last => rank - 1,
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
            let Ok(code) = i8::try_from(code) else {
                return Some(Err(format!(
                    "a code of its weights less the zero point is {code}, which is not in −128..=127"
                )));
            };
            codes.push(code);
        }
    }
    Some(Ok(StoredWeights { codes, scales }))
}
