//! What can be wrong with one node.

use sim_core::tensor::{LengthError, MAX_ELEMENTS};

use sim_onnx::error::TensorFault;

/// Why a node cannot be read or cannot compute.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// An input that is not there.
    #[error("input {index} is missing")]
    Missing {
        /// Its position.
        index: usize,
    },
    /// An input of a type that the operator does not take here.
    #[error("input {index} is {found}, expected {want}")]
    Type {
        /// Its position.
        index: usize,
        /// Its type.
        found: &'static str,
        /// The expected one.
        want: &'static str,
    },
    /// An input of a shape that the operator does not take.
    #[error("input {index} has shape {found:?}, expected {want}")]
    Shape {
        /// Its position.
        index: usize,
        /// Its shape.
        found: Vec<usize>,
        /// The expected one, in words.
        want: &'static str,
    },
    /// Two inputs whose shapes do not fit each other.
    #[error("shapes {left:?} and {right:?} do not fit together")]
    Shapes {
        /// One shape.
        left: Vec<usize>,
        /// The other.
        right: Vec<usize>,
    },
    /// A shape that depends on values which are known only when the network runs.
    #[error("the shape of its output depends on the values of input {index}")]
    Unknown {
        /// The input.
        index: usize,
    },
    /// An attribute, or an input in its place, with a value that the operator does not take.
    #[error("{name} = {value} is not supported")]
    Attribute {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// An attribute that must be there.
    #[error("attribute {name} is missing")]
    MissingAttribute {
        /// Its name.
        name: &'static str,
    },
    /// An axis outside of the shape.
    #[error("axis {axis} is outside of {rank} axes")]
    Axis {
        /// The axis.
        axis: i64,
        /// Axes of the input.
        rank: usize,
    },
    /// An index outside of an axis.
    #[error("index {index} is outside of {size} elements")]
    Index {
        /// The index.
        index: i64,
        /// Elements along the axis.
        size: usize,
    },
    /// A window that is larger than what it slides over.
    #[error("a window of {window} does not fit an input of {input} elements with its padding")]
    Window {
        /// Extent of the window, dilation included.
        window: usize,
        /// Extent of the input, padding included.
        input: usize,
    },
    /// More elements than anything here needs.
    #[error("shape {shape:?} has more than {max} elements", max = MAX_ELEMENTS)]
    TooLarge {
        /// The shape.
        shape: Vec<usize>,
    },
    /// There is no such operator here.
    #[error("the operator is not supported")]
    NoOperator,
    /// A choice between branches that is not made before the network runs.
    #[error(
        "which branch runs depends on values of inputs; where these are the same for all images, give them with --input \
         NAME=VALUE"
    )]
    Branch,
    /// A stored tensor that cannot be read.
    #[error("it reads a constant of the model: {what}")]
    Stored {
        /// Why it cannot be read.
        what: String,
    },
    /// Integers that the library of operators cannot hold.
    #[error("input {index} has integers beyond its type or beyond 32 bits")]
    Integer {
        /// Its position.
        index: usize,
    },
    /// The library of operators refuses.
    #[error("the library that computes it says: {message}")]
    Library {
        /// What it says.
        message: String,
    },
    /// Sums that an accumulator does not hold.
    #[error("sums of its products do not fit 32 bits")]
    Accumulator,
    /// An integer division by zero.
    #[error("integer division by zero")]
    Division,
    /// A tensor in an attribute that cannot be read.
    #[error(transparent)]
    Tensor(#[from] TensorFault),
    /// Elements that do not fill a shape.
    #[error(transparent)]
    Length(#[from] LengthError),
}

impl Fault {
    pub(crate) fn attribute(name: &'static str, value: impl std::fmt::Display) -> Self {
        Self::Attribute {
            name,
            value: value.to_string(),
        }
    }

    pub(crate) fn shape(index: usize, found: &[usize], want: &'static str) -> Self {
        Self::Shape {
            index,
            found: found.to_vec(),
            want,
        }
    }

    pub(crate) fn shapes(left: &[usize], right: &[usize]) -> Self {
        Self::Shapes {
            left: left.to_vec(),
            right: right.to_vec(),
        }
    }
}
