//! Operators that change the shape and leave the elements where they are.

use sim_core::shape::checked_product;
use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes};

macro_rules! reshapes {
    ($($name:ident),+) => {$(
        impl Operation for $name {
            fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
                Ok(vec![self.shape(inputs)?])
            }

            fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
                let shape = self.shape(&inputs.operands())?;
                Ok(vec![axes::reshaped(inputs.take(0)?, shape)?])
            }

            fn sign(&self, inputs: &Signs) -> InputSign {
                inputs.first()
            }
        }
    )+};
}

reshapes!(Flatten, Reshape, Squeeze, Unsqueeze);

/// Two axes: those before `axis`, and the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flatten {
    axis: i64,
}

impl Flatten {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            axis: attributes.int_or("axis", 1),
        }
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let shape = inputs.shape(0)?;
        // All axes may be in the first one.
        let axis = if usize::try_from(self.axis) == Ok(shape.len()) {
            shape.len()
        } else {
            axes::axis(self.axis, shape.len())?
        };
        let (before, after) = shape.split_at(axis);
        Ok(vec![before.iter().product(), after.iter().product()])
    }
}

/// What a size of 0 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zero {
    /// The size that the input has there.
    SameAsInput,
    /// An empty axis.
    Empty,
}

/// A shape from the second input; one size may be left open as -1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reshape {
    zero: Zero,
}

impl Reshape {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            zero: if attributes.flag("allowzero") {
                Zero::Empty
            } else {
                Zero::SameAsInput
            },
        }
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let from = inputs.shape(0)?;
        let mut open = None;
        let mut shape = Vec::new();
        for (axis, &size) in inputs.need_ints(1)?.iter().enumerate() {
            shape.push(match usize::try_from(size) {
                Ok(0) if self.zero == Zero::SameAsInput => {
                    *from.get(axis).ok_or(Fault::attribute("shape", size))?
                }
                Ok(size) => size,
                Err(_) if size == -1 && open.is_none() => {
                    open = Some(axis);
                    1
                }
                Err(_) => return Err(Fault::attribute("shape", size)),
            });
        }
        let misfit = || Fault::shapes(from, &shape);
        let n_elements: usize = from.iter().product();
        let n_others = checked_product(&shape).ok_or_else(misfit)?;
        if let Some(axis) = open {
            let size = n_elements.checked_div(n_others).ok_or_else(misfit)?;
            shape[axis] = size;
        }
        if checked_product(&shape) == Some(n_elements) {
            Ok(shape)
        } else {
            Err(Fault::shapes(from, &shape))
        }
    }
}

/// Axes from an attribute before operator set 13, then from the second input.
fn axes_of(attribute: Option<&[i64]>, inputs: &Operands<'_>) -> Result<Option<Vec<i64>>, Fault> {
    let axes = match attribute {
        Some(axes) => Some(axes),
        None => inputs.ints(1)?,
    };
    Ok(axes.map(<[i64]>::to_vec))
}

/// Removes axes of one element.
#[derive(Clone, Debug)]
pub(super) struct Squeeze {
    axes: Option<Vec<i64>>,
}

impl Squeeze {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            axes: attributes.ints("axes").map(<[i64]>::to_vec),
        }
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let shape = inputs.shape(0)?;
        let Some(axes) = axes_of(self.axes.as_deref(), inputs)? else {
            return Ok(shape.iter().copied().filter(|&size| size != 1).collect());
        };
        let mut is_kept = vec![true; shape.len()];
        for axis in axes {
            let axis = axes::axis(axis, shape.len())?;
            if shape[axis] != 1 {
                return Err(Fault::shape(0, shape, "one element along the axes to remove"));
            }
            is_kept[axis] = false;
        }
        Ok(shape
            .iter()
            .zip(is_kept)
            .filter_map(|(&size, kept)| kept.then_some(size))
            .collect())
    }
}

/// Inserts axes of one element.
#[derive(Clone, Debug)]
pub(super) struct Unsqueeze {
    axes: Option<Vec<i64>>,
}

impl Unsqueeze {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            axes: attributes.ints("axes").map(<[i64]>::to_vec),
        }
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let shape = inputs.shape(0)?;
        let new = axes_of(self.axes.as_deref(), inputs)?.ok_or(Fault::Missing { index: 1 })?;
        let rank = shape.len() + new.len();
        let mut is_new = vec![false; rank];
        for axis in new {
            let slot = &mut is_new[axes::axis(axis, rank)?];
            if std::mem::replace(slot, true) {
                return Err(Fault::attribute("axes", format!("{axis} twice")));
            }
        }
        let mut old = shape.iter().copied();
        Ok(is_new
            .into_iter()
            .map(|new| if new { 1 } else { old.next().unwrap_or(1) })
            .collect())
    }
}
