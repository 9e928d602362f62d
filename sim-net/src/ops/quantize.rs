//! Floats to integer codes and back, as networks that are 8-bit already say it.

use sim_core::tensor::Tensor;
use sim_onnx::stored::DataType;
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands, ints_of};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::{float_of_int, int64_of_float};
use crate::ops::{Operation, Signs, axes};

/// `clamp(round_half_even(x / Δ) + z)`, in the range of the codes.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuantizeLinear {
    axis: i64,
    /// Where no zero point says it.
    kind: IntKind,
}

/// `(q − z) · Δ`.
#[derive(Clone, Copy, Debug)]
pub(super) struct DequantizeLinear {
    axis: i64,
}

/// Codes of bytes with the Δ and the zero point that the elements themselves ask for.
#[derive(Clone, Copy, Debug)]
pub(super) struct DynamicQuantizeLinear;

/// Blocks that share a Δ are not here.
fn refuse_blocks(attributes: &Attributes<'_>) -> Result<(), Fault> {
    match attributes.int_or("block_size", 0) {
        0 => Ok(()),
        size => Err(Fault::attribute("block_size", size)),
    }
}

/// Which Δ and zero point an element has: all the same, or one for each place along an axis.
struct Steps<'a> {
    scales: &'a [f32],
    zeros: Option<&'a [i64]>,
    /// Elements behind each other that share them.
    run: usize,
}

impl<'a> Steps<'a> {
    fn of(inputs: &'a Args, axis: i64) -> Result<Self, Fault> {
        let shape = inputs.value(0)?.shape();
        let scales = &inputs.float(1)?.data[..];
        let zeros = if inputs.has(2) {
            Some(&ints_of(2, inputs.value(2)?)?.data[..])
        } else {
            None
        };
        let (size, run) = match scales.len() {
            1 => (1, shape.iter().product::<usize>().max(1)),
            _ => {
                let (_, size, run) = axes::around(shape, axes::axis(axis, shape.len())?);
                (size, run)
            }
        };
        if scales.len() != size || zeros.is_some_and(|zeros| zeros.len() != size) {
            return Err(Fault::shapes(shape, &[scales.len()]));
        }
        Ok(Self { scales, zeros, run })
    }

    /// Δ and zero point of the element at `index`.
    fn at(&self, index: usize) -> (f32, i64) {
        let place = index / self.run.max(1) % self.scales.len();
        (self.scales[place], self.zeros.map_or(0, |zeros| zeros[place]))
    }
}

/// The code of `x` among those of `kind`.
fn code(x: f32, (scale, zero): (f32, i64), kind: IntKind) -> i64 {
    let [least, most] = kind.range();
    int64_of_float((x / scale).round_ties_even())
        .saturating_add(zero)
        .clamp(least, most)
}

impl QuantizeLinear {
    /// With one Δ.
    pub(super) const PER_TENSOR: Self = Self {
        axis: 1,
        kind: IntKind::Uint8,
    };

    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        refuse_blocks(attributes)?;
        let kind = match attributes.int_or("output_dtype", 0) {
            0 => IntKind::Uint8,
            number => match DataType::from_onnx(i32::try_from(number).unwrap_or(i32::MAX))? {
                DataType::Int(kind) => kind,
                DataType::Float | DataType::Widened(_) => {
                    return Err(Fault::attribute("output_dtype", number));
                }
            },
        };
        Ok(Self {
            axis: attributes.int_or("axis", 1),
            kind,
        })
    }
}

impl Operation for QuantizeLinear {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let kind = self.kind(&inputs.operands()).unwrap_or(self.kind);
        let steps = Steps::of(&inputs, self.axis)?;
        let input = inputs.float(0)?;
        let codes = input.data.iter().enumerate();
        let codes = codes.map(|(index, &x)| code(x, steps.at(index), kind)).collect();
        Ok(vec![IntTensor::new(input.shape.clone(), codes, kind)?.into()])
    }

    fn kind(&self, inputs: &Operands<'_>) -> Option<IntKind> {
        let zero = inputs.0.get(2).copied().flatten();
        zero.and_then(|zero| zero.kind).or(Some(self.kind))
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::Any
    }
}

impl DequantizeLinear {
    /// With one Δ.
    pub(super) const PER_TENSOR: Self = Self { axis: 1 };

    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        refuse_blocks(attributes)?;
        Ok(Self {
            axis: attributes.int_or("axis", 1),
        })
    }
}

impl Operation for DequantizeLinear {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec()])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let steps = Steps::of(&inputs, self.axis)?;
        let input = ints_of(0, inputs.value(0)?)?;
        let value = |(index, &code): (usize, &i64)| {
            let (scale, zero) = steps.at(index);
            float_of_int(code.wrapping_sub(zero)) * scale
        };
        let data = input.data.iter().enumerate().map(value).collect();
        Ok(vec![Tensor::new(input.shape.clone(), data)?.into()])
    }

    fn kind(&self, _: &Operands<'_>) -> Option<IntKind> {
        None
    }
}

impl Operation for DynamicQuantizeLinear {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![inputs.shape(0)?.to_vec(), Vec::new(), Vec::new()])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let kind = IntKind::Uint8;
        let input = inputs.float(0)?;
        let least = input.data.iter().copied().fold(0.0, f32::min);
        let most = input.data.iter().copied().fold(0.0, f32::max);
        let scale = (most - least) / 255.0;
        let zero = if scale == 0.0 {
            0
        } else {
            code(-least, (scale, 0), kind)
        };
        // Of zeros alone every code is the zero point.
        let codes = input.data.iter();
        let codes = codes.map(|&x| {
            if scale == 0.0 {
                zero
            } else {
                code(x, (scale, zero), kind)
            }
        });
        Ok(vec![
            IntTensor::new(input.shape.clone(), codes.collect(), kind)?.into(),
            Tensor::scalar(scale).into(),
            IntTensor::new(Vec::new(), vec![zero], kind)?.into(),
        ])
    }

    fn kind(&self, _: &Operands<'_>) -> Option<IntKind> {
        Some(IntKind::Uint8)
    }

    fn sign(&self, _: &Signs) -> InputSign {
        InputSign::NonNegative
    }
}
