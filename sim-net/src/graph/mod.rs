//! The graph of a network: nodes in the order in which they run, the layers among them, constants.

mod build;
pub mod error;
mod fold;
pub mod infer;
pub mod layer;
#[cfg(test)]
pub(crate) mod model_builder;
mod names;
mod order;
mod sign;
#[cfg(test)]
mod tests;
mod weights;

use std::sync::Arc;

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::execute::Batch;
use crate::execute::error::ExecuteError;
use crate::execute::hooks::{HookPoint, Hooks};
use crate::graph::error::ModelError;
use crate::graph::infer::LayerShape;
use crate::graph::layer::{BatchNorm, Statistics, WeightedLayer};
use crate::network::Input;
use crate::ops::Operation;
use crate::ops::conv::Conv;
use crate::ops::fault::Fault;

/// A graph with any number of inputs and outputs.
#[derive(Debug)]
pub struct Graph {
    /// Names of the values; a value is known by its position here.
    pub(crate) names: Vec<String>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) input_values: Vec<usize>,
    pub(crate) outputs: Vec<usize>,
    /// By value.
    pub(crate) constants: Vec<Option<Arc<Value>>>,
    /// In execution order.
    pub(crate) nodes: Vec<Node>,
    pub(crate) layers: Vec<WeightedLayer>,
    pub(crate) batch_norms: Vec<BatchNorm>,
    /// By value: the position in `nodes` of its last reader; `None` for outputs of the graph.
    pub(crate) last_reader: Vec<Option<usize>>,
}

/// A node of a graph.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) operator: String,
    /// Position in the model file.
    pub(crate) position: usize,
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
    /// The product with the weights of this layer.
    FullyConnected {
        layer: usize,
    },
    /// This batch norm.
    BatchNorm {
        index: usize,
    },
}

impl Action {
    /// Where hooks are called at it.
    pub(crate) const fn hook_point(&self) -> Option<HookPoint> {
        match self {
            Self::Plain(_) => None,
            Self::Conv { layer, .. } | Self::FullyConnected { layer } => Some(HookPoint::Weighted(*layer)),
            Self::BatchNorm { index } => Some(HookPoint::BatchNorm(*index)),
        }
    }
}

impl Node {
    pub(crate) fn model_error(&self, fault: Fault) -> ModelError {
        ModelError::Node {
            node: self.name.clone(),
            operator: self.operator.clone(),
            fault: Box::new(fault),
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
    /// Read an ONNX file from memory.
    ///
    /// - Errors: bytes that are no ONNX model, and whatever of it is not supported.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        build::graph(bytes)
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
        crate::execute::run(self, inputs, Batch::AsDeclared, hooks)
    }

    /// Shapes at every layer for inputs of these shapes; nothing but integer arithmetic is executed.
    ///
    /// - Errors: shapes that a node cannot take, and shapes that depend on values of an input.
    pub fn layer_shapes(&self, inputs: &[Vec<usize>]) -> Result<Vec<LayerShape>, ExecuteError> {
        infer::infer(self, inputs)?.all(|shapes| &shapes.layers)
    }

    /// Shapes of the outputs for inputs of these shapes.
    ///
    /// - Errors: as [`Self::layer_shapes`].
    pub fn output_shapes(&self, inputs: &[Vec<usize>]) -> Result<Vec<Vec<usize>>, ExecuteError> {
        infer::infer(self, inputs)?.all(|shapes| &shapes.outputs)
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
