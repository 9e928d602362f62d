//! Sizes, axes, strides and broadcasting.

use std::ops::Range;

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntTensor, Value};

use crate::ops::fault::Fault;

/// The number of elements of `shape`, which must be one that can be stored.
pub(crate) fn n_elements(shape: &[usize]) -> Result<usize, Fault> {
    sim_core::tensor::n_elements(shape).ok_or_else(|| Fault::TooLarge {
        shape: shape.to_vec(),
    })
}

/// An axis that may count from the end; `rank` itself is not one.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Fault> {
    let fault = Fault::Axis { axis, rank };
    let Ok(signed_rank) = i64::try_from(rank) else {
        return Err(fault);
    };
    let from_start = if axis < 0 {
        axis.checked_add(signed_rank)
    } else {
        Some(axis)
    };
    from_start
        .and_then(|axis| usize::try_from(axis).ok())
        .filter(|&axis| axis < rank)
        .ok_or(fault)
}

/// The three factors of a shape: before `axis`, along it, after it.
pub(crate) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let (before, rest) = shape.split_at(axis);
    (before.iter().product(), rest[0], rest[1..].iter().product())
}

/// Elements between neighbours along each axis.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The shape to which two shapes are broadcast.
pub(crate) fn broadcast(left: &[usize], right: &[usize]) -> Result<Vec<usize>, Fault> {
    let rank = left.len().max(right.len());
    let size = |shape: &[usize], axis: usize| match (axis + shape.len()).checked_sub(rank) {
        Some(own) => shape[own],
        None => 1,
    };
    (0..rank)
        .map(|axis| match (size(left, axis), size(right, axis)) {
            (a, b) if a == b => Ok(a),
            (1, b) => Ok(b),
            (a, 1) => Ok(a),
            _ => Err(Fault::shapes(left, right)),
        })
        .collect()
}

/// Strides with which an array of `shape` is read as one of `to`: 0 along repeated axes.
pub(crate) fn broadcast_strides(shape: &[usize], to: &[usize]) -> Vec<usize> {
    let mut wide = vec![0; to.len()];
    let skipped = to.len() - shape.len();
    for (axis, stride) in strides(shape).into_iter().enumerate() {
        if shape[axis] != 1 {
            wide[skipped + axis] = stride;
        }
    }
    wide
}

/// Offsets of all elements of `shape`, row-major, in an array with these `strides`, from `start`.
pub(crate) fn offsets<'a>(
    shape: &'a [usize],
    strides: &'a [isize],
    start: usize,
) -> impl Iterator<Item = usize> + 'a {
    let n_elements: usize = shape.iter().product();
    let mut index = vec![0_usize; shape.len()];
    let mut offset = start;
    (0..n_elements).map(move |_| {
        let current = offset;
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            offset = offset.wrapping_add_signed(strides[axis]);
            if index[axis] < shape[axis] {
                break;
            }
            // Back to the start of this axis, and on to the next element of the one before.
            let back = strides[axis].wrapping_mul(shape[axis].cast_signed());
            offset = offset.wrapping_add_signed(back.wrapping_neg());
            index[axis] = 0;
        }
        current
    })
}

/// A value of `shape` whose elements are those runs of another's, one after the other.
pub(crate) fn copied(
    value: &Value,
    shape: Vec<usize>,
    runs: impl Iterator<Item = Range<usize>>,
) -> Result<Value, Fault> {
    let n_elements = n_elements(&shape)?;
    Ok(match value {
        Value::Float(tensor) => Tensor::new(shape, copy(&tensor.data, n_elements, runs))?.into(),
        Value::Int(tensor) => {
            IntTensor::new(shape, copy(&tensor.data, n_elements, runs), tensor.kind)?.into()
        }
    })
}

fn copy<T: Copy>(from: &[T], n_elements: usize, runs: impl Iterator<Item = Range<usize>>) -> Vec<T> {
    let mut to = Vec::with_capacity(n_elements);
    for run in runs {
        to.extend_from_slice(&from[run]);
    }
    to
}

/// The same elements in another shape.
pub(crate) fn reshaped(value: Value, shape: Vec<usize>) -> Result<Value, Fault> {
    Ok(match value {
        Value::Float(tensor) => Tensor::new(shape, tensor.data)?.into(),
        Value::Int(tensor) => IntTensor::new(shape, tensor.data, tensor.kind)?.into(),
    })
}
