//! Normalization of maps, groups of channels and layers by their own mean and variance.

use sim_core::tensor::Tensor;
use sim_onnx::value::Value;

use crate::ops::args::{Args, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;
use crate::ops::number::{double_of_size, float_of_double};
use crate::ops::{Operation, axes};

/// `(x − mean) / √(variance + ε) · scale + shift`, mean and population variance in double precision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Normalize {
    over: Over,
    epsilon: f32,
    n_outputs: usize,
}

/// What is normalized together.
#[derive(Clone, Copy, Debug)]
enum Over {
    /// Each map of each image.
    Maps,
    /// The maps of as many groups of channels, of each image.
    Groups(usize),
    /// All axes from this one on.
    AxesFrom(i64),
}

/// How the elements of an input lie.
struct Blocks {
    /// Elements that are normalized together.
    block: usize,
    /// Elements behind each other with the same scale and shift.
    run: usize,
    /// Scales and shifts until they repeat.
    n_scales: usize,
}

impl Normalize {
    pub(super) fn instances(attributes: &Attributes<'_>) -> Self {
        Self::new(Over::Maps, attributes)
    }

    pub(super) fn groups(attributes: &Attributes<'_>) -> Result<Self, Fault> {
        let n_groups = attributes.size_or("num_groups", 0)?;
        if n_groups == 0 {
            return Err(Fault::MissingAttribute { name: "num_groups" });
        }
        Ok(Self::new(Over::Groups(n_groups), attributes))
    }

    pub(super) fn layers(attributes: &Attributes<'_>) -> Self {
        Self::new(Over::AxesFrom(attributes.int_or("axis", -1)), attributes)
    }

    fn new(over: Over, attributes: &Attributes<'_>) -> Self {
        Self {
            over,
            epsilon: attributes.float_or("epsilon", 1e-5),
            n_outputs: attributes.n_outputs().max(1),
        }
    }

    /// The shape of means: one for each block.
    fn statistics_shape(&self, shape: &[usize]) -> Result<Vec<usize>, Fault> {
        let (from, size) = match self.over {
            Over::Maps => (2, None),
            Over::Groups(n_groups) => (1, Some(n_groups)),
            Over::AxesFrom(axis) => (axes::axis(axis, shape.len())?, None),
        };
        let mut statistics: Vec<usize> = shape.iter().take(from).copied().collect();
        statistics.extend(size);
        statistics.resize(shape.len(), 1);
        Ok(statistics)
    }

    fn blocks(&self, shape: &[usize], n_scales: usize) -> Result<Blocks, Fault> {
        let product = |sizes: &[usize]| sizes.iter().product::<usize>();
        if let Over::AxesFrom(axis) = self.over {
            let block = product(&shape[axes::axis(axis, shape.len())?..]);
            return if n_scales == block {
                Ok(Blocks {
                    block,
                    run: 1,
                    n_scales,
                })
            } else {
                Err(Fault::shape(
                    1,
                    &[n_scales],
                    "a scale for each element that is normalized together",
                ))
            };
        }
        let [_, channels, map @ ..] = shape else {
            return Err(Fault::shape(0, shape, "images, channels and axes of a map"));
        };
        let map = product(map);
        let n_groups = match self.over {
            Over::Groups(n_groups) => n_groups,
            Over::Maps | Over::AxesFrom(_) => *channels,
        };
        let is_whole = |of: usize, parts: usize| 0 < parts && of.is_multiple_of(parts);
        // Scales are of groups before operator set 21, then of channels.
        if !is_whole(*channels, n_groups) || (n_scales != *channels && n_scales != n_groups) {
            return Err(Fault::shapes(shape, &[n_scales]));
        }
        Ok(Blocks {
            block: channels / n_groups * map,
            run: channels / n_scales * map,
            n_scales,
        })
    }
}

impl Operation for Normalize {
    fn shapes(&self, inputs: &Operands<'_>) -> Result<Vec<Vec<usize>>, Fault> {
        let shape = inputs.shape(0)?;
        let mut shapes = vec![self.statistics_shape(shape)?; self.n_outputs];
        shapes[0] = shape.to_vec();
        Ok(shapes)
    }

    fn run(&self, mut inputs: Args) -> Result<Vec<Value>, Fault> {
        let statistics_shape = self.statistics_shape(inputs.value(0)?.shape())?;
        let mut tensor = inputs.take_float(0)?;
        let scales = &inputs.float(1)?.data;
        let shifts = inputs.optional_float(2)?.map(|shift| &shift.data[..]);
        let Blocks { block, run, n_scales } = self.blocks(&tensor.shape, scales.len())?;
        if shifts.is_some_and(|shifts| shifts.len() != n_scales) {
            return Err(Fault::shapes(&[n_scales], &[shifts.unwrap_or_default().len()]));
        }
        let (mut means, mut factors) = (Vec::new(), Vec::new());
        for elements in tensor.data.chunks_exact_mut(block.max(1)) {
            let doubles = || elements.iter().copied().map(f64::from);
            let mean = doubles().sum::<f64>() / double_of_size(block);
            let squares: f64 = doubles().map(|x| (x - mean) * (x - mean)).sum();
            let factor = 1.0 / (squares / double_of_size(block) + f64::from(self.epsilon)).sqrt();
            for x in elements.iter_mut() {
                *x = float_of_double((f64::from(*x) - mean) * factor);
            }
            means.push(float_of_double(mean));
            factors.push(float_of_double(factor));
        }
        for (index, run) in tensor.data.chunks_exact_mut(run.max(1)).enumerate() {
            let (scale, shift) = (
                scales[index % n_scales],
                shifts.map_or(0.0, |shifts| shifts[index % n_scales]),
            );
            run.iter_mut().for_each(|x| *x = *x * scale + shift);
        }
        let mut outputs = vec![tensor.into()];
        for statistics in [means, factors].into_iter().take(self.n_outputs - 1) {
            outputs.push(Tensor::new(statistics_shape.clone(), statistics)?.into());
        }
        Ok(outputs)
    }
}
