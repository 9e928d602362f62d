//! What a node is given: shapes alone, or values too.

use std::sync::Arc;

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::ops::fault::Fault;

/// An input of which at least the shape is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a> {
    pub(crate) shape: &'a [usize],
    pub(crate) value: Option<&'a Value>,
    /// Of integers; `None` of floats.
    pub(crate) kind: Option<IntKind>,
}

impl<'a> Operand<'a> {
    pub(crate) fn of(value: &'a Value) -> Self {
        Self {
            shape: value.shape(),
            value: Some(value),
            kind: value.kind(),
        }
    }
}

/// The inputs of a node as far as they are known before it runs; `None` where an optional one is left out.
#[derive(Clone, Debug)]
pub(crate) struct Operands<'a>(pub(crate) Vec<Option<Operand<'a>>>);

impl<'a> Operands<'a> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Option<Operand<'a>> {
        self.0.get(index).copied().flatten()
    }

    pub(crate) fn shape(&self, index: usize) -> Result<&'a [usize], Fault> {
        Ok(self.get(index).ok_or(Fault::Missing { index })?.shape)
    }

    pub(crate) fn rank(&self, index: usize) -> Result<usize, Fault> {
        Ok(self.shape(index)?.len())
    }

    /// An optional input whose value must be known.
    pub(crate) fn known(&self, index: usize) -> Result<Option<&'a Value>, Fault> {
        match self.get(index) {
            None => Ok(None),
            Some(operand) => operand.value.ok_or(Fault::Unknown { index }).map(Some),
        }
    }

    /// An optional input of known integers.
    pub(crate) fn ints(&self, index: usize) -> Result<Option<&'a [i64]>, Fault> {
        match self.known(index)? {
            None => Ok(None),
            Some(value) => Ok(Some(&ints_of(index, value)?.data)),
        }
    }

    /// As [`Self::ints`], where the input must be there.
    pub(crate) fn need_ints(&self, index: usize) -> Result<&'a [i64], Fault> {
        self.ints(index)?.ok_or(Fault::Missing { index })
    }

    /// An optional input that holds one known integer.
    pub(crate) fn int(&self, index: usize) -> Result<Option<i64>, Fault> {
        match self.ints(index)? {
            None => Ok(None),
            Some(&[value]) => Ok(Some(value)),
            Some(values) => Err(Fault::shape(index, &[values.len()], "one element")),
        }
    }
}

/// The inputs of a node that runs.
#[derive(Debug)]
pub(crate) struct Args(pub(crate) Vec<Option<Arc<Value>>>);

impl Args {
    pub(crate) fn operands(&self) -> Operands<'_> {
        Operands(
            self.0
                .iter()
                .map(|value| value.as_deref().map(Operand::of))
                .collect(),
        )
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(Option::is_some)
    }

    pub(crate) fn value(&self, index: usize) -> Result<&Value, Fault> {
        self.0
            .get(index)
            .and_then(Option::as_deref)
            .ok_or(Fault::Missing { index })
    }

    pub(crate) fn float(&self, index: usize) -> Result<&Tensor, Fault> {
        float_of(index, self.value(index)?)
    }

    pub(crate) fn optional_float(&self, index: usize) -> Result<Option<&Tensor>, Fault> {
        if self.has(index) {
            self.float(index).map(Some)
        } else {
            Ok(None)
        }
    }

    /// An optional input that holds one number.
    pub(crate) fn optional_scalar(&self, index: usize) -> Result<Option<f32>, Fault> {
        match self.optional_float(index)? {
            None => Ok(None),
            Some(tensor) => match tensor.data[..] {
                [value] => Ok(Some(value)),
                _ => Err(Fault::shape(index, &tensor.shape, "one element")),
            },
        }
    }

    /// The input itself, without a copy where nothing else reads it.
    pub(crate) fn take(&mut self, index: usize) -> Result<Value, Fault> {
        let slot = self.0.get_mut(index).and_then(Option::take);
        slot.map(Arc::unwrap_or_clone).ok_or(Fault::Missing { index })
    }

    pub(crate) fn take_float(&mut self, index: usize) -> Result<Tensor, Fault> {
        match self.take(index)? {
            Value::Float(tensor) => Ok(tensor),
            value @ Value::Int(_) => Err(wrong_type(index, &value, "float32")),
        }
    }
}

fn wrong_type(index: usize, value: &Value, want: &'static str) -> Fault {
    Fault::Type {
        index,
        found: value.type_name(),
        want,
    }
}

pub(crate) fn float_of(index: usize, value: &Value) -> Result<&Tensor, Fault> {
    match value {
        Value::Float(tensor) => Ok(tensor),
        Value::Int(_) => Err(wrong_type(index, value, "float32")),
    }
}

pub(crate) fn ints_of(index: usize, value: &Value) -> Result<&IntTensor, Fault> {
    match value {
        Value::Int(tensor) => Ok(tensor),
        Value::Float(_) => Err(wrong_type(index, value, "integers")),
    }
}
