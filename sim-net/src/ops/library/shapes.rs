//! Shapes of what the library makes, where they follow from the inputs.

use std::sync::Arc;

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::ops::args::{Args, Operands};
use crate::ops::attributes::size;
use crate::ops::axes;
use crate::ops::fault::Fault;
use crate::ops::library::rules::OutputShape;
use crate::ops::number::{float_of_int, int64_of_float};

/// The shape of the outputs; `None` where the library has to be asked.
///
/// - Errors: inputs that do not fit together, and sizes that are not known.
pub(super) fn of(rule: OutputShape, inputs: &Operands<'_>) -> Result<Option<Vec<usize>>, Fault> {
    let shape = match rule {
        OutputShape::First => inputs.shape(0)?.to_vec(),
        OutputShape::Broadcast => {
            let mut shape = inputs.shape(0)?.to_vec();
            for index in 1..inputs.len() {
                shape = axes::broadcast(&shape, inputs.shape(index)?)?;
            }
            shape
        }
        OutputShape::Expanded => axes::broadcast(inputs.shape(0)?, &sizes(inputs, 1)?)?,
        OutputShape::Tiled => {
            let (shape, repeats) = (inputs.shape(0)?, sizes(inputs, 1)?);
            if shape.len() != repeats.len() {
                return Err(Fault::shape(
                    1,
                    &[repeats.len()],
                    "a number for each axis of input 0",
                ));
            }
            let repeated = shape.iter().zip(&repeats);
            repeated
                .map(|(&size, &repeats)| size.saturating_mul(repeats))
                .collect()
        }
        OutputShape::Range => range(inputs)?,
        OutputShape::Asked | OutputShape::OfElements => return Ok(None),
    };
    Ok(Some(shape))
}

fn sizes(inputs: &Operands<'_>, index: usize) -> Result<Vec<usize>, Fault> {
    let sizes = inputs.need_ints(index)?.iter();
    sizes.map(|&value| size("a size", value)).collect()
}

fn range(inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
    let mut ends = [0.0; 3];
    for (index, end) in ends.iter_mut().enumerate() {
        let value = inputs.known(index)?.ok_or(Fault::Missing { index })?;
        *end = match value {
            Value::Float(tensor) => tensor.data.first().copied(),
            Value::Int(tensor) => tensor.data.first().map(|&x| float_of_int(x)),
        }
        .ok_or_else(|| Fault::shape(index, value.shape(), "one element"))?;
    }
    let [start, limit, delta] = ends;
    let n_elements = int64_of_float(((limit - start) / delta).ceil().max(0.0));
    Ok(vec![usize::try_from(n_elements).unwrap_or(usize::MAX)])
}

/// The inputs with zeros for floats that are not known.
///
/// - Errors: integers that are not known, and shapes that depend on elements.
pub(super) fn zeros(rule: OutputShape, inputs: &Operands<'_>) -> Result<Args, Fault> {
    let mut all = Vec::with_capacity(inputs.len());
    for (index, operand) in inputs.0.iter().enumerate() {
        let Some(operand) = operand else {
            all.push(None);
            continue;
        };
        let value = match operand.value {
            Some(value) => value.clone(),
            None if rule == OutputShape::OfElements || operand.kind.is_some() => {
                return Err(Fault::Unknown { index });
            }
            None => Tensor {
                shape: operand.shape.to_vec(),
                data: vec![0.0; axes::n_elements(operand.shape)?],
            }
            .into(),
        };
        all.push(Some(Arc::new(value)));
    }
    Ok(Args(all))
}
