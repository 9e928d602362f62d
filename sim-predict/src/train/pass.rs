//! One channel of a batch through a predictor and back: the loss, and by how much it changes with each parameter.
//!
//! Pixels are in FP32. Sums over a map are in FP32 by lanes, sums over maps in FP64, in the order of the maps.

use sim_core::shape::widen;
use sim_core::units::count_as_f64;

use crate::predictor::{EPSILON, TAPS, nearest};
use crate::train::kernels::{filter, sum_of, tap_sums};
use crate::train::layout::Layout;

/// What is trained of one channel of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Trained<T> {
    /// Weights of the filter.
    pub(super) weight: [T; TAPS],
    /// Factor of the batch norm.
    pub(super) scale: T,
    /// Its summand.
    pub(super) shift: T,
}

/// What a batch norm saw in a batch: mean and biased variance of what it normalises. The bias of the filter is not in
/// the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) variance: f64,
}

/// What a pass found out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pass {
    /// Sum of the squared differences over all pixels.
    pub(super) loss: f64,
    /// By stage.
    pub(super) moments: [Moments; 2],
    /// Half of the derivative of `loss`, by stage.
    pub(super) half_gradients: [Trained<f64>; 2],
}

impl Pass {
    /// The derivative of the mean of the squared differences over `n_all` outputs, by stage.
    pub(super) fn gradients(&self, n_all: f64) -> [Trained<f64>; 2] {
        self.half_gradients.map(|half| Trained {
            weight: half.weight.map(|half| 2.0 * half / n_all),
            scale: 2.0 * half.scale / n_all,
            shift: 2.0 * half.shift / n_all,
        })
    }

    /// Whether every number of it is finite.
    pub(super) fn is_finite(&self) -> bool {
        let moments = self
            .moments
            .iter()
            .flat_map(|moments| [moments.mean, moments.variance]);
        let gradients = self.half_gradients.iter().flat_map(|half| {
            let Trained { weight, scale, shift } = half;
            weight.iter().chain([scale, shift])
        });
        let mut numbers = moments.chain(gradients.copied()).chain([self.loss]);
        numbers.all(f64::is_finite)
    }
}

/// Memory for a batch of one channel. Padding between the maps is 0 where filters read it.
pub(super) struct Workspace {
    /// What the predictor sees.
    seen: Vec<f32>,
    /// 1 where it is to say that an output is above 0; on the way back what is to change of its scores.
    wanted: Vec<f32>,
    /// By stage: the output of the filter, then the same normalised.
    normal: [Vec<f32>; 2],
    /// Behind the ReLU; on the way back what is to change in front of it.
    between: Vec<f32>,
    /// What is to change of a filter's output, for one map.
    delta: Vec<f32>,
}

impl Workspace {
    /// For batches of this size.
    pub(super) fn new(layout: &Layout, n_images: usize) -> Self {
        let own = || vec![0.0; n_images * layout.block];
        let padded = || vec![0.0; layout.padded_len(n_images)];
        Self {
            seen: padded(),
            wanted: own(),
            normal: [own(), own()],
            between: padded(),
            delta: vec![0.0; layout.padded_len(1)],
        }
    }
}

/// A batch of one channel.
pub(super) struct Batch<'a> {
    pub(super) layout: &'a Layout,
    /// Of all channels, by image.
    pub(super) maps: &'a [&'a [f32]],
    /// Pixels of a channel.
    pub(super) n_pixels: usize,
    pub(super) channel: usize,
}

impl Batch<'_> {
    /// Values that a batch norm sees.
    fn n_values(&self) -> f64 {
        count_as_f64(widen(self.maps.len() * self.n_pixels))
    }

    /// There and back.
    #[inline(always)]
    pub(super) fn pass(&self, stages: &[Trained<f32>; 2], work: &mut Workspace) -> Pass {
        let Workspace {
            seen,
            wanted,
            normal: [normal_1, normal_2],
            between,
            delta,
        } = work;
        let [one, two] = stages;
        let layout = self.layout;
        let blocks = || (0..self.maps.len()).map(|image| image * layout.block..(image + 1) * layout.block);

        for ((image, map), block) in self.maps.iter().enumerate().zip(blocks()) {
            let map = &map[self.channel * self.n_pixels..][..self.n_pixels];
            layout.spread(map, &mut seen[layout.own(image)], &mut wanted[block]);
        }

        let (moments_1, factor_1) = self.normalised(one, seen, normal_1);
        for (image, block) in blocks().enumerate() {
            let pixels = between[layout.own(image)].iter_mut().zip(&normal_1[block]);
            for ((between, normal), inside) in pixels.zip(&layout.inside) {
                let value = normal * one.scale + one.shift;
                *between = if value <= 0.0 { 0.0 } else { value * inside };
            }
        }
        let (moments_2, factor_2) = self.normalised(two, between, normal_2);

        let mut loss = 0.0;
        let mut gradients = [Trained::<f64>::default(); 2];
        let [gradient_1, gradient_2] = &mut gradients;
        for block in blocks() {
            let [squares, shift, scale] =
                scored(two, &layout.free, &normal_2[block.clone()], &mut wanted[block]);
            loss += squares;
            gradient_2.shift += shift;
            gradient_2.scale += scale;
        }

        let back_2 = self.back(two, factor_2, gradient_2);
        let backwards: [f32; TAPS] = std::array::from_fn(|tap| two.weight[TAPS - 1 - tap]);
        for (image, block) in blocks().enumerate() {
            let own = &mut delta[layout.own(0)];
            back_2.delta(
                &wanted[block.clone()],
                &normal_2[block.clone()],
                &layout.inside,
                own,
            );
            let sums = tap_sums(
                &between[layout.window(image)],
                &layout.taps,
                &delta[layout.own(0)],
            );
            add(&mut gradient_2.weight, sums);
            // The scores have been read.
            let change = &mut wanted[block.clone()];
            filter(delta, &layout.taps, &backwards, change);
            let between = &mut between[layout.own(image)];
            for (between, &mut change) in between.iter_mut().zip(change) {
                *between = if 0.0 < *between { change } else { 0.0 };
            }
            gradient_1.shift += sum_of(between, between, |change, _| change);
            gradient_1.scale += sum_of(between, &normal_1[block], |change, normal| change * normal);
        }

        let back_1 = self.back(one, factor_1, gradient_1);
        for (image, block) in blocks().enumerate() {
            let own = &mut delta[layout.own(0)];
            back_1.delta(&between[layout.own(image)], &normal_1[block], &layout.inside, own);
            let sums = tap_sums(&seen[layout.window(image)], &layout.taps, &delta[layout.own(0)]);
            add(&mut gradient_1.weight, sums);
        }
        Pass {
            loss,
            moments: [moments_1, moments_2],
            half_gradients: gradients,
        }
    }

    /// The filter of a stage with its output normalised in `normal`; and the factor that normalises.
    #[inline(always)]
    fn normalised(&self, stage: &Trained<f32>, input: &[f32], normal: &mut [f32]) -> (Moments, f32) {
        let layout = self.layout;
        let mut sum = 0.0;
        for (image, normal) in normal.chunks_mut(layout.block).enumerate() {
            filter(&input[layout.window(image)], &layout.taps, &stage.weight, normal);
            sum += sum_of(normal, &layout.inside, |value, inside| value * inside);
        }
        let mean = sum / self.n_values();
        let centre = nearest(mean);
        let mut squares = 0.0;
        for normal in normal.chunks_mut(layout.block) {
            squares += sum_of(normal, &layout.inside, |value, inside| {
                let distance = (value - centre) * inside;
                distance * distance
            });
        }
        let variance = squares / self.n_values();
        let factor = nearest(1.0 / (variance + f64::from(EPSILON)).sqrt());
        for value in normal {
            *value = (*value - centre) * factor;
        }
        (Moments { mean, variance }, factor)
    }

    /// The way back through a batch norm, once the derivatives of its factor and summand are known.
    fn back(&self, stage: &Trained<f32>, factor: f32, gradient: &Trained<f64>) -> Back {
        Back {
            factor: stage.scale * factor,
            mean: nearest(gradient.shift / self.n_values()),
            slope: nearest(gradient.scale / self.n_values()),
        }
    }
}

/// The way back through a batch norm.
struct Back {
    factor: f32,
    /// Mean of the changes behind it.
    mean: f32,
    /// Mean of their products with the normalised values.
    slope: f32,
}

impl Back {
    /// What is to change in front of it.
    #[inline(always)]
    fn delta(&self, change: &[f32], normal: &[f32], inside: &[f32], delta: &mut [f32]) {
        let pixels = change.iter().zip(normal).zip(inside).zip(delta);
        for (((change, normal), inside), delta) in pixels {
            *delta = self.factor * (change - self.mean - normal * self.slope) * inside;
        }
    }
}

/// Scores of a map against what they are to be: sums of the squared differences, of what is to change, and of that times
/// the normalised values; `wanted` becomes what is to change.
#[inline(always)]
fn scored(stage: &Trained<f32>, free: &[f32], normal: &[f32], wanted: &mut [f32]) -> [f64; 3] {
    // Several short loops: each runs on vectors.
    let score = |normal: f32| normal * stage.scale + stage.shift;
    for ((wanted, &normal), free) in wanted.iter_mut().zip(normal).zip(free) {
        *wanted = (score(normal).clamp(0.0, 1.0) - *wanted) * free;
    }
    let squares = sum_of(wanted, wanted, |difference, _| difference * difference);
    for (wanted, &normal) in wanted.iter_mut().zip(normal) {
        let score = score(normal);
        // The ends count as between.
        let is_between = (0.0..=1.0).contains(&score);
        *wanted = if is_between { *wanted } else { 0.0 };
    }
    let shift = sum_of(wanted, wanted, |change, _| change);
    let scale = sum_of(wanted, normal, |change, normal| change * normal);
    [squares, shift, scale]
}

fn add(all: &mut [f64; TAPS], one: [f64; TAPS]) {
    all.iter_mut().zip(one).for_each(|(all, one)| *all += one);
}
