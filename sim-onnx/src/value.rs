//! Arrays that flow between the nodes of a network.

use sim_core::tensor::{LengthError, Tensor, check_length};

/// What the elements of an [`IntTensor`] are in the ONNX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int64`.
    Int64,
    /// `int32`.
    Int32,
    /// `bool`: 0 or 1.
    Bool,
}

impl IntKind {
    /// The name that ONNX has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Bool => "bool",
        }
    }
}

/// An integer array, row-major: shapes and indices that a network computes for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntTensor {
    /// Sizes of the axes; empty for a scalar.
    pub shape: Vec<usize>,
    /// As many elements as the product of `shape`, in the range of `kind`.
    pub data: Vec<i64>,
    /// What the elements are.
    pub kind: IntKind,
}

impl IntTensor {
    /// An array of `shape`.
    ///
    /// - Errors: `data` has another number of elements than `shape`.
    pub fn new(shape: Vec<usize>, data: Vec<i64>, kind: IntKind) -> Result<Self, LengthError> {
        check_length(&shape, data.len())?;
        Ok(Self { shape, data, kind })
    }
}

/// What one node hands to another.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// FP32.
    Float(Tensor),
    /// Integers and truth values.
    Int(IntTensor),
}

impl Value {
    /// Sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Float(tensor) => &tensor.shape,
            Self::Int(tensor) => &tensor.shape,
        }
    }

    /// The number of elements.
    pub fn n_elements(&self) -> usize {
        match self {
            Self::Float(tensor) => tensor.data.len(),
            Self::Int(tensor) => tensor.data.len(),
        }
    }

    /// The name that ONNX has for the type of the elements.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Float(_) => "float32",
            Self::Int(tensor) => tensor.kind.name(),
        }
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::Float(tensor)
    }
}

impl From<IntTensor> for Value {
    fn from(tensor: IntTensor) -> Self {
        Self::Int(tensor)
    }
}
