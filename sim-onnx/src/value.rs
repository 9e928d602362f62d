//! Arrays that flow between the nodes of a network.

use sim_core::tensor::{LengthError, Tensor, check_length};

/// What the elements of an [`IntTensor`] are in the ONNX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int64`.
    Int64,
    /// `int32`.
    Int32,
    /// `int16`.
    Int16,
    /// `int8`.
    Int8,
    /// `uint32`.
    Uint32,
    /// `uint16`.
    Uint16,
    /// `uint8`.
    Uint8,
    /// `bool`: 0 or 1.
    Bool,
}

impl IntKind {
    /// The name that ONNX has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Int16 => "int16",
            Self::Int8 => "int8",
            Self::Uint32 => "uint32",
            Self::Uint16 => "uint16",
            Self::Uint8 => "uint8",
            Self::Bool => "bool",
        }
    }

    /// The least and the largest number of this kind.
    pub const fn range(self) -> [i64; 2] {
        match self {
            Self::Int64 => [i64::MIN, i64::MAX],
            Self::Int32 => [-0x8000_0000, 0x7fff_ffff],
            Self::Int16 => [-0x8000, 0x7fff],
            Self::Int8 => [-0x80, 0x7f],
            Self::Uint32 => [0, 0xffff_ffff],
            Self::Uint16 => [0, 0xffff],
            Self::Uint8 => [0, 0xff],
            Self::Bool => [0, 1],
        }
    }

    /// The low bits of `value`, as many as this kind has, read as one of its numbers.
    pub const fn wrap(self, value: i64) -> i64 {
        let shift = match self {
            Self::Int64 => return value,
            Self::Bool => return if value == 0 { 0 } else { 1 },
            Self::Int32 | Self::Uint32 => 32,
            Self::Int16 | Self::Uint16 => 48,
            Self::Int8 | Self::Uint8 => 56,
        };
        let extended = (value << shift) >> shift;
        let [least, _] = self.range();
        if least == 0 && extended < 0 {
            extended + (1 << (64 - shift))
        } else {
            extended
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

    /// What its integers are; `None` of floats.
    pub const fn kind(&self) -> Option<IntKind> {
        match self {
            Self::Float(_) => None,
            Self::Int(tensor) => Some(tensor.kind),
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
