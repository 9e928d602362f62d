//! FP32 arrays.

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

    /// The same elements in another shape.
    ///
    /// - Errors: the shape has another number of elements.
    pub fn reshaped(self, shape: Vec<usize>) -> Result<Self, LengthError> {
        Self::new(shape, self.data)
    }
}

/// The number of elements of `shape`; `None` for more than [`MAX_ELEMENTS`].
pub fn n_elements(shape: &[usize]) -> Option<usize> {
    // Without its empty axes, so that no product of some of the sizes can overflow later on.
    let sizes: Vec<usize> = shape.iter().map(|&size| size.max(1)).collect();
    checked_product(&sizes)
        .filter(|&n_elements| n_elements <= MAX_ELEMENTS)
        .map(|n_elements| if shape.contains(&0) { 0 } else { n_elements })
}

/// Whether `found` elements fill a shape.
///
/// - Errors: another number of elements than that of the shape.
pub fn check_length(shape: &[usize], found: usize) -> Result<(), LengthError> {
    if checked_product(shape) == Some(found) {
        return Ok(());
    }
    Err(LengthError {
        shape: shape.to_vec(),
        found,
    })
}
