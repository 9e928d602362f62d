//! The operator `Transpose`.

use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes};

/// Exchanges axes.
#[derive(Clone, Debug)]
pub(super) struct Transpose {
    permutation: Option<Vec<usize>>,
}

impl Transpose {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        Ok(Self {
            permutation: attributes.sizes("perm")?,
        })
    }

    /// The axis of the input that each axis of the output is.
    fn permutation(&self, rank: usize) -> Result<Vec<usize>, Fault> {
        let Some(permutation) = &self.permutation else {
            return Ok((0..rank).rev().collect());
        };
        let mut sorted = permutation.clone();
        sorted.sort_unstable();
        if sorted.iter().copied().eq(0..rank) {
            return Ok(permutation.clone());
        }
        Err(Fault::attribute("perm", format!("{permutation:?}")))
    }
}

impl Operation for Transpose {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let shape = inputs.shape(0)?;
        Ok(vec![
            self.permutation(shape.len())?
                .into_iter()
                .map(|axis| shape[axis])
                .collect(),
        ])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let value = inputs.value(0)?;
        let from = axes::strides(value.shape());
        let permutation = self.permutation(from.len())?;
        let shape: Vec<usize> = permutation.iter().map(|&axis| value.shape()[axis]).collect();
        let strides: Vec<isize> = permutation.iter().map(|&axis| from[axis].cast_signed()).collect();
        let runs = axes::offsets(&shape, &strides, 0).map(|offset| offset..offset + 1);
        Ok(vec![axes::copied(value, shape.clone(), runs)?])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
