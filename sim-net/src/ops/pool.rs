//! Pools: the largest element or the mean of each window.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::{double_of_size, float_of_double, float_of_size};
use crate::ops::window::{KernelWindow, WindowAttributes};
use crate::ops::{Operation, Signs, axes};

/// The shape of a pool's output and its window.
fn plan(attributes: &WindowAttributes, shape: &[usize]) -> Result<(Vec<usize>, KernelWindow), Fault> {
    if !(3..=4).contains(&shape.len()) {
        return Err(Fault::shape(0, shape, "images, channels and one or two axes"));
    }
    let kernel = attributes
        .kernel
        .as_deref()
        .ok_or(Fault::MissingAttribute { name: "kernel_shape" })?;
    let window = attributes.over(&shape[2..], kernel)?;
    let mut output = shape[..2].to_vec();
    output.extend(&window.output[4 - shape.len()..]);
    Ok((output, window))
}

/// Rows or columns of the input under the kernel, from the position of the output.
struct Taps {
    /// Those inside of the input.
    inside: Vec<usize>,
    /// How many there are with padding.
    n_padded: usize,
}

fn taps(window: &KernelWindow, axis: usize) -> Vec<Taps> {
    let (input, before, dilation) = (window.input[axis], window.before[axis], window.dilation[axis]);
    let padded = before + input + window.after[axis];
    // Taps before `end`, which counts from the start of the padding; none of the others is looked at.
    let n_taps = |start: usize, end: usize| {
        let n_all = end.saturating_sub(start).div_ceil(dilation);
        n_all.min(window.kernel[axis])
    };
    (0..window.output[axis])
        .map(|position| {
            let start = position * window.stride[axis];
            let inside = n_taps(start, before)..n_taps(start, before + input);
            Taps {
                inside: inside.map(|tap| start + tap * dilation - before).collect(),
                n_padded: n_taps(start, padded),
            }
        })
        .collect()
}

/// `reduce` of each window: an accumulator over the elements inside, then the result from it and the two taps.
fn pool(
    input: &Tensor,
    attributes: &WindowAttributes,
    start: f32,
    step: impl Fn(f32, f32) -> f32,
    finish: impl Fn(f32, &Taps, &Taps) -> f32,
) -> Result<Tensor, Fault> {
    let (shape, window) = plan(attributes, &input.shape)?;
    let mut data = Vec::with_capacity(axes::n_elements(&shape)?);
    let [rows, columns] = window.input;
    let (row_taps, column_taps) = (taps(&window, 0), taps(&window, 1));
    for map in input.data.chunks_exact((rows * columns).max(1)) {
        for vertical in &row_taps {
            for horizontal in &column_taps {
                let mut accumulator = start;
                for &row in &vertical.inside {
                    let row = &map[row * columns..][..columns];
                    for &column in &horizontal.inside {
                        accumulator = step(accumulator, row[column]);
                    }
                }
                data.push(finish(accumulator, vertical, horizontal));
            }
        }
    }
    Ok(Tensor::new(shape, data)?)
}

/// The largest element of each window; padding never wins.
#[derive(Clone, Debug)]
pub(super) struct MaxPool {
    window: WindowAttributes,
}

impl MaxPool {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        if attributes.has_output(1) {
            return Err(Fault::attribute("output Indices", "in use"));
        }
        Ok(Self {
            window: WindowAttributes::parse(attributes)?,
        })
    }
}

impl Operation for MaxPool {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![plan(&self.window, inputs.shape(0)?)?.0])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let larger = |a: f32, b: f32| if b > a || b.is_nan() { b } else { a };
        let output = pool(
            inputs.float(0)?,
            &self.window,
            f32::NEG_INFINITY,
            larger,
            |max, _, _| max,
        )?;
        Ok(vec![output.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}

/// By what the sum of a window is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Divisor {
    /// Elements inside of the input.
    Inside,
    /// Padding too.
    Padded,
}

/// The mean of each window.
#[derive(Clone, Debug)]
pub(super) struct AveragePool {
    window: WindowAttributes,
    divisor: Divisor,
}

impl AveragePool {
    pub(super) fn parse(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        Ok(Self {
            window: WindowAttributes::parse(attributes)?,
            divisor: if attributes.flag("count_include_pad") {
                Divisor::Padded
            } else {
                Divisor::Inside
            },
        })
    }
}

impl Operation for AveragePool {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        Ok(vec![plan(&self.window, inputs.shape(0)?)?.0])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let mean = |sum: f32, vertical: &Taps, horizontal: &Taps| {
            let n_elements = match self.divisor {
                Divisor::Inside => vertical.inside.len() * horizontal.inside.len(),
                Divisor::Padded => vertical.n_padded * horizontal.n_padded,
            };
            // A window that is all padding has no mean; it counts as 0.
            sum / float_of_size(n_elements.max(1))
        };
        Ok(vec![
            pool(inputs.float(0)?, &self.window, 0.0, |a, b| a + b, mean)?.into(),
        ])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}

/// The mean of each map, or its largest element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GlobalPool {
    Average,
    Max,
}

impl Operation for GlobalPool {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let shape = inputs.shape(0)?;
        if shape.len() < 2 {
            return Err(Fault::shape(0, shape, "images, channels and axes of a map"));
        }
        let mut output = shape[..2].to_vec();
        output.resize(shape.len(), 1);
        Ok(vec![output])
    }

    fn run(&self, inputs: Args) -> Result<Vec<Value>, Fault> {
        let shape = self.shapes(&inputs.operands())?.swap_remove(0);
        let input = inputs.float(0)?;
        let n_elements: usize = input.shape[2..].iter().product();
        if n_elements == 0 {
            return Err(Fault::shape(0, &input.shape, "maps that are not empty"));
        }
        let maps = input.data.chunks_exact(n_elements);
        let data = match self {
            Self::Average => maps
                .map(|map| {
                    let sum: f64 = map.iter().copied().map(f64::from).sum();
                    float_of_double(sum / double_of_size(n_elements))
                })
                .collect(),
            Self::Max => maps
                // NaN stays.
                .map(|map| {
                    map.iter().fold(
                        f32::NEG_INFINITY,
                        |max, &x| if x <= max || max.is_nan() { max } else { x },
                    )
                })
                .collect(),
        };
        Ok(vec![Tensor::new(shape, data)?.into()])
    }

    fn sign(&self, inputs: &Signs) -> InputSign {
        inputs.first()
    }
}
