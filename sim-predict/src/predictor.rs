//! ZAP's network, one for each place: two depthwise convolutions with a batch norm each.

use sim_core::mutant::{self, Mutant};

use crate::gate::Gate;
use crate::mask::MaskType;

/// ε of its batch norms.
pub const EPSILON: f32 = 1e-5;

/// Rows and columns of its filters.
pub const SIZE: usize = 3;

/// Weights of a filter.
pub const TAPS: usize = SIZE * SIZE;

/// A depthwise convolution of 3×3, stride 1 and padding 1, and the batch norm behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// `[channels, 3, 3]`.
    pub weight: Vec<f32>,
    /// By channel.
    pub bias: Vec<f32>,
    /// Factors of the batch norm.
    pub scale: Vec<f32>,
    /// Its summands.
    pub shift: Vec<f32>,
    /// Its means.
    pub mean: Vec<f32>,
    /// Its variances.
    pub variance: Vec<f32>,
}

/// The predictor of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
    /// Which pixels it sees.
    pub mask: MaskType,
    /// Before and behind the ReLU.
    pub stages: [Stage; 2],
}

/// The result above which an output is kept, rounded to FP32 once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold(f32);

/// A number that is not a threshold.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{found} is not a threshold; it is a finite number")]
pub struct ThresholdError {
    /// The number.
    pub found: f64,
}

impl Threshold {
    /// The nearest FP32 number.
    ///
    /// - Errors: numbers that are not finite, also once they are FP32.
    pub fn new(value: f64) -> Result<Self, ThresholdError> {
        let rounded = nearest(value);
        if rounded.is_finite() {
            Ok(Self(rounded))
        } else {
            Err(ThresholdError { found: value })
        }
    }

    /// Its value.
    pub const fn get(self) -> f32 {
        self.0
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "rounding to FP32 is what it is for; std has no other conversion"
)]
pub(crate) const fn nearest(value: f64) -> f32 {
    value as f32
}

impl Stage {
    /// The convolution of one channel's map, its batch norm behind it.
    ///
    /// Every product is rounded and added to the output, which starts as the bias, in the order of rows and columns; what
    /// is outside of the map adds nothing.
    fn run(&self, channel: usize, input: &[f32], shape: [usize; 2], output: &mut [f32]) {
        self.filter(channel, input, shape, output);
        self.normalise(channel, output);
    }

    /// The convolution alone.
    pub(crate) fn filter(
        &self,
        channel: usize,
        input: &[f32],
        [rows, columns]: [usize; 2],
        output: &mut [f32],
    ) {
        let weight = &self.weight[channel * TAPS..][..TAPS];
        output.fill(self.bias[channel]);
        for (tap, &weight) in weight.iter().enumerate() {
            let (down, right) = (tap / SIZE, tap % SIZE);
            // The padding is one row and one column.
            for row in 0..rows {
                let Some(from) = (row + down).checked_sub(1).filter(|&from| from < rows) else {
                    continue;
                };
                let first = usize::from(right == 0);
                let last = columns.saturating_sub(usize::from(right == 2));
                if last <= first {
                    continue;
                }
                let inputs = &input[from * columns..][first + right - 1..last + right - 1];
                let outputs = &mut output[row * columns..][first..last];
                for (output, input) in outputs.iter_mut().zip(inputs) {
                    *output += weight * input;
                }
            }
        }
    }

    /// The batch norm alone.
    fn normalise(&self, channel: usize, output: &mut [f32]) {
        self.normalise_with(channel, self.mean[channel], self.variance[channel], output);
    }

    /// The batch norm with other statistics.
    pub(crate) fn normalise_with(&self, channel: usize, mean: f32, variance: f32, output: &mut [f32]) {
        let factor = self.scale[channel] / (variance + EPSILON).sqrt();
        let summand = self.shift[channel] - mean * factor;
        for output in output {
            *output = *output * factor + summand;
        }
    }
}

/// The ReLU between the stages; NaN stays.
pub(crate) fn rectify(values: &mut [f32]) {
    for value in values {
        *value = if *value <= 0.0 { 0.0 } else { *value };
    }
}

impl Predictor {
    /// Channels of its place.
    pub const fn n_channels(&self) -> usize {
        self.stages[0].bias.len()
    }

    /// A score for every output of `x`, channels, rows and columns behind the ReLU; only pixels of the mask are looked at.
    pub fn scores(&self, x: &[f32], [channels, rows, columns]: [usize; 3]) -> Vec<f32> {
        let first = self.mask.first(rows, columns);
        let n_pixels = rows * columns;
        let (mut seen, mut between) = (vec![0.0; n_pixels], vec![0.0; n_pixels]);
        let mut scores = vec![0.0; channels * n_pixels];
        let maps = x.chunks(n_pixels.max(1)).zip(scores.chunks_mut(n_pixels.max(1)));
        for (channel, (x, scores)) in maps.enumerate() {
            for ((seen, &x), &first) in seen.iter_mut().zip(x).zip(&first) {
                *seen = if first { x } else { 0.0 };
            }
            let [one, two] = &self.stages;
            one.run(channel, &seen, [rows, columns], &mut between);
            rectify(&mut between);
            two.run(channel, &between, [rows, columns], scores);
        }
        scores
    }

    /// What is computed of outputs with these scores: first pixels, and what scores above the threshold.
    pub fn gate(&self, scores: &[f32], [channels, rows, columns]: [usize; 3], threshold: Threshold) -> Gate {
        let first = self.mask.first(rows, columns);
        let threshold = threshold.get();
        Gate::of_free(first, channels, |output| {
            threshold < scores[output]
                || mutant::is_on(Mutant::ThresholdInclusive) && scores[output] == threshold
        })
    }
}
