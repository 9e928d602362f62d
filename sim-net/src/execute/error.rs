//! Why a run ends early.

use crate::execute::hooks::HookError;
use crate::graph::error::ModelError;
use crate::ops::fault::Fault;

/// A network that cannot be run on an input.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Another number of inputs than the graph has.
    #[error("the graph has {want} inputs, but {found} are given")]
    InputCount {
        /// Inputs of the graph.
        want: usize,
        /// Given ones.
        found: usize,
    },
    /// An input of a shape that the file rules out.
    #[error(
        "input `{name}` has shape {found:?}, but the model declares {}",
        declared(want)
    )]
    InputShape {
        /// The input.
        name: String,
        /// Shape of what is given.
        found: Vec<usize>,
        /// Declared shape, `None` where it is open.
        want: Vec<Option<usize>>,
    },
    /// A node that cannot compute.
    #[error("node `{node}` ({operator}): {fault}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong.
        #[source]
        fault: Box<Fault>,
    },
    /// A hook gave up.
    #[error("layer `{layer}`: {source}")]
    Hook {
        /// The layer.
        layer: String,
        /// What the hook says.
        source: HookError,
    },
    /// A hook returned an output of another shape.
    #[error("layer `{layer}`: a hook returned shape {found:?} instead of {want:?}")]
    HookShape {
        /// The layer.
        layer: String,
        /// Shape of what it returned.
        found: Vec<usize>,
        /// Shape of what it replaces.
        want: Vec<usize>,
    },
    /// An element of an integer input that is not one of its numbers.
    #[error(
        "input `{name}` is declared {kind}, but {element} is not one of its numbers; give it raw pixels: scale 1, no mean, no std"
    )]
    InputElement {
        /// The input.
        name: String,
        /// Its type.
        kind: &'static str,
        /// The element.
        element: String,
    },
    /// Another number of images than the model declares, where a node depends on that number.
    #[error(
        "the model declares a batch of {declared}, and node `{node}` ({operator}) depends on that number; export it with an \
         open batch axis"
    )]
    FixedBatch {
        /// Images that it declares.
        declared: usize,
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
    },
    /// Nodes that are needed and cannot run.
    #[error(transparent)]
    Missing(#[from] Box<ModelError>),
    /// A layer or output whose shape no node gives.
    #[error("the shapes of some layers are not known before the network runs")]
    Unreached,
    /// An output that is not FP32.
    #[error("output `{name}` is {found}, but outputs of a network are float32")]
    OutputType {
        /// The output.
        name: String,
        /// Its type.
        found: &'static str,
    },
}

fn declared(shape: &[Option<usize>]) -> String {
    let sizes: Vec<String> = shape
        .iter()
        .map(|size| size.map_or_else(|| "?".to_owned(), |size| size.to_string()))
        .collect();
    format!("[{}]", sizes.join(", "))
}
