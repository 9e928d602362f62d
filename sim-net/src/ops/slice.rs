//! The operator `Slice`.

use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::int_of_size;
use crate::ops::{Operation, Signs, axes};

/// Starts, ends and so on: before operator set 10 as attributes, then as inputs.
#[derive(Clone, Debug)]
pub(super) enum Slice {
    Attributes {
        starts: Vec<i64>,
        ends: Vec<i64>,
        axes: Option<Vec<i64>>,
    },
    Inputs,
}

/// What is taken along one axis.
#[derive(Clone, Copy)]
struct Taken {
    start: usize,
    step: isize,
    n_elements: usize,
}

impl Slice {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        if 10 <= attributes.opset {
            return Ok(Self::Inputs);
        }
        let list = |name| attributes.ints(name).map(<[i64]>::to_vec);
        Ok(Self::Attributes {
            starts: list("starts").ok_or(Fault::MissingAttribute { name: "starts" })?,
            ends: list("ends").ok_or(Fault::MissingAttribute { name: "ends" })?,
            axes: list("axes"),
        })
    }

    fn taken(&self, inputs: &Operands<'_>) -> Result<Vec<Taken>, Fault> {
        let shape = inputs.shape(0)?;
        let (starts, ends, axes, steps) = match self {
            Self::Attributes { starts, ends, axes } => (&starts[..], &ends[..], axes.as_deref(), None),
            Self::Inputs => (
                inputs.need_ints(1)?,
                inputs.need_ints(2)?,
                inputs.ints(3)?,
                inputs.ints(4)?,
            ),
        };
        let default_axes: Vec<i64> = (0..int_of_size(starts.len())).collect();
        let axes = axes.unwrap_or(&default_axes);
        let default_steps = vec![1; starts.len()];
        let steps = steps.unwrap_or(&default_steps);
        for list in [ends, axes, steps] {
            if list.len() != starts.len() {
                return Err(Fault::shapes(&[starts.len()], &[list.len()]));
            }
        }
        let whole = |&size: &usize| Taken {
            start: 0,
            step: 1,
            n_elements: size,
        };
        let mut taken: Vec<Taken> = shape.iter().map(whole).collect();
        for (index, &axis) in axes.iter().enumerate() {
            let axis = axes::axis(axis, shape.len())?;
            taken[axis] = take(shape[axis], starts[index], ends[index], steps[index])?;
        }
        Ok(taken)
    }
}

fn take(size: usize, start: i64, end: i64, step: i64) -> Result<Taken, Fault> {
    let size = int_of_size(size);
    let from_start = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    // Going down, the position before the first element is an end.
    let (start, distance) = if step < 0 {
        let start = from_start(start).clamp(-1, size - 1);
        (start, start - from_start(end).clamp(-1, size - 1))
    } else {
        let start = from_start(start).clamp(0, size);
        (start, from_start(end).clamp(0, size) - start)
    };
    let stride = step.unsigned_abs();
    if stride == 0 {
        return Err(Fault::attribute("steps", 0));
    }
    let n_elements = u64::try_from(distance).unwrap_or(0).div_ceil(stride);
    Ok(Taken {
        start: usize::try_from(start).unwrap_or(0),
        // A step that does not fit takes one element at most, and is not used.
        step: isize::try_from(step).unwrap_or(0),
        n_elements: usize::try_from(n_elements).unwrap_or(usize::MAX),
    })
}

impl Operation for Slice {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![
            self.taken(inputs)?.iter().map(|taken| taken.n_elements).collect(),
        ])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let taken = self.taken(&inputs.operands())?;
        let value = inputs.value(0)?;
        let shape: Vec<usize> = taken.iter().map(|taken| taken.n_elements).collect();
        let from = axes::strides(value.shape());
        let strides: Vec<isize> = taken
            .iter()
            .zip(&from)
            .map(|(taken, &stride)| taken.step.wrapping_mul(stride.cast_signed()))
            .collect();
        let start = taken
            .iter()
            .zip(&from)
            .map(|(taken, &stride)| taken.start * stride)
            .sum();
        let runs = axes::offsets(&shape, &strides, start).map(|offset| offset..offset + 1);
        Ok(vec![axes::copied(value, shape.clone(), runs)?])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
