//! The operator `Pad`.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::int_of_size;
use crate::ops::{Operation, Signs, axes, non_negative_if};

/// What the new elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Constant,
    Reflect,
    Edge,
    Wrap,
}

/// Elements before and after, negative ones cut off; before operator set 11 as attributes, then as inputs.
#[derive(Clone, Debug)]
pub(super) struct Pad {
    mode: Mode,
    pads: Option<Vec<i64>>,
    value: f32,
}

impl Pad {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let mode = match attributes.text("mode").as_deref() {
            None | Some("constant") => Mode::Constant,
            Some("reflect") => Mode::Reflect,
            Some("edge") => Mode::Edge,
            Some("wrap") => Mode::Wrap,
            Some(other) => return Err(Fault::attribute("mode", other)),
        };
        Ok(Self {
            mode,
            pads: attributes.ints("pads").map(<[i64]>::to_vec),
            value: attributes.float_or("value", 0.0),
        })
    }

    /// Per axis the elements before and after.
    fn pads(&self, inputs: &Operands<'_>) -> Result<Vec<[i64; 2]>, Fault> {
        let rank = inputs.rank(0)?;
        let pads = match &self.pads {
            Some(pads) => pads.as_slice(),
            None => inputs.need_ints(1)?,
        };
        let all: Vec<i64> = (0..int_of_size(rank)).collect();
        let axes = inputs.ints(3)?.unwrap_or(&all);
        if pads.len() != 2 * axes.len() {
            return Err(Fault::attribute("pads", format!("{pads:?}")));
        }
        let mut per_axis = vec![[0; 2]; rank];
        for (index, &axis) in axes.iter().enumerate() {
            per_axis[axes::axis(axis, rank)?] = [pads[index], pads[axes.len() + index]];
        }
        Ok(per_axis)
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let size = |(&size, [before, after]): (&usize, [i64; 2])| {
            let padded = int_of_size(size)
                .checked_add(before)
                .and_then(|size| size.checked_add(after));
            let padded = padded.and_then(|size| usize::try_from(size).ok());
            padded.ok_or_else(|| Fault::attribute("pads", format!("{before} and {after}")))
        };
        inputs
            .shape(0)?
            .iter()
            .zip(self.pads(inputs)?)
            .map(size)
            .collect()
    }

    /// Where the element at `position` comes from, along an axis of `size` elements.
    fn source(&self, position: i64, size: i64) -> Result<Option<usize>, Fault> {
        let inside = match self.mode {
            Mode::Constant => Some(position).filter(|position| (0..size).contains(position)),
            // There is nothing to repeat.
            Mode::Edge | Mode::Reflect | Mode::Wrap if size == 0 => {
                return Err(Fault::Index {
                    index: position,
                    size: 0,
                });
            }
            Mode::Edge => Some(position.clamp(0, size - 1)),
            Mode::Wrap => Some(position.rem_euclid(size)),
            Mode::Reflect => {
                // Back and forth without repeating the ends.
                let period = (2 * (size - 1)).max(1);
                let folded = position.rem_euclid(period);
                Some(folded.min(period - folded).min(size - 1))
            }
        };
        Ok(inside.and_then(|inside| usize::try_from(inside).ok()))
    }
}

impl Operation for Pad {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs)?])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let shape = self.shape(&inputs.operands())?;
        let pads = self.pads(&inputs.operands())?;
        let value = inputs.optional_scalar(2)?.unwrap_or(self.value);
        let input = inputs.float(0)?;
        let n_elements = axes::n_elements(&shape)?;
        // Elements of the input, `None` for new ones, axis by axis from the first.
        let mut sources = vec![Some(0)];
        sources.reserve(n_elements);
        for ((&size, &padded), [before, _]) in input.shape.iter().zip(&shape).zip(pads) {
            let along: Vec<Option<usize>> = (0..int_of_size(padded))
                .map(|position| self.source(position.saturating_sub(before), int_of_size(size)))
                .collect::<Result<_, _>>()?;
            let combine =
                |outer: Option<usize>| along.iter().map(move |inner| Some(outer? * size + (*inner)?));
            sources = sources.into_iter().flat_map(combine).collect();
        }
        let data = sources
            .into_iter()
            .map(|source| source.map_or(value, |source| input.data[source]))
            .collect();
        Ok(vec![Tensor::new(shape, data)?.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        let is_value_positive = 0.0 <= self.value && inputs.may_be_absent(2);
        non_negative_if(inputs.is_non_negative(0) && is_value_positive)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[track_caller]
    fn check(mode: Mode, pads: [i64; 2], x: &[f32], want: Result<&[f32], &str>) {
        let pad = Pad {
            mode,
            pads: Some(pads.to_vec()),
            value: 9.0,
        };
        let x = Tensor::new(vec![x.len()], x.to_vec()).expect("fills its shape");
        let found = match pad.run(Args(vec![Some(Arc::new(x.into()))])).as_deref() {
            Ok([Value::Float(y)]) => Ok(y.data.clone()),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.to_string()),
        };
        assert_eq!(found.as_deref().map_err(String::as_str), want, "{mode:?}");
    }

    #[test]
    fn new_elements() {
        let x = [1.0, 2.0, 3.0];
        check(Mode::Constant, [1, 2], &x, Ok(&[9.0, 1.0, 2.0, 3.0, 9.0, 9.0]));
        check(Mode::Edge, [1, 1], &x, Ok(&[1.0, 1.0, 2.0, 3.0, 3.0]));
        check(Mode::Reflect, [2, 1], &x, Ok(&[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]));
        check(Mode::Wrap, [1, 2], &x, Ok(&[3.0, 1.0, 2.0, 3.0, 1.0, 2.0]));
        check(Mode::Constant, [-1, 0], &x, Ok(&[2.0, 3.0]));
        // Positions that would overflow are far outside.
        check(Mode::Constant, [i64::MIN + 1, i64::MAX], &x, Ok(&[9.0; 3]));
    }

    #[test]
    fn nothing_cannot_be_repeated() {
        for mode in [Mode::Edge, Mode::Reflect, Mode::Wrap] {
            check(mode, [1, 0], &[], Err("index -1 is outside of 0 elements"));
        }
        check(Mode::Constant, [1, 0], &[], Ok(&[9.0]));
    }
}
