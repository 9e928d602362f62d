//! Why a file does not become a network.

use std::path::PathBuf;

use sim_onnx::error::TensorFault;

use crate::ops::fault::Fault;

/// A file that cannot be read as a network.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file that cannot be opened or read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Bytes that are no ONNX model.
    #[error("not an ONNX model, or cut off: {0}")]
    Decode(#[from] prost::DecodeError),
    /// A model without a graph.
    #[error("the file holds no graph: is it an ONNX model?")]
    NoGraph,
    /// An operator set outside of the supported ones.
    #[error("operator set {found} is not supported, only {min} to {max} are; convert the model", min = MIN_OPSET, max = MAX_OPSET)]
    Opset {
        /// The version that the file names.
        found: i64,
    },
    /// An operator that is not supported.
    #[error("node `{node}`: operator {operator} is not supported")]
    Operator {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
    },
    /// A node that cannot be what it says.
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
    /// A stored tensor that cannot be read.
    #[error("initializer `{name}`: {fault}")]
    Initializer {
        /// The tensor.
        name: String,
        /// What is wrong.
        #[source]
        fault: TensorFault,
    },
    /// Nodes that wait for each other.
    #[error("node `{node}` ({operator}) depends on its own output")]
    Cycle {
        /// One of the nodes.
        node: String,
        /// Its operator.
        operator: String,
    },
    /// A value that nothing produces.
    #[error("node `{node}` ({operator}) reads `{value}`, which no node, input or initializer provides")]
    Undefined {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// The value.
        value: String,
    },
    /// An output of the network that nothing produces.
    #[error("output `{name}` is not produced by any node")]
    Output {
        /// The output.
        name: String,
    },
    /// A value with two origins.
    #[error("value `{value}` is assigned twice; each name may be assigned once")]
    Twice {
        /// The value.
        value: String,
    },
    /// Another number of inputs than one.
    #[error("a network has one input, but this one has {}: {names:?}", names.len())]
    Inputs {
        /// Their names.
        names: Vec<String>,
    },
    /// Constants that would not fit the memory.
    #[error("the constants of the model have more than {max} elements", max = MAX_CONSTANT_ELEMENTS)]
    Constants,
    /// A replacement for weights or statistics that does not fit.
    #[error("layer `{layer}`: a replacement of shape {found:?} cannot stand for {want:?}")]
    Replacement {
        /// The layer.
        layer: String,
        /// Shape of the replacement.
        found: Vec<usize>,
        /// Shape of what it replaces.
        want: Vec<usize>,
    },
}

/// The oldest operator set whose semantics are implemented.
pub const MIN_OPSET: i64 = 7;

/// The newest one.
pub const MAX_OPSET: i64 = 28;

/// Most elements of all constants together.
pub const MAX_CONSTANT_ELEMENTS: usize = 1 << 29;
