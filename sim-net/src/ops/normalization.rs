//! The arithmetic of batch norms.

use sim_core::shape::checked_product;
use sim_core::tensor::Tensor;
use sim_simd::vectorized;

use crate::graph::layer::{BatchNorm, Statistics};
use crate::ops::fault::Fault;
use crate::ops::number::{double_of_size, float_of_double};

/// Normalize `input`, `[images, channels, …]`, in place.
pub(crate) fn normalize(
    batch_norm: &BatchNorm,
    statistics: &Statistics,
    input: &mut Tensor,
) -> Result<(), Fault> {
    let n_channels = batch_norm.scale.len();
    let (channels, map) = channels(&input.shape)?;
    for list in [&batch_norm.shift, &statistics.mean, &statistics.variance] {
        if list.len() != n_channels {
            return Err(Fault::shapes(&[n_channels], &[list.len()]));
        }
    }
    if channels != n_channels {
        return Err(Fault::shapes(&input.shape, &[n_channels]));
    }
    for (index, map) in input.data.chunks_exact_mut(map.max(1)).enumerate() {
        let channel = index % n_channels;
        let factor = batch_norm.scale[channel] / (statistics.variance[channel] + batch_norm.epsilon).sqrt();
        let summand = batch_norm.shift[channel] - statistics.mean[channel] * factor;
        vectorized(
            #[inline(always)]
            || {
                for x in map {
                    *x = *x * factor + summand;
                }
            },
        );
    }
    Ok(())
}

/// Mean and population variance of each channel, not yet rounded.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
    /// Elements of a channel; a whole number, at least 1.
    pub(crate) n_elements: f64,
}

impl Moments {
    /// Rounded once.
    pub(crate) fn statistics(&self) -> Statistics {
        let round = |list: &[f64]| list.iter().copied().map(float_of_double).collect();
        Statistics {
            mean: round(&self.mean),
            variance: round(&self.variance),
        }
    }
}

/// Mean and population variance of each channel of `input`, `[images, channels, …]`, rounded once.
pub(crate) fn statistics(input: &Tensor) -> Result<Statistics, Fault> {
    Ok(moments(input)?.statistics())
}

/// Mean and population variance of each channel of `input`, `[images, channels, …]`; sums run in the order of the
/// elements.
pub(crate) fn moments(input: &Tensor) -> Result<Moments, Fault> {
    let (n_channels, map) = channels(&input.shape)?;
    let n_elements = checked_product(&[input.shape[0], map]).filter(|&n_elements| 0 < n_elements);
    let Some(n_elements) = n_elements.map(double_of_size) else {
        return Err(Fault::shape(0, &input.shape, "elements in every channel"));
    };
    let per_channel = |term: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; n_channels];
        for (index, map) in input.data.chunks_exact(map).enumerate() {
            let channel = index % n_channels;
            let sum: f64 = map.iter().map(|&x| term(channel, f64::from(x))).sum();
            sums[channel] += sum;
        }
        sums.iter().map(|sum| sum / n_elements).collect::<Vec<f64>>()
    };
    let mean = per_channel(&|_, x| x);
    let variance = per_channel(&|channel, x| (x - mean[channel]).powi(2));
    Ok(Moments {
        mean,
        variance,
        n_elements,
    })
}

/// Channels and elements of one map.
fn channels(shape: &[usize]) -> Result<(usize, usize), Fault> {
    match shape {
        [_, channels, map @ ..] => Ok((*channels, map.iter().product())),
        _ => Err(Fault::shape(0, shape, "images, channels and axes of a map")),
    }
}
