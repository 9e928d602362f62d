//! Values of a network as values of the library, and back.

use rten::ValueOrView;
use rten_tensor::Tensor as LibraryTensor;
use rten_tensor::TensorView;
use rten_tensor::prelude::*;
use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::ops::axes;
use crate::ops::fault::Fault;
use crate::ops::number::float_of_int;

/// A value as the library takes it: floats as they are, integers of any kind in 32 bits.
///
/// - Errors: integers beyond 32 bits.
pub(super) fn to_library(index: usize, value: &Value) -> Result<ValueOrView<'_>, Fault> {
    match value {
        Value::Float(tensor) => {
            let view = TensorView::from_data(&tensor.shape, &tensor.data[..]);
            Ok(view.into())
        }
        Value::Int(tensor) => {
            let narrow = |&x: &i64| i32::try_from(x).map_err(|_| Fault::Integer { index });
            let data = tensor.data.iter().map(narrow).collect::<Result<Vec<_>, _>>()?;
            let tensor = LibraryTensor::from_data(&tensor.shape, data);
            Ok(rten::Value::from(tensor).into())
        }
    }
}

/// Integers as floats, for operators that the library has for operands of one type.
pub(super) fn to_floats(tensor: &IntTensor) -> ValueOrView<'static> {
    let data: Vec<f32> = tensor.data.iter().copied().map(float_of_int).collect();
    rten::Value::from(LibraryTensor::from_data(&tensor.shape, data)).into()
}

/// A value that the library made; integers of 32 bits are `kind` in ONNX.
///
/// - Errors: more elements than an array may have, and values that are not arrays.
pub(super) fn from_library(value: rten::Value, kind: Option<IntKind>) -> Result<Value, Fault> {
    let shape = value.shape().to_vec();
    axes::n_elements(&shape)?;
    Ok(match value {
        rten::Value::FloatTensor(tensor) => Tensor::new(shape, tensor.into_data())?.into(),
        rten::Value::Int32Tensor(tensor) => {
            let data = tensor.into_data().into_iter().map(i64::from).collect();
            IntTensor::new(shape, data, kind.unwrap_or(IntKind::Int64))?.into()
        }
        // The library may grow other types; nodes in its table make floats and integers.
        rten::Value::Int8Tensor(_) | rten::Value::UInt8Tensor(_) | rten::Value::Sequence(_) | _ => {
            return Err(Fault::Library {
                message: "its result is not an array".to_owned(),
            });
        }
    })
}
