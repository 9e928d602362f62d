//! Means along axes.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::{double_of_size, float_of_double};
use crate::ops::{Operation, Signs, axes};

/// What becomes of an axis that was reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reduced {
    KeptAsOne,
    Removed,
}

/// What an empty list of axes stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoAxes {
    All,
    Nothing,
}

/// The mean along some axes; before operator set 18 as an attribute, then as an input.
#[derive(Clone, Debug)]
pub(super) struct ReduceMean {
    axes: Option<Vec<i64>>,
    reduced: Reduced,
    no_axes: NoAxes,
}

impl ReduceMean {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            axes: attributes.ints("axes").map(<[i64]>::to_vec),
            reduced: if attributes.int_or("keepdims", 1) == 0 {
                Reduced::Removed
            } else {
                Reduced::KeptAsOne
            },
            no_axes: if attributes.flag("noop_with_empty_axes") {
                NoAxes::Nothing
            } else {
                NoAxes::All
            },
        }
    }

    /// For each axis whether it is reduced.
    fn mask(&self, inputs: &Operands<'_>) -> Result<Vec<bool>, Fault> {
        let rank = inputs.rank(0)?;
        let axes = match &self.axes {
            Some(axes) => axes.as_slice(),
            None => inputs.ints(1)?.unwrap_or_default(),
        };
        if axes.is_empty() {
            return Ok(vec![self.no_axes == NoAxes::All; rank]);
        }
        let mut mask = vec![false; rank];
        for &axis in axes {
            mask[axes::axis(axis, rank)?] = true;
        }
        Ok(mask)
    }

    fn shape(&self, shape: &[usize], mask: &[bool]) -> Vec<usize> {
        let keep = |(&size, &is_reduced): (&usize, &bool)| match (is_reduced, self.reduced) {
            (false, _) => Some(size),
            (true, Reduced::KeptAsOne) => Some(1),
            (true, Reduced::Removed) => None,
        };
        shape.iter().zip(mask).filter_map(keep).collect()
    }
}

impl Operation for ReduceMean {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs.shape(0)?, &self.mask(inputs)?)])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let mask = self.mask(&inputs.operands())?;
        let input = inputs.float(0)?;
        let output = self.shape(&input.shape, &mask);
        let kept: Vec<usize> = input
            .shape
            .iter()
            .zip(&mask)
            .map(|(&size, &reduced)| if reduced { 1 } else { size })
            .collect();
        let mut sums = vec![0.0_f64; axes::n_elements(&output)?];
        let strides: Vec<isize> = axes::broadcast_strides(&kept, &input.shape)
            .into_iter()
            .map(usize::cast_signed)
            .collect();
        for (&x, offset) in input.data.iter().zip(axes::offsets(&input.shape, &strides, 0)) {
            sums[offset] += f64::from(x);
        }
        let n_terms: usize = input
            .shape
            .iter()
            .zip(&mask)
            .filter(|(_, reduced)| **reduced)
            .map(|(&size, _)| size)
            .product();
        let data = sums
            .into_iter()
            .map(|sum| float_of_double(sum / double_of_size(n_terms)))
            .collect();
        Ok(vec![Tensor::new(output, data)?.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
