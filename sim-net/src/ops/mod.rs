//! The operators of ONNX that networks here may use.

mod arg_max;
pub(crate) mod args;
pub(crate) mod attributes;
pub(crate) mod axes;
pub(crate) mod batch_norm;
mod binary;
mod constant;
pub(crate) mod conv;
mod conv_direct;
mod conv_kernel;
pub(crate) mod conv_transpose;
mod dequantized;
pub mod fault;
mod gather;
pub(crate) mod integer;
mod join;
mod library;
mod lrn;
pub(crate) mod matmul;
pub(crate) mod normalization;
mod normalize;
pub(crate) mod number;
mod pad;
mod pool;
mod quantize;
mod reduce;
mod resampling;
mod reshape;
mod resize;
mod slice;
mod small_integers;
mod softmax;
mod transpose;
mod unary;
mod window;

use std::fmt::Debug;

use sim_onnx::value::{IntKind, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::small_integers::SmallIntegers;

/// What a node does, with its attributes read.
pub(crate) trait Operation: Debug + Send + Sync {
    /// Shapes of the outputs.
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault>;

    /// Whether the outputs are small enough to be made.
    fn check(&self, inputs: &Operands<'_>) -> Result<(), Fault> {
        let shapes = self.shapes(inputs)?;
        shapes
            .iter()
            .try_for_each(|shape| axes::n_elements(shape).map(drop))
    }

    /// The outputs.
    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault>;

    /// The output where it follows from the shapes of the inputs alone.
    fn value_of_shapes(&self, inputs: &Operands<'_>) -> Option<Value> {
        let _ = inputs;
        None
    }

    /// What integers of the outputs are, `None` of floats, given what those of the inputs are.
    fn kind(&self, inputs: &Operands<'_>) -> Option<IntKind> {
        inputs.0.first().copied().flatten()?.kind
    }

    /// Between what it limits its input, where its attributes say it.
    fn limits(&self) -> Option<[f32; 2]> {
        None
    }

    /// Sign of the first output, given those of the inputs.
    fn sign(&self, inputs: &Signs) -> InputSign {
        let _ = inputs;
        InputSign::Any
    }
}

/// Signs of a node's inputs; `None` where an optional one is left out.
#[derive(Clone, Debug)]
pub(crate) struct Signs(pub(crate) Vec<Option<InputSign>>);

impl Signs {
    /// Whether input `index` is there and cannot be negative.
    pub(crate) fn is_non_negative(&self, index: usize) -> bool {
        self.0.get(index).copied().flatten() == Some(InputSign::NonNegative)
    }

    /// Whether input `index` is left out or cannot be negative.
    pub(crate) fn may_be_absent(&self, index: usize) -> bool {
        self.0.get(index).copied().flatten() != Some(InputSign::Any)
    }

    /// The sign of the first input.
    pub(crate) fn first(&self) -> InputSign {
        non_negative_if(self.is_non_negative(0))
    }

    /// Non-negative if all inputs are.
    pub(crate) fn all(&self) -> InputSign {
        non_negative_if((0..self.0.len()).all(|index| self.is_non_negative(index)))
    }
}

pub(crate) fn non_negative_if(condition: bool) -> InputSign {
    if condition {
        InputSign::NonNegative
    } else {
        InputSign::Any
    }
}

/// The operation of a node of type `operator`; `None` if there is no such operator here.
pub(crate) fn parse(
    operator: &str,
    attributes: &Attributes<'_>,
) -> Result<Option<Box<dyn Operation>>, Fault> {
    Ok(Some(match operator {
        "Add" => Box::new(binary::Binary::Add),
        "ArgMax" => Box::new(arg_max::ArgExtreme::parse(arg_max::Extreme::Max, attributes)),
        "ArgMin" => Box::new(arg_max::ArgExtreme::parse(arg_max::Extreme::Min, attributes)),
        "AveragePool" => Box::new(pool::AveragePool::parse(attributes)?),
        "BatchNormalization" => Box::new(batch_norm::BatchNormalization::parse(attributes)?),
        "Cast" => Box::new(constant::Cast::parse(attributes)?),
        "Clip" => Box::new(SmallIntegers(Box::new(unary::Clip::parse(attributes)))),
        "Concat" => Box::new(join::Concat::parse(attributes)?),
        "Constant" => Box::new(constant::Constant::parse(attributes)?),
        "ConstantOfShape" => Box::new(constant::ConstantOfShape::parse(attributes)?),
        "Conv" => Box::new(conv::Conv::parse(attributes)?),
        "ConvTranspose" => Box::new(conv_transpose::ConvTranspose::parse(attributes)?),
        "DequantizeLinear" => Box::new(quantize::DequantizeLinear::parse(attributes)?),
        "Div" => Box::new(binary::Binary::Div),
        "DynamicQuantizeLinear" => Box::new(quantize::DynamicQuantizeLinear),
        "Dropout" => Box::new(unary::Dropout::parse(attributes)),
        "Flatten" => Box::new(reshape::Flatten::parse(attributes)),
        "Gather" => Box::new(gather::Gather::parse(attributes)),
        "Gemm" => Box::new(matmul::Gemm::parse(attributes)),
        "GlobalAveragePool" => Box::new(pool::GlobalPool::Average),
        "GlobalMaxPool" => Box::new(pool::GlobalPool::Max),
        "GroupNormalization" => Box::new(normalize::Normalize::groups(attributes)?),
        "Celu" | "HardSigmoid" | "HardSwish" | "Identity" | "LeakyRelu" | "Mish" | "Selu" | "Sigmoid"
        | "Sign" | "Tanh" | "ThresholdedRelu" => Box::new(unary::Unary::parse(operator, attributes)),
        "Relu" => Box::new(SmallIntegers(Box::new(unary::Unary::Relu))),
        "InstanceNormalization" => Box::new(normalize::Normalize::instances(attributes)),
        "LayerNormalization" => Box::new(normalize::Normalize::layers(attributes)),
        "LRN" => Box::new(lrn::Lrn::parse(attributes)?),
        "MatMul" => Box::new(matmul::MatMul),
        "MaxPool" => Box::new(SmallIntegers(Box::new(pool::MaxPool::parse(attributes)?))),
        "Mul" => Box::new(binary::Binary::Mul),
        "Pad" => Box::new(SmallIntegers(Box::new(pad::Pad::parse(attributes)?))),
        "QuantizeLinear" => Box::new(quantize::QuantizeLinear::parse(attributes)?),
        "Resize" => Box::new(resize::Resize::parse(attributes)?),
        "Reshape" => Box::new(reshape::Reshape::parse(attributes)),
        "Shape" => Box::new(constant::ShapeOf::parse(attributes)),
        "Size" => Box::new(constant::SizeOf),
        "Slice" => Box::new(slice::Slice::parse(attributes)?),
        "Softmax" => Box::new(softmax::Softmax::parse(attributes)),
        "Split" => Box::new(join::Split::parse(attributes)?),
        "Squeeze" => Box::new(reshape::Squeeze::parse(attributes)),
        "Sub" => Box::new(binary::Binary::Sub),
        "Sum" => Box::new(binary::Sum),
        "Transpose" => Box::new(transpose::Transpose::parse(attributes)?),
        "Upsample" => Box::new(resize::Resize::upsample(attributes)?),
        "Unsqueeze" => Box::new(reshape::Unsqueeze::parse(attributes)),
        _ => {
            if let Some(reduce) = reduce::Reduce::parse(operator, attributes) {
                return Ok(Some(Box::new(reduce)));
            }
            if let Some(operation) = dequantized::OnDequantized::parse(operator, attributes)? {
                return Ok(Some(Box::new(operation)));
            }
            if let Some(product) = integer::IntegerProduct::parse(operator, attributes)? {
                return Ok(Some(Box::new(product)));
            }
            let library = library::Library::parse(operator, attributes)?;
            return Ok(library.map(|library| -> Box<dyn Operation> { Box::new(library) }));
        }
    }))
}
