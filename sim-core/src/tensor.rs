//! Arrays that flow between the nodes of a network.

use crate::shape::checked_product;

/// Most elements that one array may have, 1 GiB of FP32: a damaged file must not ask for all the memory there is.
pub const MAX_ELEMENTS: usize = 1 << 28;

/// An FP32 array, row-major: the last axis is contiguous.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// Sizes of the axes; empty for a scalar.
    pub shape: Vec<usize>,
    /// As many elements as the product of `shape`.
    pub data: Vec<f32>,
}

/// Elements that do not fill a shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} elements do not fill the shape {shape:?}")]
pub struct LengthError {
    /// The shape.
    pub shape: Vec<usize>,
    /// How many elements there are.
    pub found: usize,
}

impl Tensor {
    /// An array of `shape`.
    ///
    /// - Errors: `data` has another number of elements than `shape`.
    pub fn new(shape: Vec<usize>, data: Vec<f32>) -> Result<Self, LengthError> {
        check_length(&shape, data.len())?;
        Ok(Self { shape, data })
    }

    /// An array without axes.
    pub fn scalar(value: f32) -> Self {
        Self {
            shape: Vec::new(),
            data: vec![value],
        }
    }

    /// Sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, row-major.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The elements alone.
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// The same elements in another shape.
    ///
    /// - Errors: the shape has another number of elements.
    pub fn reshaped(self, shape: Vec<usize>) -> Result<Self, LengthError> {
        Self::new(shape, self.data)
    }
}

fn check_length(shape: &[usize], found: usize) -> Result<(), LengthError> {
    if checked_product(shape) == Some(found) {
        return Ok(());
    }
    Err(LengthError {
        shape: shape.to_vec(),
        found,
    })
}

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
