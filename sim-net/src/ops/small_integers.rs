//! Operators that choose among elements, on codes.

use std::sync::Arc;

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::fault::Fault;
use crate::ops::number::{float_of_int, int64_of_float};
use crate::ops::{Operation, Signs};

/// An operator on floats that takes integers of up to 16 bits too, all of which are FP32 numbers.
#[derive(Debug)]
pub(super) struct SmallIntegers(pub(super) Box<dyn Operation>);

fn is_small(kind: IntKind) -> bool {
    match kind {
        IntKind::Uint8 | IntKind::Int8 | IntKind::Uint16 | IntKind::Int16 => true,
        IntKind::Int64 | IntKind::Int32 | IntKind::Uint32 | IntKind::Bool => false,
    }
}

impl Operation for SmallIntegers {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        self.0.shapes(inputs)
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let Some(kind) = inputs.value(0)?.kind().filter(|&kind| is_small(kind)) else {
            return self.0.run(inputs);
        };
        // Sizes and the like are of another type.
        for value in inputs.0.iter_mut().flatten() {
            if let Value::Int(codes) = &**value
                && codes.kind == kind
            {
                let data = codes.data.iter().map(|&code| float_of_int(code)).collect();
                *value = Arc::new(Tensor::new(codes.shape.clone(), data)?.into());
            }
        }
        let [least, most] = kind.range();
        let codes = |value| match value {
            Value::Float(tensor) => {
                let data = tensor
                    .data
                    .iter()
                    .map(|&x| int64_of_float(x).clamp(least, most))
                    .collect();
                Ok(IntTensor::new(tensor.shape, data, kind)?.into())
            }
            Value::Int(_) => Ok(value),
        };
        self.0.run(inputs)?.into_iter().map(codes).collect()
    }

    fn value_of_shapes(&self, inputs: &Operands<'_>) -> Option<Value> {
        self.0.value_of_shapes(inputs)
    }

    fn kind(&self, inputs: &Operands<'_>) -> Option<IntKind> {
        self.0.kind(inputs)
    }

    fn limits(&self) -> Option<[f32; 2]> {
        self.0.limits()
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        self.0.sign(inputs)
    }
}
