//! New statistics for the batch norms of a predictor, from maps of its place.

use sim_core::shape::widen;
use sim_core::units::count_as_f64;

use crate::predictor::{Predictor, Stage, nearest, rectify};

/// What the batch norm of a stage saw in a batch, by channel.
#[derive(Clone, Debug, PartialEq)]
pub struct StageMoments {
    /// Means.
    pub mean: Vec<f64>,
    /// Population variances.
    pub variance: Vec<f64>,
}

/// What both batch norms saw.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMoments {
    /// Before and behind the ReLU; the second has read what the first normalised with the batch.
    pub stages: [StageMoments; 2],
    /// Values of each channel.
    pub n_values: f64,
}

impl StageMoments {
    fn stored(stage: &Stage) -> Self {
        let widen = |list: &[f32]| list.iter().copied().map(f64::from).collect();
        Self {
            mean: widen(&stage.mean),
            variance: widen(&stage.variance),
        }
    }

    fn push(&mut self, maps: &[Vec<f32>], n_values: f64) {
        let sum = |value: &dyn Fn(f64) -> f64| {
            let all = maps.iter().flatten();
            all.map(|&one| value(f64::from(one))).sum::<f64>() / n_values
        };
        let mean = sum(&|value| value);
        self.variance.push(sum(&|value| (value - mean).powi(2)));
        self.mean.push(mean);
    }
}

impl Predictor {
    /// What its batch norms store.
    pub fn stored_moments(&self) -> [StageMoments; 2] {
        self.stages.each_ref().map(StageMoments::stored)
    }

    /// The same with these statistics, rounded to FP32.
    #[must_use]
    pub fn with_moments(&self, moments: &[StageMoments; 2]) -> Self {
        let mut predictor = self.clone();
        for (stage, StageMoments { mean, variance }) in predictor.stages.iter_mut().zip(moments) {
            let rounded = |list: &[f64]| list.iter().copied().map(nearest).collect();
            (stage.mean, stage.variance) = (rounded(mean), rounded(variance));
        }
        predictor
    }

    /// What its batch norms see of maps of its place in training mode: each normalises with the batch.
    pub fn moments_of(&self, maps: &[&[f32]], [channels, rows, columns]: [usize; 3]) -> BatchMoments {
        let first = self.mask.first(rows, columns);
        let n_pixels = rows * columns;
        let n_values = count_as_f64(widen((maps.len() * n_pixels).max(1)));
        let empty = || StageMoments {
            mean: Vec::with_capacity(channels),
            variance: Vec::with_capacity(channels),
        };
        let mut stages = [empty(), empty()];
        let mut outputs = vec![vec![0.0; n_pixels]; maps.len()];
        let mut between = outputs.clone();
        for channel in 0..channels {
            for (input, map) in between.iter_mut().zip(maps) {
                let pixels = map[channel * n_pixels..][..n_pixels].iter().zip(&first);
                for (input, (&x, &first)) in input.iter_mut().zip(pixels) {
                    *input = if first { x } else { 0.0 };
                }
            }
            for (stage, moments) in self.stages.iter().zip(&mut stages) {
                for (input, output) in between.iter().zip(&mut outputs) {
                    stage.filter(channel, input, [rows, columns], output);
                }
                moments.push(&outputs, n_values);
                let [mean, variance] = [moments.mean[channel], moments.variance[channel]].map(nearest);
                for (input, output) in between.iter_mut().zip(&outputs) {
                    input.copy_from_slice(output);
                    stage.normalise_with(channel, mean, variance, input);
                    rectify(input);
                }
            }
        }
        BatchMoments { stages, n_values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::MaskType;

    fn stage(weight: f32) -> Stage {
        Stage {
            weight: (0..9_u8).map(|tap| weight + f32::from(tap % 4) * 0.3).collect(),
            bias: vec![0.25],
            scale: vec![1.5],
            shift: vec![0.1],
            mean: vec![9.0],
            variance: vec![4.0],
        }
    }

    #[test]
    fn scores_have_the_shift_and_scale_of_the_last_batch_norm() {
        let predictor = Predictor {
            mask: MaskType::new(5).expect("a type"),
            stages: [stage(-0.4), stage(0.2)],
        };
        let maps: Vec<Vec<f32>> = (0..3_u8)
            .map(|map| {
                (0..20_u8)
                    .map(|pixel| f32::from((pixel * 7 + map * 5) % 11))
                    .collect()
            })
            .collect();
        let slices: Vec<&[f32]> = maps.iter().map(Vec::as_slice).collect();
        let moments = predictor.moments_of(&slices, [1, 4, 5]);
        let recalibrated = predictor.with_moments(&moments.stages);
        let scores: Vec<f64> = (maps.iter())
            .flat_map(|map| recalibrated.scores(map, [1, 4, 5]))
            .map(f64::from)
            .collect();
        // A batch norm over its own batch has mean = shift and deviation = scale.
        let mean = scores.iter().sum::<f64>() / moments.n_values;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / moments.n_values;
        assert!((mean - 0.1).abs() < 1e-5, "{mean}");
        assert!((variance.sqrt() - 1.5).abs() < 1e-4, "{variance}");
        assert_eq!(recalibrated.with_moments(&predictor.stored_moments()), predictor);
    }
}
