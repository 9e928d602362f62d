//! One element in, one element out.

use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::{Operation, Signs, axes, non_negative_if};

/// Functions of one element.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unary {
    Celu { alpha: f32 },
    HardSigmoid { alpha: f32, beta: f32 },
    HardSwish,
    Identity,
    LeakyRelu { alpha: f32 },
    Mish,
    Relu,
    Selu { alpha: f32, gamma: f32 },
    Sigmoid,
    Sign,
    Tanh,
    ThresholdedRelu { alpha: f32 },
}

impl Unary {
    /// `operator` is one of those that the table of operators sends here.
    pub(super) fn parse(operator: &str, attributes: &Attributes<'_>) -> Self {
        match operator {
            "Celu" => Self::Celu {
                alpha: attributes.float_or("alpha", 1.0),
            },
            "Selu" => Self::Selu {
                alpha: attributes.float_or("alpha", 1.673_263_2),
                gamma: attributes.float_or("gamma", 1.050_701),
            },
            "ThresholdedRelu" => Self::ThresholdedRelu {
                alpha: attributes.float_or("alpha", 1.0),
            },
            "HardSigmoid" => Self::HardSigmoid {
                alpha: attributes.float_or("alpha", 0.2),
                beta: attributes.float_or("beta", 0.5),
            },
            "HardSwish" => Self::HardSwish,
            "LeakyRelu" => Self::LeakyRelu {
                alpha: attributes.float_or("alpha", 0.01),
            },
            "Mish" => Self::Mish,
            "Sigmoid" => Self::Sigmoid,
            "Sign" => Self::Sign,
            "Tanh" => Self::Tanh,
            _ => Self::Identity,
        }
    }
}

impl Operation for Unary {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        if matches!(self, Self::Identity) {
            return Ok(vec![inputs.take(0)?]);
        }
        let mut tensor = inputs.take_float(0)?;
        let data = &mut tensor.data[..];
        match *self {
            Self::HardSigmoid { alpha, beta } => map(data, |x| (alpha * x + beta).clamp(0.0, 1.0)),
            Self::HardSwish => map(data, |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
            Self::Identity => {}
            Self::Celu { alpha } => map(data, |x| if x < 0.0 { alpha * (x / alpha).exp_m1() } else { x }),
            Self::Selu { alpha, gamma } => {
                map(data, |x| gamma * if x <= 0.0 { alpha * x.exp_m1() } else { x });
            }
            Self::ThresholdedRelu { alpha } => map(data, |x| if x <= alpha { 0.0 } else { x }),
            Self::LeakyRelu { alpha } => map(data, |x| if x < 0.0 { alpha * x } else { x }),
            // ln(1 + exp x) without an overflow.
            Self::Mish => map(data, |x| x * (x.max(0.0) + (-x.abs()).exp().ln_1p()).tanh()),
            // Not `max`, which would turn NaN into 0 and hide it.
            Self::Relu => map(data, |x| if x <= 0.0 { 0.0 } else { x }),
            Self::Sigmoid => map(data, |x| 1.0 / (1.0 + (-x).exp())),
            // Not `signum`, which is 1 at 0.
            Self::Sign => map(data, |x| if x == 0.0 { 0.0 } else { x.signum() }),
            Self::Tanh => map(data, f32::tanh),
        }
        Ok(vec![tensor.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        match self {
            Self::HardSigmoid { .. } | Self::Relu | Self::Sigmoid => InputSign::NonNegative,
            Self::ThresholdedRelu { alpha } => non_negative_if(0.0 <= *alpha || inputs.is_non_negative(0)),
            Self::Celu { .. }
            | Self::Selu { .. }
            | Self::HardSwish
            | Self::Identity
            | Self::LeakyRelu { .. }
            | Self::Mish
            | Self::Sign
            | Self::Tanh => inputs.first(),
        }
    }
}

fn map(data: &mut [f32], function: impl Fn(f32) -> f32) {
    for x in data {
        *x = function(*x);
    }
}

/// Limits below and above; before operator set 11 as attributes, then as inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clip {
    min: f32,
    max: f32,
    limits: Limits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limits {
    Attributes,
    Inputs,
}

impl Clip {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            min: attributes.float_or("min", f32::NEG_INFINITY),
            max: attributes.float_or("max", f32::INFINITY),
            limits: if attributes.opset < 11 {
                Limits::Attributes
            } else {
                Limits::Inputs
            },
        }
    }
}

impl Operation for Clip {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let (min, max) = match self.limits {
            Limits::Attributes => (self.min, self.max),
            Limits::Inputs => (
                inputs.optional_scalar(1)?.unwrap_or(f32::NEG_INFINITY),
                inputs.optional_scalar(2)?.unwrap_or(f32::INFINITY),
            ),
        };
        let mut tensor = inputs.take_float(0)?;
        // The upper limit comes last: it wins where the limits are the wrong way round. NaN stays.
        map(&mut tensor.data, |x| {
            let x = if x < min { min } else { x };
            if max < x { max } else { x }
        });
        Ok(vec![tensor.into()])
    }

    fn limits(&self) -> Option<[f32; 2]> {
        match self.limits {
            Limits::Attributes => Some([self.min, self.max]),
            Limits::Inputs => None,
        }
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        let (is_min_positive, is_max_positive) = match self.limits {
            Limits::Attributes => (0.0 <= self.min, 0.0 <= self.max),
            Limits::Inputs => (inputs.is_non_negative(1), inputs.may_be_absent(2)),
        };
        non_negative_if(is_max_positive && (is_min_positive || inputs.is_non_negative(0)))
    }
}

/// Dropout as it is after training: it drops nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    n_outputs: usize,
}

impl Dropout {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Self {
        Self {
            n_outputs: attributes.n_outputs().clamp(1, 2),
        }
    }
}

impl Operation for Dropout {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec(); self.n_outputs])
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let is_training = inputs.operands().int(2)?.is_some_and(|flag| flag != 0);
        // Left out, the ratio is one half.
        if is_training && inputs.optional_scalar(1)?.unwrap_or(0.5) != 0.0 {
            return Err(Fault::attribute("training_mode", "true"));
        }
        let value = inputs.take(0)?;
        let mut outputs = Vec::with_capacity(self.n_outputs);
        if self.n_outputs == 2 {
            let shape = value.shape().to_vec();
            let kept = vec![1; axes::n_elements(&shape)?];
            outputs.push(IntTensor::new(shape, kept, IntKind::Bool)?.into());
        }
        outputs.insert(0, value);
        Ok(outputs)
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
