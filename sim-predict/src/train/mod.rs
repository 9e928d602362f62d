//! Training of ZAP's predictors, without labels: a predictor learns which outputs of its place are above 0.
//!
//! A place is fed batches of exact activations. Its loss is the mean, over all pixels and channels, of (p − q)²: p is the
//! score, clamped to 0 … 1, and q is 1 where the output is above 0; both are 1 at first pixels. Batch norms normalise with
//! what they see in the batch. The optimiser is Adam. Biases of filters stay as they were drawn: a batch norm behind a
//! filter takes any bias away, so the loss does not depend on it.
//!
//! Channels do not depend on each other, and sums have a fixed order. So the number of threads changes nothing.

mod adam;
#[cfg(test)]
mod definition_tests;
mod draws;
mod kernels;
mod layout;
mod pass;

use std::sync::atomic::AtomicBool;

use sim_core::parallel_map::{Unfinished, parallel_map};
use sim_core::shape::{checked_product, widen};
use sim_core::units::count_as_f64;

use crate::mask::MaskType;
use crate::predictor::{Predictor, Stage, TAPS, nearest};
use crate::train::adam::{Parameter, Steps};
use crate::train::draws::Draws;
use crate::train::layout::Layout;
use crate::train::pass::{Batch, Moments, Pass, Trained, Workspace};

pub use crate::train::adam::{LearningRate, LearningRateError};

/// Part of a batch in the running mean and variance of a batch norm.
const MOMENTUM: f64 = 0.1;

/// A batch that a place cannot learn from. The trainer is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchFault {
    /// No pixels at all.
    #[error("a batch of {images} images with {channels} maps of {rows}×{columns} has no pixel to learn from")]
    Empty {
        /// Images.
        images: usize,
        /// Channels of an image.
        channels: usize,
        /// Rows of a map.
        rows: usize,
        /// Columns of a map.
        columns: usize,
    },
    /// Another number of channels.
    #[error("the maps have {found} channels, the predictor has {want}")]
    Channels {
        /// Of the batch.
        found: usize,
        /// Of the place.
        want: usize,
    },
    /// An image of another size.
    #[error("image {image} of the batch has {found} values, its shape asks for {want}")]
    Length {
        /// Place in the batch.
        image: usize,
        /// Its values.
        found: usize,
        /// Values of the shape.
        want: usize,
    },
    /// Activations of which a sum is not a number.
    #[error("activations of channel {channel} are NaN, infinite or too large to be squared")]
    NotFinite {
        /// The first such channel.
        channel: usize,
    },
}

/// One channel of a stage in training.
#[derive(Clone, Debug)]
struct Half {
    trained: Trained<Parameter>,
    bias: f32,
    /// Running mean and variance, bias included.
    mean: f64,
    variance: f64,
}

impl Half {
    /// Before training; `draw` draws weights.
    fn new(draw: impl Fn(usize) -> f32) -> Self {
        Self {
            trained: Trained {
                weight: std::array::from_fn(|tap| Parameter::new(draw(tap))),
                scale: Parameter::new(1.0),
                shift: Parameter::new(0.0),
            },
            bias: draw(TAPS),
            mean: 0.0,
            variance: 1.0,
        }
    }

    /// What runs.
    fn rounded(&self) -> Trained<f32> {
        let Trained { weight, scale, shift } = &self.trained;
        Trained {
            weight: weight.map(|weight| nearest(weight.value)),
            scale: nearest(scale.value),
            shift: nearest(shift.value),
        }
    }

    /// Take a step; `n_values` went into the moments.
    fn step(&mut self, gradient: &Trained<f64>, steps: &Steps, moments: Moments, n_values: f64) {
        let Trained { weight, scale, shift } = &mut self.trained;
        for (weight, &gradient) in weight.iter_mut().zip(&gradient.weight) {
            weight.step(gradient, steps);
        }
        scale.step(gradient.scale, steps);
        shift.step(gradient.shift, steps);
        let toward = |running: &mut f64, seen: f64| *running += MOMENTUM * (seen - *running);
        toward(&mut self.mean, moments.mean + f64::from(self.bias));
        // One value has no unbiased variance.
        if 1.0 < n_values {
            toward(&mut self.variance, moments.variance * n_values / (n_values - 1.0));
        }
    }
}

/// The predictor of a place in training.
#[derive(Clone, Debug)]
pub struct Trainer {
    mask: MaskType,
    channels: Vec<[Half; 2]>,
    steps: Steps,
}

impl Trainer {
    /// A predictor with weights drawn from the seed and the name of its place, for each channel by itself.
    pub fn new(mask: MaskType, n_channels: usize, seed: u64, place: &str, rate: LearningRate) -> Self {
        let draws = Draws::new(seed, place);
        let half = |channel: u64, stage: usize| {
            Half::new(|index| draws.weight(channel, widen(stage * (TAPS + 1) + index)))
        };
        let channels = (0..widen(n_channels)).map(|channel| [half(channel, 0), half(channel, 1)]);
        Self {
            mask,
            channels: channels.collect(),
            steps: Steps::new(rate),
        }
    }

    /// Learn from a batch: for each image what stands behind the ReLU, channels, rows and columns. Returns the loss before
    /// the step.
    ///
    /// - Errors: maps of other sizes, and activations that are not finite. Nothing is learned then, and nothing where the
    ///   caller asks to stop.
    pub fn step(
        &mut self,
        maps: &[&[f32]],
        shape: [usize; 3],
        n_jobs: usize,
        stop: &AtomicBool,
    ) -> Result<f64, Unfinished<BatchFault>> {
        let passes = self.passes(maps, shape, n_jobs, stop)?;
        let n_values = count_as_f64(widen(maps.len() * shape[1] * shape[2]));
        let n_all = n_values * count_as_f64(widen(self.channels.len()));
        self.steps.begin();
        for (halves, pass) in self.channels.iter_mut().zip(&passes) {
            let gradients = pass.gradients(n_all);
            for ((half, gradient), &moments) in halves.iter_mut().zip(&gradients).zip(&pass.moments) {
                half.step(gradient, &self.steps, moments, n_values);
            }
        }
        Ok(passes.iter().map(|pass| pass.loss).sum::<f64>() / n_all)
    }

    /// A batch there and back, by channel.
    fn passes(
        &self,
        maps: &[&[f32]],
        [n_channels, rows, columns]: [usize; 3],
        n_jobs: usize,
        stop: &AtomicBool,
    ) -> Result<Vec<Pass>, Unfinished<BatchFault>> {
        let images = maps.len();
        let (want, found) = (self.channels.len(), n_channels);
        if found != want {
            return Err(Unfinished::Failed(BatchFault::Channels { found, want }));
        }
        if [images, n_channels, rows, columns].contains(&0) {
            return Err(Unfinished::Failed(BatchFault::Empty {
                images,
                channels: n_channels,
                rows,
                columns,
            }));
        }
        // A product that overflows is the length of no map.
        let want = checked_product(&[n_channels, rows, columns]).unwrap_or(usize::MAX);
        for (image, map) in maps.iter().enumerate() {
            let found = map.len();
            if found != want {
                return Err(Unfinished::Failed(BatchFault::Length { image, found, want }));
            }
        }
        let layout = Layout::new(self.mask, [rows, columns]);
        let channels: Vec<usize> = (0..n_channels).collect();
        // Each thread has its memory.
        let groups: Vec<&[usize]> = channels
            .chunks(n_channels.div_ceil(n_jobs.max(1)).max(1))
            .collect();
        let group = |group: &&[usize]| {
            let mut work = Workspace::new(&layout, images);
            let passes = group.iter().map(|&channel| {
                let batch = Batch {
                    layout: &layout,
                    maps,
                    n_pixels: rows * columns,
                    channel,
                };
                let stages = [0, 1].map(|stage| self.channels[channel][stage].rounded());
                let pass = sim_simd::vectorized(
                    #[inline(always)]
                    || batch.pass(&stages, &mut work),
                );
                if pass.is_finite() {
                    Ok(pass)
                } else {
                    Err(BatchFault::NotFinite { channel })
                }
            });
            passes.collect::<Result<Vec<Pass>, BatchFault>>()
        };
        Ok(parallel_map(&groups, n_jobs, stop, group)?.concat())
    }

    /// The predictor as it is now.
    pub fn predictor(&self) -> Predictor {
        let stage = |stage: usize| {
            let list =
                |value: fn(&Half) -> f32| self.channels.iter().map(|halves| value(&halves[stage])).collect();
            let weights = self
                .channels
                .iter()
                .flat_map(|halves| halves[stage].rounded().weight);
            Stage {
                weight: weights.collect(),
                bias: list(|half| half.bias),
                scale: list(|half| half.rounded().scale),
                shift: list(|half| half.rounded().shift),
                mean: list(|half| nearest(half.mean)),
                variance: list(|half| nearest(half.variance)),
            }
        };
        Predictor {
            mask: self.mask,
            stages: [stage(0), stage(1)],
        }
    }
}
