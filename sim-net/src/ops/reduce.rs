//! Sums, means and extremes along axes.

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntTensor, Value};

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::{double_of_size, float_of_double, int_of_size};
use crate::ops::{Operation, Signs, axes};

/// What becomes of an axis that was reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reduced {
    KeptAsOne,
    Removed,
}

/// What an empty list of axes stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoAxes {
    All,
    Nothing,
}

/// What becomes of the elements along the axes. Sums and products are made in double precision, in the order of the
/// elements, and rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    L1,
    L2,
    LogSum,
    LogSumExp,
    Max,
    Mean,
    Min,
    Prod,
    Sum,
    SumSquare,
}

impl Function {
    const ALL: [(&'static str, Self); 10] = [
        ("ReduceL1", Self::L1),
        ("ReduceL2", Self::L2),
        ("ReduceLogSum", Self::LogSum),
        ("ReduceLogSumExp", Self::LogSumExp),
        ("ReduceMax", Self::Max),
        ("ReduceMean", Self::Mean),
        ("ReduceMin", Self::Min),
        ("ReduceProd", Self::Prod),
        ("ReduceSum", Self::Sum),
        ("ReduceSumSquare", Self::SumSquare),
    ];

    /// What it makes of no elements.
    const fn start(self) -> f64 {
        match self {
            Self::L1
            | Self::L2
            | Self::LogSum
            | Self::LogSumExp
            | Self::Mean
            | Self::Sum
            | Self::SumSquare => 0.0,
            Self::Max => f64::NEG_INFINITY,
            Self::Min => f64::INFINITY,
            Self::Prod => 1.0,
        }
    }

    /// One more element; `shift` is the largest of all, for exponentials that do not overflow.
    fn step(self, sum: f64, x: f64, shift: f64) -> f64 {
        match self {
            Self::L1 => sum + x.abs(),
            Self::L2 | Self::SumSquare => sum + x * x,
            Self::LogSum | Self::Mean | Self::Sum => sum + x,
            Self::LogSumExp => sum + (x - shift).exp(),
            // NaN stays.
            Self::Max => {
                if sum.is_nan() || x <= sum {
                    sum
                } else {
                    x
                }
            }
            Self::Min => {
                if sum.is_nan() || sum <= x {
                    sum
                } else {
                    x
                }
            }
            Self::Prod => sum * x,
        }
    }

    fn finish(self, sum: f64, n_terms: usize, shift: f64) -> f64 {
        match self {
            Self::L1 | Self::Max | Self::Min | Self::Prod | Self::Sum | Self::SumSquare => sum,
            Self::L2 => sum.sqrt(),
            Self::LogSum => sum.ln(),
            Self::LogSumExp => sum.ln() + shift,
            Self::Mean => sum / double_of_size(n_terms),
        }
    }

    fn sign(self, inputs: &Signs) -> InputSign {
        match self {
            Self::L1 | Self::L2 | Self::SumSquare => InputSign::NonNegative,
            Self::LogSum | Self::LogSumExp => InputSign::Any,
            Self::Max | Self::Mean | Self::Min | Self::Prod | Self::Sum => inputs.first(),
        }
    }
}

/// A reduction along some axes, which are an attribute in old operator sets and an input in new ones.
#[derive(Clone, Debug)]
pub(super) struct Reduce {
    function: Function,
    axes: Option<Vec<i64>>,
    reduced: Reduced,
    no_axes: NoAxes,
}

impl Reduce {
    /// The reduction that `operator` names, if it does.
    pub(super) fn parse(operator: &str, attributes: &Attributes<'_>) -> Option<Self> {
        let (_, function) = *Function::ALL.iter().find(|(name, _)| *name == operator)?;
        Some(Self {
            function,
            axes: attributes.ints("axes").map(<[i64]>::to_vec),
            reduced: if attributes.int_or("keepdims", 1) == 0 {
                Reduced::Removed
            } else {
                Reduced::KeptAsOne
            },
            no_axes: if attributes.flag("noop_with_empty_axes") {
                NoAxes::Nothing
            } else {
                NoAxes::All
            },
        })
    }

    /// For each axis whether it is reduced.
    fn mask(&self, inputs: &Operands<'_>) -> Result<Vec<bool>, Fault> {
        let rank = inputs.rank(0)?;
        let axes = match &self.axes {
            Some(axes) => axes.as_slice(),
            None => inputs.ints(1)?.unwrap_or_default(),
        };
        if axes.is_empty() {
            return Ok(vec![self.no_axes == NoAxes::All; rank]);
        }
        let mut mask = vec![false; rank];
        for &axis in axes {
            mask[axes::axis(axis, rank)?] = true;
        }
        Ok(mask)
    }

    fn shape(&self, shape: &[usize], mask: &[bool]) -> Vec<usize> {
        let keep = |(&size, &is_reduced): (&usize, &bool)| match (is_reduced, self.reduced) {
            (false, _) => Some(size),
            (true, Reduced::KeptAsOne) => Some(1),
            (true, Reduced::Removed) => None,
        };
        shape.iter().zip(mask).filter_map(keep).collect()
    }
}

impl Operation for Reduce {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![self.shape(inputs.shape(0)?, &self.mask(inputs)?)])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let mask = self.mask(&inputs.operands())?;
        let value = inputs.value(0)?;
        let shape = value.shape();
        let places = Places::of(shape, &mask)?;
        let output = self.shape(shape, &mask);
        Ok(vec![match value {
            Value::Float(tensor) => {
                let reduced = self.floats(tensor.data.iter().copied().map(f64::from), &places);
                Tensor::new(output, reduced.map(float_of_double).collect())?.into()
            }
            Value::Int(tensor) => {
                let reduced = self.integers(tensor, &places)?;
                IntTensor::new(output, reduced, tensor.kind)?.into()
            }
        }])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        self.function.sign(inputs)
    }
}

/// Where each element goes.
struct Places<'a> {
    shape: &'a [usize],
    /// Of the outputs, seen as an array of the input's shape.
    strides: Vec<isize>,
    n_outputs: usize,
    /// Elements that become one.
    n_terms: usize,
}

impl<'a> Places<'a> {
    fn of(shape: &'a [usize], mask: &[bool]) -> Result<Self, Fault> {
        let sizes = || shape.iter().zip(mask);
        let kept: Vec<usize> = sizes()
            .map(|(&size, &reduced)| if reduced { 1 } else { size })
            .collect();
        let strides = axes::broadcast_strides(&kept, shape);
        Ok(Self {
            shape,
            strides: strides.into_iter().map(usize::cast_signed).collect(),
            n_outputs: axes::n_elements(&kept)?,
            n_terms: sizes()
                .filter(|(_, reduced)| **reduced)
                .map(|(&size, _)| size)
                .product(),
        })
    }

    fn each(&self) -> impl Iterator<Item = usize> + '_ {
        axes::offsets(self.shape, &self.strides, 0)
    }
}

impl Reduce {
    fn floats(
        &self,
        elements: impl Iterator<Item = f64> + Clone,
        places: &Places<'_>,
    ) -> impl Iterator<Item = f64> {
        let function = self.function;
        let reduced = |function: Function, shifts: &[f64]| {
            let mut sums = vec![function.start(); places.n_outputs];
            for (x, place) in elements.clone().zip(places.each()) {
                sums[place] = function.step(sums[place], x, shifts.get(place).copied().unwrap_or_default());
            }
            sums
        };
        let shifts = if function == Function::LogSumExp {
            reduced(Function::Max, &[])
        } else {
            Vec::new()
        };
        let n_terms = places.n_terms;
        let sums = reduced(function, &shifts).into_iter().enumerate();
        sums.map(move |(place, sum)| {
            function.finish(sum, n_terms, shifts.get(place).copied().unwrap_or_default())
        })
    }

    fn integers(&self, tensor: &IntTensor, places: &Places<'_>) -> Result<Vec<i64>, Fault> {
        let kind = tensor.kind;
        let (start, step): (i64, fn(i64, i64) -> i64) = match self.function {
            Function::L1 => (0, |sum, x| sum.wrapping_add(x.wrapping_abs())),
            Function::Max => (kind.range()[0], i64::max),
            Function::Min => (kind.range()[1], i64::min),
            Function::Prod => (1, i64::wrapping_mul),
            Function::Mean | Function::Sum => (0, i64::wrapping_add),
            Function::SumSquare => (0, |sum, x| sum.wrapping_add(x.wrapping_mul(x))),
            Function::L2 | Function::LogSum | Function::LogSumExp => {
                return Err(Fault::Type {
                    index: 0,
                    found: kind.name(),
                    want: "float32",
                });
            }
        };
        let mut sums = vec![start; places.n_outputs];
        for (&x, place) in tensor.data.iter().zip(places.each()) {
            sums[place] = step(sums[place], x);
        }
        if self.function == Function::Mean {
            let n_terms = int_of_size(places.n_terms);
            for sum in &mut sums {
                *sum = sum.checked_div(n_terms).ok_or(Fault::Division)?;
            }
        }
        Ok(sums.into_iter().map(|sum| kind.wrap(sum)).collect())
    }
}
