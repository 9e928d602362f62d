//! The operator `Softmax`.

use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes};

/// Along which elements the outputs add up to 1.
#[derive(Clone, Copy, Debug)]
pub(super) enum Softmax {
    /// From an axis to the last one, before operator set 13.
    From(i64),
    /// Along one axis.
    Along(i64),
}

impl Softmax {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        if attributes.opset < 13 {
            Self::From(attributes.int_or("axis", 1))
        } else {
            Self::Along(attributes.int_or("axis", -1))
        }
    }
}

impl Operation for Softmax {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let mut tensor = inputs.take_float(0)?;
        let rank = tensor.shape.len();
        let (size, stride) = match *self {
            Self::From(axis) => (tensor.shape[axes::axis(axis, rank)?..].iter().product(), 1),
            Self::Along(axis) => {
                let (_, size, stride) = axes::around(&tensor.shape, axes::axis(axis, rank)?);
                (size, stride)
            }
        };
        for block in tensor.data.chunks_exact_mut((size * stride).max(1)) {
            for offset in 0..stride {
                normalize(block, offset, stride);
            }
        }
        Ok(vec![tensor.into()])
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::NonNegative
    }
}

/// Softmax of every `stride`-th element from `offset`.
fn normalize(block: &mut [f32], offset: usize, stride: usize) {
    let max = block
        .iter()
        .skip(offset)
        .step_by(stride)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in block.iter_mut().skip(offset).step_by(stride) {
        *x = (*x - max).exp();
        sum += *x;
    }
    for x in block.iter_mut().skip(offset).step_by(stride) {
        *x /= sum;
    }
}
