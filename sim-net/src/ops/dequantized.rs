//! Operators on codes that ONNX Runtime defines beside those of the standard: each is the operator of the same name on
//! what the codes stand for, and its result becomes codes again.

use std::sync::Arc;

use sim_onnx::value::{IntKind, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operand, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::quantize::{DequantizeLinear, QuantizeLinear};
use crate::ops::{Operation, Signs, binary, join, pool, softmax, unary};

/// An operator between codes.
#[derive(Debug)]
pub(super) struct OnDequantized {
    operation: Box<dyn Operation>,
    /// Positions of the codes that it reads; Δ and zero point follow each.
    operands: Vec<usize>,
    /// Position of Δ of its output; the zero point follows.
    output: usize,
}

impl OnDequantized {
    /// `None` of any other operator.
    pub(super) fn parse(operator: &str, attributes: &Attributes<'_>) -> Result<Option<Self>, Fault> {
        let Some(name) = operator.strip_prefix("com.microsoft.QLinear") else {
            return Ok(None);
        };
        if attributes.flag("channels_last") {
            return Err(Fault::attribute("channels_last", 1));
        }
        let one = |operation: Box<dyn Operation>| Self {
            operation,
            operands: vec![0],
            output: 3,
        };
        let two = |operation: binary::Binary| Self {
            operation: Box::new(operation),
            operands: vec![0, 3],
            output: 6,
        };
        Ok(Some(match name {
            "Add" => two(binary::Binary::Add),
            "Mul" => two(binary::Binary::Mul),
            "AveragePool" => one(Box::new(pool::AveragePool::parse(attributes)?)),
            "GlobalAveragePool" => one(Box::new(pool::GlobalPool::Average)),
            // It says itself which operator set it means.
            "Softmax" => {
                let opset = attributes.int_or("opset", attributes.opset);
                one(Box::new(softmax::Softmax::parse(&Attributes::new(
                    attributes.node(),
                    opset,
                ))))
            }
            "LeakyRelu" | "Sigmoid" => one(Box::new(unary::Unary::parse(name, attributes))),
            "Concat" => Self {
                operation: Box::new(join::Concat::parse(attributes)?),
                operands: (2..attributes.node().input.len()).step_by(3).collect(),
                output: 0,
            },
            _ => return Ok(None),
        }))
    }

    fn codes<'a>(&self, inputs: &Operands<'a>) -> Vec<Option<Operand<'a>>> {
        let operand = |&index: &usize| inputs.0.get(index).copied().flatten();
        self.operands.iter().map(operand).collect()
    }
}

/// Codes, Δ and zero point, from three inputs behind each other.
fn three(first: Option<Arc<Value>>, inputs: &Args, step: usize) -> Args {
    let input = |index: usize| inputs.0.get(index).cloned().flatten();
    Args(vec![first, input(step), input(step + 1)])
}

fn only(outputs: Vec<Value>) -> Option<Arc<Value>> {
    outputs.into_iter().next().map(Arc::new)
}

impl Operation for OnDequantized {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        self.operation.shapes(&Operands(self.codes(inputs)))
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let value = |&index: &usize| {
            let codes = inputs.0.get(index).cloned().flatten();
            DequantizeLinear::PER_TENSOR
                .run(three(codes, &inputs, index + 1))
                .map(only)
        };
        let values = self.operands.iter().map(value).collect::<Result<_, _>>()?;
        let made = only(self.operation.run(Args(values))?);
        QuantizeLinear::PER_TENSOR.run(three(made, &inputs, self.output))
    }

    fn kind(&self, inputs: &Operands<'_>) -> Option<IntKind> {
        self.codes(inputs).first().copied().flatten()?.kind
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::Any
    }
}
