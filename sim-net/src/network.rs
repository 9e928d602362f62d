//! A network from an ONNX file: inputs, layers, outputs.

use std::path::Path;

use prost::Message;
use sim_core::tensor::Tensor;
pub use sim_onnx::external::files as data_files;
use sim_onnx::proto::ModelProto;
use sim_onnx::stored::FloatKind;
use sim_onnx::value::IntTensor;
pub use sim_onnx::value::{IntKind, Value};

pub use crate::execute::error::ExecuteError;
pub use crate::execute::hooks::{
    BatchNormCall, HookError, HookPoint, Hooks, NoHooks, PlaceCall, WeightedCall,
};
use crate::execute::{Batch, Runs};
pub use crate::graph::error::ModelError;
pub use crate::graph::given::Given;
use crate::graph::infer;
pub use crate::graph::infer::{LayerShape, Macs};
pub use crate::graph::layer::{
    BatchNorm, InputSign, OtherProduct, Statistics, StoredCodes, StoredInput, StoredWeights, WeightedLayer,
};
pub use crate::graph::places::Place;
pub use crate::graph::wanted::Wanted;
use crate::graph::{Branches, Graph};
use crate::ops::number::{float_of_int, int_of_double};

/// A network.
///
/// What it runs is what is wanted of it ([`Network::want`]): nodes that nothing wanted depends on are not there.
#[derive(Debug)]
pub struct Network {
    pub(crate) graph: Graph,
}

/// The input of a network as its file declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Sizes of its axes, `None` where the file leaves them open; empty where it says nothing.
    pub shape: Vec<Option<usize>>,
    /// What its integers are; `None` of floats, which are FP32 here.
    pub kind: Option<IntKind>,
}

impl Input {
    /// `tensor` as a value of its type.
    ///
    /// - Errors: elements that an integer input cannot have.
    pub fn value_of(&self, tensor: Tensor) -> Result<Value, ExecuteError> {
        let Some(kind) = self.kind else {
            return Ok(tensor.into());
        };
        let whole = |&x: &f32| int_of_double(f64::from(x)).ok_or_else(|| self.element(kind, &x));
        let data = tensor.data.iter().map(whole).collect::<Result<_, _>>()?;
        self.value_of_integers(tensor.shape, data)
    }

    /// Integers as a value of its type.
    ///
    /// - Errors: elements that it cannot have.
    pub fn value_of_integers(&self, shape: Vec<usize>, data: Vec<i64>) -> Result<Value, ExecuteError> {
        let Some(kind) = self.kind else {
            let data = data.into_iter().map(float_of_int).collect();
            return Ok(Tensor { shape, data }.into());
        };
        let [least, most] = kind.range();
        match data.iter().find(|x| !(least..=most).contains(x)) {
            Some(element) => Err(self.element(kind, element)),
            None => Ok(IntTensor { shape, data, kind }.into()),
        }
    }

    fn element(&self, kind: IntKind, element: &dyn std::fmt::Display) -> ExecuteError {
        ExecuteError::InputElement {
            name: self.name.clone(),
            kind: kind.name(),
            element: element.to_string(),
        }
    }

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
        Self::load_given(path, &Given::default())
    }

    /// As [`Self::load`], where something is known of the inputs.
    ///
    /// - Errors: as [`Self::load`], and inputs that are not there.
    pub fn load_given(path: impl AsRef<Path>, given: &Given) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| ModelError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut model = ModelProto::decode(&bytes[..])?;
        drop(bytes);
        sim_onnx::external::load(&mut model, path)?;
        Ok(Self {
            graph: Graph::from_model(&model, given)?,
        })
    }

    /// Read an ONNX file from memory.
    ///
    /// - Errors: bytes that are not an ONNX model, stored tensors that cannot be read, and graphs with a cycle. Operators
    ///   that are not supported are errors of [`Self::want`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(Self {
            graph: Graph::from_bytes(bytes)?,
        })
    }

    /// From now on run what `wanted` needs, and nothing else; a network as it is read runs all outputs.
    ///
    /// - Errors: names that no value has, and nodes that are needed and cannot run: all of them at once.
    pub fn want(&mut self, wanted: &Wanted) -> Result<(), ModelError> {
        self.graph.want(wanted)
    }

    /// Whether every convolution and product can be read, whether it is wanted or not.
    ///
    /// - Errors: all that cannot.
    pub fn check_products(&self) -> Result<(), ModelError> {
        self.graph.check_products()
    }

    /// The inputs that a run reads.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.graph
            .fed
            .iter()
            .map(|&position| &self.graph.inputs[position])
    }

    /// All inputs, whether a run reads them or not, and the place of the images among them.
    pub fn declared_inputs(&self) -> (&[Input], usize) {
        let graph = &self.graph;
        let all: Vec<usize> = (0..graph.inputs.len()).collect();
        let images = graph.fed.get(graph.images).copied();
        (&graph.inputs, images.unwrap_or_else(|| graph.image_input(&all)))
    }

    /// Whether branches are left whose choice may follow from the shapes of the inputs.
    pub fn has_branches(&self) -> bool {
        self.graph.nodes.iter().any(|node| node.operator == "If")
    }

    /// Whether some nodes come from a branch, so that they are not where the file has them.
    pub(crate) fn has_inlined_branches(&self) -> bool {
        self.graph.branches == Branches::Inlined
    }

    /// The input that is the images; `None` of a network of which nothing depends on an input.
    pub fn images(&self) -> Option<&Input> {
        self.inputs().nth(self.graph.images)
    }

    /// Which of [`Self::inputs`] is that of the images.
    pub fn image_input(&self) -> usize {
        self.graph.images
    }

    /// Whether a run comes to layer `index`.
    pub fn is_reached(&self, index: usize) -> bool {
        let nodes = self.graph.nodes.iter().zip(&self.graph.needed);
        let mut reached = nodes
            .filter(|(_, needed)| **needed)
            .filter_map(|(node, _)| node.action.layer());
        reached.any(|layer| layer == index)
    }

    /// Names of the outputs that the file declares.
    pub fn outputs(&self) -> &[String] {
        &self.graph.declared_outputs
    }

    /// Products that are not layers, in execution order.
    pub fn others(&self) -> &[OtherProduct] {
        &self.graph.others
    }

    /// Types of stored floats that became FP32.
    pub fn widened(&self) -> impl Iterator<Item = FloatKind> {
        self.graph.widened.iter().copied()
    }

    /// Convolutions and fully connected layers, in execution order.
    pub fn layers(&self) -> &[WeightedLayer] {
        self.graph.layers()
    }

    /// Batch norms in inference mode, in execution order.
    pub fn batch_norms(&self) -> &[BatchNorm] {
        self.graph.batch_norms()
    }

    /// Outputs of ReLUs behind convolutions, which a prediction may skip in part, in execution order.
    pub fn places(&self) -> &[Place] {
        &self.graph.places
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
        let mut shapes: Vec<Vec<usize>> = Vec::new();
        for (place, input) in self.inputs().enumerate() {
            // Inputs beside the images are as the file declares them.
            let declared = || input.shape.iter().map(|size| size.unwrap_or(1)).collect();
            shapes.push(if place == self.graph.images {
                shape.to_vec()
            } else {
                declared()
            });
        }
        infer::infer(&self.graph, &shapes)?.all(|shapes| &shapes.layers)
    }

    /// MACs of all layers and of all other products, wanted or not, for inputs of these shapes, by name.
    pub fn macs(&self, shapes: &[(String, Vec<usize>)]) -> Macs {
        infer::macs(&self.graph, shapes)
    }

    /// Shapes of the outputs that are wanted, for inputs of these shapes; nothing is executed.
    ///
    /// - Errors: as [`Self::layer_shapes`].
    pub fn output_shapes(&self, inputs: &[Vec<usize>]) -> Result<Vec<Vec<usize>>, ExecuteError> {
        infer::infer(&self.graph, inputs)?.all(|shapes| &shapes.outputs)
    }

    /// Run in FP32; `hooks` are called at every layer with weights and at every batch norm.
    ///
    /// Returns name and value of each output. An error says at which node the run ended.
    pub fn run(&self, input: &Tensor, hooks: &mut dyn Hooks) -> Result<Vec<(String, Tensor)>, ExecuteError> {
        self.run_values(self.only_input(input.clone())?, hooks)
    }

    /// Runs side by side, one for each input.
    ///
    /// - Errors: an input that is not as the file declares it.
    pub fn start(&self, inputs: Vec<Tensor>) -> Result<Runs<'_>, ExecuteError> {
        let inputs = inputs.into_iter().map(|input| self.only_input(input));
        self.start_values(inputs.collect::<Result<_, _>>()?)
    }

    /// As [`Self::run`], with a value for each of [`Self::inputs`].
    pub fn run_values(
        &self,
        inputs: Vec<Value>,
        hooks: &mut dyn Hooks,
    ) -> Result<Vec<(String, Tensor)>, ExecuteError> {
        floats(crate::execute::run(
            &self.graph,
            inputs,
            Batch::AsDeclared,
            hooks,
        )?)
    }

    /// As [`Self::start`], with a value for each of [`Self::inputs`].
    ///
    /// - Errors: as [`Self::start`].
    pub fn start_values(&self, inputs: Vec<Vec<Value>>) -> Result<Runs<'_>, ExecuteError> {
        Runs::new(&self.graph, inputs, Batch::AsDeclared)
    }

    /// The values of a run, if the images are all that it reads.
    fn only_input(&self, images: Tensor) -> Result<Vec<Value>, ExecuteError> {
        match self.graph.fed[..] {
            [position] => Ok(vec![self.graph.inputs[position].value_of(images)?]),
            _ => Err(ExecuteError::InputCount {
                want: self.graph.fed.len(),
                found: 1,
            }),
        }
    }

    /// Run for what `hooks` see of it, with any number of images, whatever the model declares.
    pub(crate) fn run_hooks(&self, input: &Tensor, hooks: &mut dyn Hooks) -> Result<(), ExecuteError> {
        let input = self.only_input(input.clone())?;
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
