//! What can be wrong with a trace, and what to do about it.

use std::path::{Path, PathBuf};

use sim_core::convolution::GeometryFault;

use crate::trace::Trace;

/// A trace file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct TraceError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub fault: Box<Fault>,
}

impl TraceError {
    pub(crate) fn new(path: &Path, fault: Fault) -> Self {
        Self {
            path: path.to_owned(),
            fault: Box::new(fault),
        }
    }
}

/// What is wrong with a trace.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file system said no.
    #[error("cannot {action}: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The answer.
        #[source]
        error: std::io::Error,
    },
    /// The container is broken.
    #[error("not a whole safetensors file: {why}; make the trace again with `sysmt capture`")]
    Container {
        /// How.
        why: String,
    },
    /// The file is a safetensors file of something else.
    #[error(
        "the header has no metadata key `sysmt`: this safetensors file is not a layer trace; make one with `sysmt capture`"
    )]
    NotATrace,
    /// The description is not what it must be.
    #[error(
        "metadata key `sysmt`: {why}; write it as docs/trace.md says, or make the trace again with `sysmt capture`"
    )]
    Description {
        /// How.
        why: String,
    },
    /// Another format version.
    #[error(
        "trace format version {found} is not known, only version {known} is; capture the trace again with this `sysmt`"
    )]
    Version {
        /// Version in the file.
        found: u64,
        /// Version that is read and written here.
        known: u64,
    },
    /// Keys and tensors that must be there are not.
    #[error(
        "the trace lacks {}; add what docs/trace.md asks for, or make the trace again with `sysmt capture`", .what.join(", ")
    )]
    Lacks {
        /// All of them.
        what: Vec<String>,
    },
    /// A tensor that belongs to no layer.
    #[error("tensor `{tensor}` belongs to no layer of the description; remove it or describe its layer")]
    Unknown {
        /// The tensor.
        tensor: String,
    },
    /// A tensor of another type.
    #[error("{layer}: tensor `{tensor}` is {found}, it must be {want}")]
    Type {
        /// The layer.
        layer: LayerName,
        /// The tensor.
        tensor: String,
        /// Type in the file.
        found: String,
        /// Type that it must have.
        want: String,
    },
    /// A tensor of another shape.
    #[error("{layer}: tensor `{tensor}` has shape {found:?}, it must be {want}")]
    Shape {
        /// The layer.
        layer: LayerName,
        /// The tensor, or the field of a trace in memory.
        tensor: String,
        /// Shape in the file; in memory the length.
        found: Vec<usize>,
        /// What it must be.
        want: String,
    },
    /// A value that no capture writes.
    #[error("{layer}: tensor `{tensor}`, value {index} is {value}, it must be {want}")]
    Value {
        /// The layer.
        layer: LayerName,
        /// The tensor.
        tensor: &'static str,
        /// Where in it.
        index: usize,
        /// The value.
        value: f32,
        /// What it must be.
        want: &'static str,
    },
    /// A geometry that does not fit the shapes.
    #[error("{layer}: {fault}")]
    Geometry {
        /// The layer.
        layer: LayerName,
        /// How.
        #[source]
        fault: GeometryFault,
    },
    /// Maps that do not belong to the images.
    #[error(
        "{layer}: {found} maps in tensor `input` for {want} images; every layer holds as many maps for each image, mostly one"
    )]
    Images {
        /// The layer.
        layer: LayerName,
        /// Maps of this layer.
        found: usize,
        /// Images of the trace.
        want: usize,
    },
    /// A prediction of other outputs.
    #[error("{layer}: `prediction`: {why}; capture the trace again with --predict")]
    Prediction {
        /// The layer.
        layer: LayerName,
        /// What is wrong.
        why: String,
    },
    /// A tensor of a prediction that is half there.
    #[error(
        "{layer}: `kept`, `first` and `prediction` belong together, and {missing} is not there; add it, or capture the trace \
         again with --predict"
    )]
    PartOfPrediction {
        /// The layer.
        layer: LayerName,
        /// What is missing.
        missing: &'static str,
    },
    /// No layer at all.
    #[error(
        "the trace holds no layer; capture a network with at least one convolution or fully connected layer"
    )]
    Empty,
}

/// A layer by place and name, as messages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerName {
    /// Place in the trace.
    pub index: usize,
    /// Name in the network.
    pub name: String,
}

impl LayerName {
    pub(crate) fn of(trace: &Trace, index: usize) -> Self {
        let name = trace.layers.get(index).map_or("", |layer| layer.name.as_str());
        Self {
            index,
            name: name.to_owned(),
        }
    }
}

impl std::fmt::Display for LayerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "layer {} (`{}`)", self.index, self.name)
    }
}
