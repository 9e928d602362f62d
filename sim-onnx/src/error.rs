//! Why a stored tensor cannot be read.

use sim_core::tensor::LengthError;

/// A tensor of the file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TensorFault {
    /// The elements are in another file.
    #[error("its data is in another file; save the model with its weights inside")]
    External,
    /// The elements are stored sparsely.
    #[error("sparse tensors are not supported")]
    Sparse,
    /// A type that networks here do not have.
    #[error(
        "data type {found} is not supported: only floats of 16, 32 and 64 bits, integers but uint64, and bool are"
    )]
    DataType {
        /// The type.
        found: String,
    },
    /// A negative size.
    #[error("size {size} of axis {axis} is negative")]
    NegativeSize {
        /// The axis.
        axis: usize,
        /// Its size.
        size: i64,
    },
    /// More elements than anything here needs.
    #[error("shape {shape:?} has more than {max} elements", max = sim_core::tensor::MAX_ELEMENTS)]
    TooLarge {
        /// The shape.
        shape: Vec<usize>,
    },
    /// Raw bytes that do not make a whole number of elements.
    #[error("{found} bytes do not make a whole number of elements of {size} bytes")]
    RawBytes {
        /// Bytes found.
        found: usize,
        /// Bytes of one element.
        size: usize,
    },
    /// Elements that do not fill the shape.
    #[error(transparent)]
    Length(#[from] LengthError),
}
