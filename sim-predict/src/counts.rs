//! What a gate did, counted.

use crate::gate::Gate;

/// Outputs of a place, by what was predicted and what they would have been.
///
/// `outputs` = `precomputed` + `free`, `free` = `kept` + `skipped`, `skipped` = `hit_zero` + `miss_value`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// All.
    pub outputs: u64,
    /// Computed without asking.
    pub precomputed: u64,
    /// Not computed without asking.
    pub free: u64,
    /// Of the free ones: computed.
    pub kept: u64,
    /// Not computed.
    pub skipped: u64,
    /// Skipped, and not above 0.
    pub hit_zero: u64,
    /// Kept among the free ones, and above 0.
    pub hit_nonzero: u64,
    /// Skipped, and above 0.
    pub miss_value: u64,
    /// Kept among the free ones, and not above 0.
    pub miss_work: u64,
    /// Sum of what was skipped.
    pub sum_skipped: f64,
    /// Sum of all outputs.
    pub sum: f64,
}

impl Counts {
    /// Of one image: `x` are the outputs as they would have been.
    pub fn of(x: &[f32], gate: &Gate) -> Self {
        let mut counts = Self::default();
        for ((&x, &kept), first) in x.iter().zip(gate.kept()).zip(gate.firsts()) {
            counts.outputs += 1;
            counts.sum += f64::from(x);
            let is_value = 0.0 < x;
            if first {
                counts.precomputed += 1;
                continue;
            }
            counts.free += 1;
            let outcome = match (kept, is_value) {
                (true, true) => &mut counts.hit_nonzero,
                (true, false) => &mut counts.miss_work,
                (false, true) => &mut counts.miss_value,
                (false, false) => &mut counts.hit_zero,
            };
            *outcome += 1;
            if kept {
                counts.kept += 1;
            } else {
                counts.skipped += 1;
                counts.sum_skipped += f64::from(x);
            }
        }
        counts
    }

    /// Add those of another image.
    pub fn add(&mut self, other: &Self) {
        let Self {
            outputs,
            precomputed,
            free,
            kept,
            skipped,
            hit_zero,
            hit_nonzero,
            miss_value,
            miss_work,
            sum_skipped,
            sum,
        } = other;
        self.outputs += outputs;
        self.precomputed += precomputed;
        self.free += free;
        self.kept += kept;
        self.skipped += skipped;
        self.hit_zero += hit_zero;
        self.hit_nonzero += hit_nonzero;
        self.miss_value += miss_value;
        self.miss_work += miss_work;
        self.sum_skipped += sum_skipped;
        self.sum += sum;
    }

    /// The part of the sum of all outputs that was skipped; 0 where that sum is 0.
    pub fn lost(&self) -> f64 {
        if self.sum == 0.0 {
            0.0
        } else {
            self.sum_skipped / self.sum
        }
    }
}
