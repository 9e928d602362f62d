//! What two or four threads reduce.

use sim_core::counters::Reduced;
use sim_core::spec::{NbSmt, Sparsity};
use sim_pe::nbsmt::CollisionRule;

use super::subsets::Meetings;

/// What `T` threads, 2 or 4, reduce.
pub(super) fn reduced<const T: usize>(rules: &NbSmt, meetings: &Meetings<T>) -> Reduced {
    // Which counts of other active threads bring the two-thread rule and the 3-or-4 rule; all, with sparsity off.
    let (two, many) = match (rules.policy.sparsity(), T) {
        (Sparsity::On, _) => (1..2, 2..T),
        (Sparsity::Off, 2) => (0..T, T..T),
        (Sparsity::Off, _) => (T..T, 0..T),
    };
    let rule = CollisionRule::of(rules.policy.base());
    let mut reduced = Reduced::default();
    for (others, [activation, weight]) in [(two, rule.two), (many, [rule.more; 2])] {
        let widths = meetings.operand_widths(others);
        for (x_is_wide, w_is_wide, count) in [
            (true, true, widths.a8w8),
            (true, false, widths.a8w4),
            (false, true, widths.a4w8),
            (false, false, widths.a4w4),
        ] {
            if activation.reduces(x_is_wide) && activation.reduces_beside(w_is_wide) {
                reduced.activations += count;
            }
            if weight.reduces(w_is_wide) && weight.reduces_beside(x_is_wide) {
                reduced.weights += count;
            }
        }
    }
    reduced
}
