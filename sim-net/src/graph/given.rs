//! What is known of a network's inputs before it runs.

use std::sync::Arc;

use sim_core::input_constant::InputConstant;
use sim_core::tensor::Tensor;
use sim_onnx::value::{IntTensor, Value};

use crate::graph::error::ModelError;
use crate::network::Input;
use crate::ops::axes;
use crate::ops::number::{float_of_double, int_of_double};

/// What is known of inputs while a file is read, so that nodes which depend on nothing else run once, and branches are
/// chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// Inputs that are the same for all images.
    pub constants: Vec<InputConstant>,
    /// Shapes of inputs, by name.
    pub shapes: Vec<(String, Vec<usize>)>,
    /// Names of the arrays that come with the images, these among them; empty where only images come.
    pub arrays: Vec<String>,
}

/// The value of an input, whose open sizes are 1.
///
/// - Errors: another number of elements than the shape has, and numbers that the type does not have.
pub(super) fn value_of(constant: &InputConstant, input: &Input) -> Result<Arc<Value>, ModelError> {
    let InputConstant { name, numbers: given } = constant;
    {
        let fail = |what: String| ModelError::Constant {
            name: name.clone(),
            what,
        };
        let mut shape: Vec<usize> = input.shape.iter().map(|size| size.unwrap_or(1)).collect();
        let mut open = input.shape.iter().enumerate().filter(|(_, size)| size.is_none());
        // A list fills the only axis whose size is open.
        if let (Some((axis, _)), None) = (open.next(), open.next())
            && given.len() != 1
        {
            let others: usize = shape.iter().product();
            shape[axis] = given.len() / others.max(1);
        }
        let n_elements = axes::n_elements(&shape).map_err(|fault| fail(fault.to_string()))?;
        let numbers = match given[..] {
            [number] => vec![number; n_elements],
            _ if given.len() == n_elements => given.clone(),
            _ => {
                return Err(fail(format!(
                    "{} numbers do not fill its shape {shape:?}; give one number for all elements, or {n_elements}",
                    given.len()
                )));
            }
        };
        let Some(kind) = input.kind else {
            let data = numbers.into_iter().map(float_of_double).collect();
            return Ok(Arc::new(Tensor { shape, data }.into()));
        };
        let [least, most] = kind.range();
        let whole = |number: f64| {
            let whole = int_of_double(number).filter(|whole| (least..=most).contains(whole));
            whole.ok_or_else(|| {
                fail(format!(
                    "{number} is not one of its numbers: the model declares {}",
                    kind.name()
                ))
            })
        };
        let data = numbers.into_iter().map(whole).collect::<Result<_, _>>()?;
        Ok(Arc::new(IntTensor { shape, data, kind }.into()))
    }
}
