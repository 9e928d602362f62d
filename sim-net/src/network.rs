//! A network from an ONNX file: one input, layers, outputs.

use std::path::Path;

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

pub use crate::execute::error::ExecuteError;
pub use crate::execute::hooks::{BatchNormCall, HookError, HookPoint, Hooks, NoHooks, WeightedCall};
use crate::execute::{Batch, Runs};
use crate::graph::Graph;
pub use crate::graph::error::ModelError;
pub use crate::graph::infer::LayerShape;
pub use crate::graph::layer::{BatchNorm, InputSign, Statistics, WeightedLayer};

/// A network with one FP32 input.
#[derive(Debug)]
pub struct Network {
    graph: Graph,
}

/// The input of a network as its file declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Sizes of its axes, `None` where the file leaves them open; empty where it says nothing.
    pub shape: Vec<Option<usize>>,
}

impl Input {
    /// Number of its axes; `None` where the file says nothing.
    pub fn rank(&self) -> Option<usize> {
        (!self.shape.is_empty()).then_some(self.shape.len())
    }
}

impl Network {
    /// Read the ONNX file at `path`.
    ///
    /// - Errors: a file that cannot be read, and those of [`Self::from_bytes`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| ModelError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(&bytes)
    }

    /// Read an ONNX file from memory.
    ///
    /// - Errors: bytes that are no ONNX model, operators and data types that are not supported (named with their
    ///   node), graphs with a cycle or with another number of inputs than one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let graph = Graph::from_bytes(bytes)?;
        if graph.inputs().len() != 1 {
            let names = graph.inputs().iter().map(|input| input.name.clone()).collect();
            return Err(ModelError::Inputs { names });
        }
        Ok(Self { graph })
    }

    /// Name and declared shape of the input.
    pub fn input(&self) -> &Input {
        &self.graph.inputs()[0]
    }

    /// Convolutions and fully connected layers, in execution order.
    pub fn layers(&self) -> &[WeightedLayer] {
        self.graph.layers()
    }

    /// Batch norms in inference mode, in execution order.
    pub fn batch_norms(&self) -> &[BatchNorm] {
        self.graph.batch_norms()
    }

    /// Replace the weights of layer `index`, for example by pruned ones.
    ///
    /// - Errors: another shape than that of the layer.
    pub fn set_weight(&mut self, index: usize, weight: Tensor) -> Result<(), ModelError> {
        self.graph.set_weight(index, weight)
    }

    /// Replace what batch norm `index` stores, for example by recalibrated values.
    ///
    /// - Errors: another number of channels than that of the batch norm.
    pub fn set_statistics(&mut self, index: usize, statistics: Statistics) -> Result<(), ModelError> {
        self.graph.set_statistics(index, statistics)
    }

    /// Shapes at every layer, in execution order, for an input of `shape`; nothing is executed.
    ///
    /// - Errors: a shape that the network cannot take, and shapes that depend on the values of the input.
    pub fn layer_shapes(&self, shape: &[usize]) -> Result<Vec<LayerShape>, ExecuteError> {
        self.graph.layer_shapes(&[shape.to_vec()])
    }

    /// Run in FP32; `hooks` are called at every layer with weights and at every batch norm.
    ///
    /// Returns name and value of each output. An error says at which node the run ended.
    pub fn run(&self, input: &Tensor, hooks: &mut dyn Hooks) -> Result<Vec<(String, Tensor)>, ExecuteError> {
        floats(self.graph.run(vec![Value::Float(input.clone())], hooks)?)
    }

    /// Runs side by side, one for each input.
    ///
    /// - Errors: an input that is not as the file declares it.
    pub fn start(&self, inputs: Vec<Tensor>) -> Result<Runs<'_>, ExecuteError> {
        let inputs = inputs.into_iter().map(|input| vec![Value::Float(input)]);
        Runs::new(&self.graph, inputs.collect(), Batch::AsDeclared)
    }

    /// Run for what `hooks` see of it, with any number of images, whatever the model declares.
    pub(crate) fn run_hooks(&self, input: &Tensor, hooks: &mut dyn Hooks) -> Result<(), ExecuteError> {
        let input = vec![Value::Float(input.clone())];
        crate::execute::run(&self.graph, input, Batch::Any, hooks).map(drop)
    }
}

/// Outputs of a run, all of which are FP32.
///
/// - Errors: the first output that is not.
pub fn floats(outputs: Vec<(String, Value)>) -> Result<Vec<(String, Tensor)>, ExecuteError> {
    let float = |(name, value)| match value {
        Value::Float(tensor) => Ok((name, tensor)),
        Value::Int(tensor) => Err(ExecuteError::OutputType {
            name,
            found: tensor.kind.name(),
        }),
    };
    outputs.into_iter().map(float).collect()
}
