//! What a gate did, counted.

use sim_core::prediction::Counts;

use crate::gate::Gate;

impl Gate {
    /// What it did to one image, whose outputs would have been `x`.
    pub fn counts(&self, x: &[f32]) -> Counts {
        let mut counts = Counts::default();
        for ((&x, &kept), first) in x.iter().zip(self.kept()).zip(self.firsts()) {
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
}
