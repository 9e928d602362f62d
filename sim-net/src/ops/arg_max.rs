//! Positions of the largest and smallest elements along an axis.

use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::int_of_size;
use crate::ops::{Operation, Signs, axes};

/// The position of the extreme element along one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArgExtreme {
    extreme: Extreme,
    axis: i64,
    of_equal: OfEqual,
    /// Sizes of the axis in the output: one, or the axis is gone.
    kept: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extreme {
    Max,
    Min,
}

/// Which of equal elements counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfEqual {
    First,
    Last,
}

impl ArgExtreme {
    pub(super) fn parse(extreme: Extreme, attributes: &Attributes<'_>) -> Self {
        Self {
            extreme,
            axis: attributes.int_or("axis", 0),
            of_equal: if attributes.flag("select_last_index") {
                OfEqual::Last
            } else {
                OfEqual::First
            },
            kept: (attributes.int_or("keepdims", 1) != 0).then_some(1),
        }
    }

    fn shape(self, shape: &[usize]) -> Result<Vec<usize>, Fault> {
        let axis = axes::axis(self.axis, shape.len())?;
        let mut output = shape[..axis].to_vec();
        output.extend(self.kept);
        output.extend_from_slice(&shape[axis + 1..]);
        Ok(output)
    }

    fn positions<T: Copy + PartialOrd>(self, data: &[T], shape: &[usize]) -> Result<Vec<i64>, Fault> {
        let (outer, size, inner) = axes::around(shape, axes::axis(self.axis, shape.len())?);
        if size == 0 {
            return Err(Fault::shape(0, shape, "an axis that is not empty"));
        }
        let is_better = |new: T, old: T| match (self.extreme, self.of_equal) {
            (Extreme::Max, OfEqual::First) => old < new,
            (Extreme::Max, OfEqual::Last) => old <= new,
            (Extreme::Min, OfEqual::First) => new < old,
            (Extreme::Min, OfEqual::Last) => new <= old,
        };
        let position = |start: usize| {
            let at = |index: usize| data[start + index * inner];
            (1..size).fold(0, |best, index| {
                if is_better(at(index), at(best)) {
                    index
                } else {
                    best
                }
            })
        };
        let starts = (0..outer).flat_map(|outer| (0..inner).map(move |inner_index| (outer, inner_index)));
        Ok(starts
            .map(|(outer, index)| int_of_size(position(outer * size * inner + index)))
            .collect())
    }
}

impl Operation for ArgExtreme {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs.shape(0)?)?])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let value = inputs.value(0)?;
        let positions = match value {
            Value::Float(tensor) => self.positions(&tensor.data, &tensor.shape)?,
            Value::Int(tensor) => self.positions(&tensor.data, &tensor.shape)?,
        };
        Ok(vec![
            IntTensor::new(self.shape(value.shape())?, positions, IntKind::Int64)?.into(),
        ])
    }

    fn kind(&self, _: &Operands<'_>) -> Option<IntKind> {
        Some(IntKind::Int64)
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::NonNegative
    }
}
