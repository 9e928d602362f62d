//! What each threshold would keep and lose at a place.

use sim_core::units::count_as_f64;

use crate::mask::MaskType;

/// Thresholds of a curve, −1.3 to 1.3 in tenths.
pub const N_THRESHOLDS: usize = 27;

/// The FP32 numbers nearest −1.3, −1.2, … 1.3.
pub const THRESHOLDS: [f32; N_THRESHOLDS] = [
    -1.3, -1.2, -1.1, -1.0, -0.9, -0.8, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4,
    0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3,
];

/// Sums over images, from which the curves of a place come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurveSums {
    outputs: u64,
    /// By threshold.
    kept: [u64; N_THRESHOLDS],
    skipped: [f64; N_THRESHOLDS],
    sum: f64,
}

/// The curves of a place over thresholds, as [`THRESHOLDS`] has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Kept outputs of all outputs.
    pub share: [f64; N_THRESHOLDS],
    /// Sum of what is skipped, of the sum of all outputs.
    pub error: [f64; N_THRESHOLDS],
}

impl CurveSums {
    /// Add an image: `x` behind the ReLU, and the scores of its outputs.
    pub fn add(&mut self, x: &[f32], scores: &[f32], mask: MaskType, [rows, columns]: [usize; 2]) {
        let first = mask.first(rows, columns);
        for ((&x, &score), &first) in x.iter().zip(scores).zip(first.iter().cycle()) {
            self.outputs += 1;
            self.sum += f64::from(x);
            for ((&threshold, kept), skipped) in THRESHOLDS.iter().zip(&mut self.kept).zip(&mut self.skipped)
            {
                if first || threshold < score {
                    *kept += 1;
                } else {
                    *skipped += f64::from(x);
                }
            }
        }
    }

    /// Add the sums of other images.
    pub fn join(&mut self, other: &Self) {
        let Self {
            outputs,
            kept,
            skipped,
            sum,
        } = other;
        self.outputs += outputs;
        self.sum += sum;
        self.kept.iter_mut().zip(kept).for_each(|(all, one)| *all += one);
        self.skipped
            .iter_mut()
            .zip(skipped)
            .for_each(|(all, one)| *all += one);
    }

    /// The curves; an error is 0 where all outputs add up to 0.
    pub fn curve(&self) -> Curve {
        let outputs = count_as_f64(self.outputs.max(1));
        Curve {
            share: self.kept.map(|kept| count_as_f64(kept) / outputs),
            error: self
                .skipped
                .map(|skipped| if self.sum == 0.0 { 0.0 } else { skipped / self.sum }),
        }
    }
}
