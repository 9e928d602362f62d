//! Several arrays into one along an axis, and back.

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands, float_of, ints_of};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes};

/// One after the other along an axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Concat {
    axis: i64,
}

impl Concat {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let axis = attributes
            .int("axis")
            .ok_or(Fault::MissingAttribute { name: "axis" })?;
        Ok(Self { axis })
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let mut shape = inputs.shape(0)?.to_vec();
        let axis = axes::axis(self.axis, shape.len())?;
        for index in 1..inputs.len() {
            let other = inputs.shape(index)?;
            let is_same = |(own, (a, b)): (usize, (&usize, &usize))| own == axis || a == b;
            if other.len() != shape.len() || !shape.iter().zip(other).enumerate().all(is_same) {
                return Err(Fault::shapes(&shape, other));
            }
            let Some(size) = shape[axis].checked_add(other[axis]) else {
                return Err(Fault::shapes(&shape, other));
            };
            shape[axis] = size;
        }
        Ok(shape)
    }
}

impl Operation for Concat {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs)?])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let shape = self.shape(&inputs.operands())?;
        let axis = axes::axis(self.axis, shape.len())?;
        let n_elements = axes::n_elements(&shape)?;
        let values: Vec<&Value> = (0..inputs.len())
            .map(|index| inputs.value(index))
            .collect::<Result<_, _>>()?;
        let runs: Vec<usize> = values
            .iter()
            .map(|value| value.shape()[axis..].iter().product())
            .collect();
        let n_outer: usize = shape[..axis].iter().product();
        Ok(vec![match values[0] {
            Value::Float(_) => {
                let parts = values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| Ok(&float_of(index, value)?.data[..]));
                let parts: Vec<&[f32]> = parts.collect::<Result<_, Fault>>()?;
                Tensor::new(shape, interleave(&parts, &runs, n_outer, n_elements))?.into()
            }
            Value::Int(first) => {
                let parts = values
                    .iter()
                    .enumerate()
                    .map(|(index, value)| Ok(&ints_of(index, value)?.data[..]));
                let parts: Vec<&[i64]> = parts.collect::<Result<_, Fault>>()?;
                IntTensor::new(shape, interleave(&parts, &runs, n_outer, n_elements), first.kind)?.into()
            }
        }])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.all()
    }
}

fn interleave<T: Copy>(parts: &[&[T]], runs: &[usize], n_outer: usize, n_elements: usize) -> Vec<T> {
    let mut data = Vec::with_capacity(n_elements);
    for outer in 0..n_outer {
        for (part, &run) in parts.iter().zip(runs) {
            data.extend_from_slice(&part[outer * run..][..run]);
        }
    }
    data
}

/// Parts along an axis; sizes before operator set 13 as an attribute, then as an input.
#[derive(Clone, Debug)]
pub(super) struct Split {
    axis: i64,
    sizes: Option<Vec<i64>>,
    n_outputs: usize,
}

impl Split {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let n_outputs = attributes.n_outputs();
        if attributes.has("num_outputs") && attributes.size_or("num_outputs", 0)? != n_outputs {
            return Err(Fault::attribute(
                "num_outputs",
                attributes.int_or("num_outputs", 0),
            ));
        }
        Ok(Self {
            axis: attributes.int_or("axis", 0),
            sizes: attributes.ints("split").map(<[i64]>::to_vec),
            n_outputs,
        })
    }

    /// The axis and the sizes along it.
    fn sizes(&self, inputs: &Operands<'_>) -> Result<(usize, Vec<usize>), Fault> {
        let shape = inputs.shape(0)?;
        let axis = axes::axis(self.axis, shape.len())?;
        let given = match &self.sizes {
            Some(sizes) => Some(sizes.as_slice()),
            None => inputs.ints(1)?,
        };
        let sizes: Vec<usize> = match given {
            Some(sizes) => {
                let size = |&size: &i64| usize::try_from(size).map_err(|_| Fault::attribute("split", size));
                sizes.iter().map(size).collect::<Result<_, _>>()?
            }
            None => {
                // Equal parts, the last one smaller where they do not come out even.
                let part = shape[axis].div_ceil(self.n_outputs.max(1));
                let start = |index: usize| (index * part).min(shape[axis]);
                (0..self.n_outputs)
                    .map(|index| start(index + 1) - start(index))
                    .collect()
            }
        };
        let sum = sizes.iter().try_fold(0_usize, |sum, &size| sum.checked_add(size));
        if sum == Some(shape[axis]) && sizes.len() == self.n_outputs {
            return Ok((axis, sizes));
        }
        Err(Fault::shapes(shape, &sizes))
    }
}

impl Operation for Split {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let (axis, sizes) = self.sizes(inputs)?;
        let part = |size| {
            let mut shape = inputs.shape(0)?.to_vec();
            shape[axis] = size;
            Ok(shape)
        };
        sizes.into_iter().map(part).collect()
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let (axis, sizes) = self.sizes(&inputs.operands())?;
        let value = inputs.value(0)?;
        let (outer, all, inner) = axes::around(value.shape(), axis);
        let mut start = 0;
        let mut parts = Vec::with_capacity(sizes.len());
        for size in sizes {
            let mut shape = value.shape().to_vec();
            shape[axis] = size;
            let runs = (0..outer).map(|outer| {
                let from = (outer * all + start) * inner;
                from..from + size * inner
            });
            parts.push(axes::copied(value, shape, runs)?);
            start += size;
        }
        Ok(parts)
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
