//! What two or four threads reduce.

use sim_core::counters::Reduced;
use sim_core::spec::{BasePolicy, NbSmt, Sparsity};

use super::subsets::Meetings;

/// What `T` threads, 2 or 4, reduce.
pub(super) fn reduced<const T: usize>(rules: &NbSmt, meetings: &Meetings<T>) -> Reduced {
    // Which counts of other active threads bring the two-thread rule and the 3-or-4 rule; all, with sparsity off.
    let (two, many) = match (rules.policy.sparsity(), T) {
        (Sparsity::On, _) => (1..2, 2..T),
        (Sparsity::Off, 2) => (0..T, T..T),
        (Sparsity::Off, _) => (T..T, 0..T),
    };
    let of =
        |counts: [u64; T], others: &std::ops::Range<usize>| -> u64 { counts[others.clone()].iter().sum() };
    let (threads, wide_activations, wide_weights) = (
        meetings.threads(),
        meetings.wide_activations(),
        meetings.wide_weights(),
    );
    let in_two = match rules.policy.base() {
        BasePolicy::A0 => (of(threads, &two), 0),
        BasePolicy::A => (of(wide_activations, &two), 0),
        BasePolicy::Aw => (of(meetings.both_wide(), &two), 0),
        BasePolicy::W => (0, of(wide_weights, &two)),
        BasePolicy::AW => (0, of(meetings.both_wide(), &two)),
    };
    let in_many = match rules.policy.base() {
        BasePolicy::A0 => (of(threads, &many), of(threads, &many)),
        BasePolicy::A | BasePolicy::Aw | BasePolicy::W | BasePolicy::AW => {
            (of(wide_activations, &many), of(wide_weights, &many))
        }
    };
    Reduced {
        activations: in_two.0 + in_many.0,
        weights: in_two.1 + in_many.1,
    }
}
