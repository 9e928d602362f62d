//! Values that do not depend on images, and conversions.

use sim_core::tensor::Tensor;
use sim_onnx::stored::{self, DataType};
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::{Attributes, size};
use crate::ops::fault::Fault;
use crate::ops::number::{float_of_int, int_of_size, int64_of_float};
use crate::ops::{Operation, Signs, axes};

/// A value in an attribute.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    value: Value,
}

impl Constant {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let ints = |shape, data| IntTensor::new(shape, data, IntKind::Int64).map(Value::Int);
        let value = if let Some(tensor) = attributes.tensor("value") {
            stored::value(tensor)?
        } else if attributes.has("value_float") {
            Tensor::scalar(attributes.float_or("value_float", 0.0)).into()
        } else if let Some(values) = attributes.floats("value_floats") {
            Tensor::new(vec![values.len()], values.to_vec())?.into()
        } else if let Some(value) = attributes.int("value_int") {
            ints(Vec::new(), vec![value])?
        } else if let Some(values) = attributes.ints("value_ints") {
            ints(vec![values.len()], values.to_vec())?
        } else {
            return Err(Fault::MissingAttribute { name: "value" });
        };
        Ok(Self { value })
    }
}

impl Operation for Constant {
    fn shapes(&self, _: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.value.shape().to_vec()])
    }

    fn run(&self, _: Args) -> Result<Vec<Value>, Fault> {
        Ok(vec![self.value.clone()])
    }
}

/// An array of one repeated element.
#[derive(Clone, Debug)]
pub(super) struct ConstantOfShape {
    element: Value,
}

impl ConstantOfShape {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let element = match attributes.tensor("value") {
            Some(tensor) => stored::value(tensor)?,
            None => Tensor::scalar(0.0).into(),
        };
        if element.n_elements() != 1 {
            return Err(Fault::attribute(
                "value",
                format!("{} elements", element.n_elements()),
            ));
        }
        Ok(Self { element })
    }

    fn shape(&self, inputs: &Operands<'_>) -> Result<Vec<usize>, Fault> {
        let sizes = inputs.need_ints(0)?.iter();
        sizes.map(|&value| size("shape", value)).collect()
    }
}

impl Operation for ConstantOfShape {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs)?])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let shape = self.shape(&inputs.operands())?;
        let n_elements = axes::n_elements(&shape)?;
        Ok(vec![match &self.element {
            Value::Float(tensor) => Tensor::new(shape, vec![tensor.data[0]; n_elements])?.into(),
            Value::Int(tensor) => {
                IntTensor::new(shape, vec![tensor.data[0]; n_elements], tensor.kind)?.into()
            }
        }])
    }
}

/// The shape of an array, or a part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShapeOf {
    start: i64,
    end: i64,
}

impl ShapeOf {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            start: attributes.int_or("start", 0),
            end: attributes.int_or("end", i64::MAX),
        }
    }

    fn value(&self, shape: &[usize]) -> Result<IntTensor, Fault> {
        let rank = int_of_size(shape.len());
        let at = |axis: i64| {
            let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
            usize::try_from(axis.clamp(0, rank)).unwrap_or(0)
        };
        let part = shape.get(at(self.start)..at(self.end)).unwrap_or_default();
        let data: Vec<i64> = part.iter().copied().map(int_of_size).collect();
        Ok(IntTensor::new(vec![data.len()], data, IntKind::Int64)?)
    }
}

impl Operation for ShapeOf {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.value(inputs.shape(0)?)?.shape])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        Ok(vec![self.value(inputs.value(0)?.shape())?.into()])
    }

    fn value_of_shapes(&self, inputs: &Operands<'_>) -> Option<Value> {
        self.value(inputs.shape(0).ok()?).ok().map(Value::Int)
    }

    fn kind(&self, _: &Operands<'_>) -> Option<IntKind> {
        Some(IntKind::Int64)
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::NonNegative
    }
}

/// The number of elements of an array.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizeOf;

impl Operation for SizeOf {
    fn shapes(&self, _: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![Vec::new()])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let n_elements = int_of_size(inputs.value(0)?.n_elements());
        Ok(vec![
            IntTensor::new(Vec::new(), vec![n_elements], IntKind::Int64)?.into(),
        ])
    }

    fn value_of_shapes(&self, inputs: &Operands<'_>) -> Option<Value> {
        let n_elements = axes::n_elements(inputs.shape(0).ok()?).ok()?;
        IntTensor::new(Vec::new(), vec![int_of_size(n_elements)], IntKind::Int64)
            .ok()
            .map(Value::Int)
    }

    fn kind(&self, _: &Operands<'_>) -> Option<IntKind> {
        Some(IntKind::Int64)
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::NonNegative
    }
}

/// Elements of another type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast {
    to: DataType,
}

impl Cast {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let to = attributes
            .int("to")
            .ok_or(Fault::MissingAttribute { name: "to" })?;
        Ok(Self {
            to: DataType::from_onnx(i32::try_from(to).unwrap_or(i32::MAX))?,
        })
    }
}

impl Operation for Cast {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        Ok(vec![match (inputs.take(0)?, self.to) {
            (value @ Value::Float(_), DataType::Float | DataType::Widened(_)) => value,
            (Value::Int(tensor), DataType::Float | DataType::Widened(_)) => {
                Tensor::new(tensor.shape, tensor.data.into_iter().map(float_of_int).collect())?.into()
            }
            (Value::Float(tensor), DataType::Int(IntKind::Bool)) => {
                let truths = tensor.data.into_iter().map(|x| i64::from(x != 0.0)).collect();
                IntTensor::new(tensor.shape, truths, IntKind::Bool)?.into()
            }
            (Value::Float(tensor), DataType::Int(kind)) => {
                let [least, most] = kind.range();
                let convert = |x| int64_of_float(x).clamp(least, most);
                IntTensor::new(tensor.shape, tensor.data.into_iter().map(convert).collect(), kind)?.into()
            }
            (Value::Int(tensor), DataType::Int(kind)) => {
                let convert = |x| kind.wrap(x);
                IntTensor::new(tensor.shape, tensor.data.into_iter().map(convert).collect(), kind)?.into()
            }
        }])
    }

    fn kind(&self, _: &Operands<'_>) -> Option<IntKind> {
        match self.to {
            DataType::Int(kind) => Some(kind),
            DataType::Float | DataType::Widened(_) => None,
        }
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
