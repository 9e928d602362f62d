//! The operator `Gather`.

use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands, ints_of};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes};

/// Takes the slices of one axis that a list names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gather {
    axis: i64,
}

impl Gather {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            axis: attributes.int_or("axis", 0),
        }
    }

    fn shape(&self, from: &[usize], indices: &[usize]) -> Result<Vec<usize>, Fault> {
        let axis = axes::axis(self.axis, from.len())?;
        Ok([&from[..axis], indices, &from[axis + 1..]].concat())
    }
}

impl Operation for Gather {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs.shape(0)?, inputs.shape(1)?)?])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let value = inputs.value(0)?;
        let indices = ints_of(1, inputs.value(1)?)?;
        let shape = self.shape(value.shape(), &indices.shape)?;
        let (outer, size, inner) = axes::around(value.shape(), axes::axis(self.axis, value.shape().len())?);
        let position = |&index: &i64| axes::axis(index, size).map_err(|_| Fault::Index { index, size });
        let positions: Vec<usize> = indices.data.iter().map(position).collect::<Result<_, _>>()?;
        let runs = (0..outer).flat_map(|outer| {
            positions.iter().map(move |position| {
                let start = (outer * size + position) * inner;
                start..start + inner
            })
        });
        Ok(vec![axes::copied(value, shape, runs)?])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
