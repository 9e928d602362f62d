//! Two arrays in, broadcast to one shape.

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};
use sim_simd::vectorized;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes};

/// Functions of two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
}

impl Operation for Binary {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![axes::broadcast(inputs.shape(0)?, inputs.shape(1)?)?])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let shape = axes::broadcast(inputs.value(0)?.shape(), inputs.value(1)?.shape())?;
        match (inputs.value(0)?, inputs.value(1)?) {
            (Value::Int(left), Value::Int(right)) => Ok(vec![self.integers(left, right, shape)?.into()]),
            (Value::Int(_), Value::Float(_)) => Err(Fault::Type {
                index: 1,
                found: "float32",
                want: "integers, as input 0",
            }),
            (Value::Float(_), _) => {
                let left = inputs.take_float(0)?;
                let right = inputs.float(1)?;
                let output = match self {
                    Self::Add => floats(left, right, shape, |a, b| a + b)?,
                    Self::Sub => floats(left, right, shape, |a, b| a - b)?,
                    Self::Mul => floats(left, right, shape, |a, b| a * b)?,
                    Self::Div => floats(left, right, shape, |a, b| a / b)?,
                };
                Ok(vec![output.into()])
            }
        }
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        match self {
            Self::Add | Self::Mul | Self::Div => inputs.all(),
            Self::Sub => InputSign::Any,
        }
    }
}

impl Binary {
    fn integers(self, left: &IntTensor, right: &IntTensor, shape: Vec<usize>) -> Result<IntTensor, Fault> {
        if left.kind != right.kind || left.kind == IntKind::Bool {
            return Err(Fault::Type {
                index: 1,
                found: right.kind.name(),
                want: "integers of the same type as input 0",
            });
        }
        let mut data = Vec::with_capacity(axes::n_elements(&shape)?);
        let mut fault = None;
        pairs(
            &left.data,
            &left.shape,
            &right.data,
            &right.shape,
            &shape,
            |a: i64, b: i64| {
                let value = match self {
                    Self::Add => Some(a.wrapping_add(b)),
                    Self::Sub => Some(a.wrapping_sub(b)),
                    Self::Mul => Some(a.wrapping_mul(b)),
                    Self::Div if b == 0 => None,
                    Self::Div => Some(a.wrapping_div(b)),
                };
                if value.is_none() {
                    fault = Some(Fault::Division);
                }
                let value = value.unwrap_or_default();
                data.push(left.kind.wrap(value));
            },
        );
        fault.map_or_else(|| Ok(IntTensor::new(shape, data, left.kind)?), Err)
    }
}

fn floats(
    mut left: Tensor,
    right: &Tensor,
    shape: Vec<usize>,
    function: impl Fn(f32, f32) -> f32,
) -> Result<Tensor, Fault> {
    if left.shape == right.shape {
        let elements = left.data.iter_mut().zip(&right.data);
        vectorized(
            #[inline(always)]
            || {
                for (a, &b) in elements {
                    *a = function(*a, b);
                }
            },
        );
        return Ok(left);
    }
    let mut data = Vec::with_capacity(axes::n_elements(&shape)?);
    pairs(
        &left.data,
        &left.shape,
        &right.data,
        &right.shape,
        &shape,
        |a, b| data.push(function(a, b)),
    );
    Ok(Tensor::new(shape, data)?)
}

/// Calls `each` with the elements of both arrays in the order of the broadcast `shape`.
fn pairs<T: Copy>(
    left: &[T],
    left_shape: &[usize],
    right: &[T],
    right_shape: &[usize],
    shape: &[usize],
    mut each: impl FnMut(T, T),
) {
    let Some((&row, outer)) = shape.split_last() else {
        each(left[0], right[0]);
        return;
    };
    let signed =
        |strides: Vec<usize>| -> Vec<isize> { strides.into_iter().map(usize::cast_signed).collect() };
    let left_strides = axes::broadcast_strides(left_shape, shape);
    let right_strides = axes::broadcast_strides(right_shape, shape);
    let (left_step, right_step) = (left_strides[outer.len()], right_strides[outer.len()]);
    let (left_strides, right_strides) = (signed(left_strides), signed(right_strides));
    let left_rows = axes::offsets(outer, &left_strides[..outer.len()], 0);
    let right_rows = axes::offsets(outer, &right_strides[..outer.len()], 0);
    for (from_left, from_right) in left_rows.zip(right_rows) {
        // Strides of the last axis are 0 or 1.
        for column in 0..row {
            each(
                left[from_left + column * left_step],
                right[from_right + column * right_step],
            );
        }
    }
}

/// The sum of any number of arrays.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum;

impl Operation for Sum {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let mut shape = inputs.shape(0)?.to_vec();
        for index in 1..inputs.len() {
            shape = axes::broadcast(&shape, inputs.shape(index)?)?;
        }
        Ok(vec![shape])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let mut sum = inputs.take_float(0)?;
        for index in 1..inputs.len() {
            let other = inputs.float(index)?;
            let shape = axes::broadcast(&sum.shape, &other.shape)?;
            sum = floats(sum, other, shape, |a, b| a + b)?;
        }
        Ok(vec![sum.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.all()
    }
}
