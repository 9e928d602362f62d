//! The graph of a network: nodes in the order in which they run, the layers among them, constants.

mod build;
pub mod error;
mod fold;
mod fused_codes;
pub mod given;
pub mod infer;
mod inline;
pub mod layer;
#[cfg(test)]
pub(crate) mod model_builder;
mod names;
pub(crate) mod on_codes;
mod order;
pub mod places;
mod products;
mod sign;
pub mod stored_codes;
#[cfg(test)]
mod tests;
pub mod wanted;
mod weights;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use prost::Message;
use sim_core::tensor::Tensor;
use sim_onnx::proto::ModelProto;
use sim_onnx::stored::FloatKind;
use sim_onnx::value::{IntTensor, Value};

use crate::execute::Batch;
use crate::execute::error::ExecuteError;
use crate::execute::hooks::{HookPoint, Hooks};
use crate::graph::error::ModelError;
use crate::graph::given::Given;
use crate::graph::infer::LayerShape;
use crate::graph::layer::{BatchNorm, OtherProduct, Statistics, WeightedLayer};
use crate::graph::on_codes::OnCodes;
use crate::graph::places::Place;
use crate::network::Input;
use crate::ops::Operation;
use crate::ops::conv::Conv;
use crate::ops::conv_transpose::ConvTransposeLayer;
use crate::ops::fault::Fault;
use crate::ops::matmul::Stored;

/// A graph with any number of inputs and outputs.
#[derive(Debug)]
pub struct Graph {
    /// Names of the values; a value is known by its position here.
    pub(crate) names: Vec<String>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) input_values: Vec<usize>,
    /// Positions in `inputs` of those that a run reads.
    pub(crate) fed: Vec<usize>,
    /// Position in `fed` of the one whose first axis is the images.
    pub(crate) images: usize,
    /// Names of the arrays that come with the images.
    pub(crate) arrays: Vec<String>,
    pub(crate) outputs: Vec<usize>,
    /// Names of the outputs that the file declares.
    pub(crate) declared_outputs: Vec<String>,
    /// By value.
    pub(crate) constants: Vec<Option<Arc<Value>>>,
    /// In execution order.
    pub(crate) nodes: Vec<Node>,
    /// By node: whether anything that is wanted depends on it.
    pub(crate) needed: Vec<bool>,
    pub(crate) layers: Vec<WeightedLayer>,
    /// Products that are not layers.
    pub(crate) others: Vec<OtherProduct>,
    pub(crate) batch_norms: Vec<BatchNorm>,
    /// Outputs of ReLUs behind convolutions, in execution order.
    pub(crate) places: Vec<Place>,
    /// By value: the position in `nodes` of its last needed reader; `None` for outputs of the graph.
    pub(crate) last_reader: Vec<Option<usize>>,
    /// Constants that were made of codes, by value.
    pub(crate) dequantized: BTreeMap<usize, Dequantized>,
    /// Layers that compute with codes, by position in `layers`.
    pub(crate) on_codes: BTreeMap<usize, OnCodes>,
    /// Types of stored floats that became FP32.
    pub(crate) widened: BTreeSet<FloatKind>,
    /// Whether nodes of branches took the place of the node that chose between them.
    pub(crate) branches: Branches,
    /// A node that depends on the number of images that the file declares, once it was looked for.
    pub(crate) batch_node: OnceLock<Option<usize>>,
}

/// Where a constant comes from that was made of codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dequantized {
    /// Along which axis there is a Δ for each place; `None` of one Δ for all.
    pub(crate) axis: Option<usize>,
    /// The value that holds its Δ.
    pub(crate) scale: usize,
}

/// Whether the nodes are those of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Branches {
    /// Every node is a node of the file.
    None,
    /// Some nodes come from a branch, so that their position in the file is that of the node that chose it.
    Inlined,
}

/// A node of a graph.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) operator: String,
    /// Position in the model file; of a node of a branch, that of the node that chose the branch.
    pub(crate) position: usize,
    /// Position among all nodes, branches in place of what chose them, in the order of the file.
    pub(crate) index: usize,
    /// Convolutions and products in its branches.
    pub(crate) n_inner_products: usize,
    /// Values that it reads; `None` where an optional one is left out.
    pub(crate) inputs: Vec<Option<usize>>,
    /// Values that it produces; `None` where nobody wants one.
    pub(crate) outputs: Vec<Option<usize>>,
    pub(crate) action: Action,
}

/// What a node does.
#[derive(Debug)]
pub(crate) enum Action {
    Plain(Box<dyn Operation>),
    /// The convolution with the weights of this layer.
    Conv {
        conv: Conv,
        layer: usize,
    },
    /// The product with the weights of this layer, of the rows of its input or of its columns.
    FullyConnected {
        layer: usize,
        input: Stored,
        output: Stored,
    },
    /// The transposed convolution with the weights of this layer.
    ConvTranspose {
        transposed: ConvTransposeLayer,
        layer: usize,
    },
    /// It cannot run, for this reason.
    Refused(Fault),
    /// This batch norm.
    BatchNorm {
        index: usize,
    },
}

impl Action {
    /// The layer whose weights it uses.
    pub(crate) const fn layer(&self) -> Option<usize> {
        match self {
            Self::Plain(_) | Self::Refused(_) | Self::BatchNorm { .. } => None,
            Self::Conv { layer, .. }
            | Self::FullyConnected { layer, .. }
            | Self::ConvTranspose { layer, .. } => Some(*layer),
        }
    }

    /// Where hooks are called at it.
    pub(crate) const fn hook_point(&self) -> Option<HookPoint> {
        match self {
            Self::BatchNorm { index } => Some(HookPoint::BatchNorm(*index)),
            Self::Plain(_)
            | Self::Refused(_)
            | Self::Conv { .. }
            | Self::FullyConnected { .. }
            | Self::ConvTranspose { .. } => match self.layer() {
                Some(layer) => Some(HookPoint::Weighted(layer)),
                None => None,
            },
        }
    }
}

/// By value: the position in `nodes` of the node that makes it.
fn producers(n_values: usize, nodes: &[Node]) -> Vec<Option<usize>> {
    let mut producers = vec![None; n_values];
    for (position, node) in nodes.iter().enumerate() {
        for &value in node.outputs.iter().flatten() {
            producers[value] = Some(position);
        }
    }
    producers
}

/// By value: the positions in the nodes of those that read it.
fn readers(graph: &Graph) -> Vec<Vec<usize>> {
    let mut readers = vec![Vec::new(); graph.names.len()];
    for (position, node) in graph.nodes.iter().enumerate() {
        for &value in node.inputs.iter().flatten() {
            readers[value].push(position);
        }
    }
    readers
}

impl Node {
    /// The value that it reads as input `index`; `None` where that is left out.
    pub(crate) fn input(&self, index: usize) -> Option<usize> {
        self.inputs.get(index).copied().flatten()
    }

    /// Why it cannot run, if it cannot.
    pub(crate) fn refusal(&self) -> Option<&Fault> {
        match &self.action {
            Action::Refused(fault) => Some(fault),
            Action::Plain(_)
            | Action::Conv { .. }
            | Action::FullyConnected { .. }
            | Action::ConvTranspose { .. }
            | Action::BatchNorm { .. } => None,
        }
    }

    pub(crate) fn execute_error(&self, fault: Fault) -> ExecuteError {
        ExecuteError::Node {
            node: self.name.clone(),
            operator: self.operator.clone(),
            fault: Box::new(fault),
        }
    }
}

impl Graph {
    /// The FP32 constant that input `index` of a node is.
    fn float_constant(&self, node: &Node, index: usize) -> Option<&Tensor> {
        match self.constants[node.input(index)?].as_deref()? {
            Value::Float(tensor) => Some(tensor),
            Value::Int(_) => None,
        }
    }

    /// The constant integers that input `index` of a node is.
    fn integer_constant(&self, node: &Node, index: usize) -> Option<&IntTensor> {
        match self.constants[node.input(index)?].as_deref()? {
            Value::Int(tensor) => Some(tensor),
            Value::Float(_) => None,
        }
    }

    /// Read an ONNX file from memory.
    ///
    /// - Errors: bytes that are no ONNX model, and whatever of it is not supported.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        Self::from_model(&ModelProto::decode(bytes)?, &Given::default())
    }

    /// As [`Self::from_bytes`], of a file whose tensors are all in memory.
    ///
    /// - Errors: as [`Self::from_bytes`], and inputs that `given` names and that are not there.
    pub fn from_model(model: &ModelProto, given: &Given) -> Result<Self, ModelError> {
        build::graph(model, given)
    }

    /// Inputs that are not initializers.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Convolutions and fully connected layers, in execution order.
    pub fn layers(&self) -> &[WeightedLayer] {
        &self.layers
    }

    /// Batch norms in inference mode, in execution order.
    pub fn batch_norms(&self) -> &[BatchNorm] {
        &self.batch_norms
    }

    /// Run every node; `inputs` in the order of [`Self::inputs`]. Returns name and value of each output.
    ///
    /// - Errors: inputs that do not fit, a node that cannot compute, and errors of hooks.
    pub fn run(
        &self,
        inputs: Vec<Value>,
        hooks: &mut dyn Hooks,
    ) -> Result<Vec<(String, Value)>, ExecuteError> {
        crate::execute::run(self, self.only_fed(inputs)?, Batch::AsDeclared, hooks)
    }

    /// Shapes at every layer for inputs of these shapes; nothing but integer arithmetic is executed.
    ///
    /// - Errors: shapes that a node cannot take, and shapes that depend on values of an input.
    pub fn layer_shapes(&self, inputs: &[Vec<usize>]) -> Result<Vec<LayerShape>, ExecuteError> {
        infer::infer(self, &self.only_fed(inputs.to_vec())?)?.all(|shapes| &shapes.layers)
    }

    /// Those of all inputs that a run reads.
    fn only_fed<T>(&self, inputs: Vec<T>) -> Result<Vec<T>, ExecuteError> {
        if inputs.len() != self.inputs.len() {
            return Err(ExecuteError::InputCount {
                want: self.inputs.len(),
                found: inputs.len(),
            });
        }
        let inputs = inputs.into_iter().enumerate();
        let fed = inputs.filter(|(position, _)| self.fed.contains(position));
        Ok(fed.map(|(_, input)| input).collect())
    }

    /// Shapes of the outputs for inputs of these shapes.
    ///
    /// - Errors: as [`Self::layer_shapes`].
    pub fn output_shapes(&self, inputs: &[Vec<usize>]) -> Result<Vec<Vec<usize>>, ExecuteError> {
        infer::infer(self, &self.only_fed(inputs.to_vec())?)?.all(|shapes| &shapes.outputs)
    }

    pub(crate) fn set_weight(&mut self, index: usize, weight: Tensor) -> Result<(), ModelError> {
        let layer = &mut self.layers[index];
        if layer.weight.shape != weight.shape || layer.weight.data.len() != weight.data.len() {
            return Err(ModelError::Replacement {
                layer: layer.name.clone(),
                found: weight.shape,
                want: layer.weight.shape.clone(),
            });
        }
        layer.stored.replace_weights(&layer.weight, &weight);
        layer.weight = weight;
        Ok(())
    }

    pub(crate) fn set_statistics(&mut self, index: usize, statistics: Statistics) -> Result<(), ModelError> {
        let batch_norm = &mut self.batch_norms[index];
        let n_channels = batch_norm.scale.len();
        for list in [&statistics.mean, &statistics.variance] {
            if list.len() != n_channels {
                return Err(ModelError::Replacement {
                    layer: batch_norm.name.clone(),
                    found: vec![list.len()],
                    want: vec![n_channels],
                });
            }
        }
        batch_norm.statistics = statistics;
        Ok(())
    }
}
