//! Why a file does not become a network.

use std::path::PathBuf;

use sim_onnx::error::TensorFault;
use sim_onnx::external::ExternalError;

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
    /// Operators that are needed and cannot run.
    #[error("{}", missing(operators, cut_off, *n_layers))]
    Missing {
        /// All of them.
        operators: Vec<MissingOperator>,
        /// Names of layers that depend on them.
        cut_off: Vec<String>,
        /// Layers of the network.
        n_layers: usize,
    },
    /// A name that no value has.
    #[error(
        "nothing in the network is named `{name}`; its outputs are {}",
        quoted(outputs)
    )]
    NoValue {
        /// The name.
        name: String,
        /// Outputs of the network.
        outputs: Vec<String>,
    },
    /// An input that is given and that is not there.
    #[error("the network has no input `{name}`; its inputs are {}", quoted(inputs))]
    NoInput {
        /// The name.
        name: String,
        /// Inputs of the network.
        inputs: Vec<String>,
    },
    /// A constant for an input that it does not fit.
    #[error("input `{name}`: {what}")]
    Constant {
        /// The input.
        name: String,
        /// What does not fit.
        what: String,
    },
    /// A branch that is not what the node says.
    #[error("node `{node}` (If): its {branch} is missing or has other outputs than the node")]
    Branch {
        /// The node.
        node: String,
        /// The attribute.
        branch: &'static str,
    },
    /// Elements in other files.
    #[error(transparent)]
    External(#[from] ExternalError),
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

/// Nodes of one operator that cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingOperator {
    /// The operator.
    pub operator: String,
    /// How many.
    pub n_nodes: usize,
    /// The first of them.
    pub first: String,
    /// What they ask for, where the operator itself is supported.
    pub why: Option<String>,
}

fn missing(operators: &[MissingOperator], cut_off: &[String], n_layers: usize) -> String {
    let one = |missing: &MissingOperator| {
        let MissingOperator {
            operator,
            n_nodes,
            first,
            why,
        } = missing;
        let nodes = if *n_nodes == 1 {
            format!("node `{first}`")
        } else {
            format!("{n_nodes} nodes, the first is `{first}`")
        };
        let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{operator} ({nodes}{why})")
    };
    let all: Vec<String> = operators.iter().map(one).collect();
    let verb = if let [_] = operators {
        "this operator is"
    } else {
        "these operators are"
    };
    let mut text = format!("{verb} not supported here: {}", all.join(", "));
    if !cut_off.is_empty() {
        text.push_str(&format!(
            "; {} of {n_layers} layers with weights depend on them: {}",
            cut_off.len(),
            quoted(cut_off)
        ));
    }
    text
}

/// The first names of a list.
fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let rest = names.len().saturating_sub(SHOWN);
    let more = if rest == 0 {
        String::new()
    } else {
        format!(" and {rest} more")
    };
    format!("{}{more}", shown.join(", "))
}

/// The oldest operator set whose semantics are implemented.
pub const MIN_OPSET: i64 = 7;

/// The newest one.
pub const MAX_OPSET: i64 = 28;

/// Most elements of all constants together.
pub const MAX_CONSTANT_ELEMENTS: usize = 1 << 29;
