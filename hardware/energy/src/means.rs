//! Mean energy of a cycle by what the PE did in it: for reading, not for prices.

use sim_core::named;
use sim_core::units::count_as_f64;

use crate::stimulus::{Cycle, Step};

named! {
    /// What a PE did, for people; one active pair of operands by the width of both.
    enum Kind {
        Held = "bubble, operands held",
        Masked = "masked step",
        Skipped = "skipped step, hold bit",
        NoThread = "no active thread, operands moving",
        A8W8 = "one, 8b×8b",
        A8W4 = "one, 8b×4b",
        A4W8 = "one, 4b×8b",
        A4W4 = "one, 4b×4b",
        Two = "two",
        Three = "three",
        Four = "four",
    }
}

impl Kind {
    const fn of(step: Step) -> Self {
        match step {
            Step::Idle => Self::Held,
            Step::Masked => Self::Masked,
            Step::Skipped => Self::Skipped,
            Step::Active { n: 0, .. } => Self::NoThread,
            // One pair in the usual case; with a weight of zero beside SPARQ's activation, none.
            Step::Active { n: 1, pairs } if pairs.a4w4 != 0 => Self::A4W4,
            Step::Active { n: 1, pairs } if pairs.a4w8 != 0 => Self::A4W8,
            Step::Active { n: 1, pairs } if pairs.a8w4 != 0 => Self::A8W4,
            Step::Active { n: 1, .. } => Self::A8W8,
            Step::Active { n: 2, .. } => Self::Two,
            Step::Active { n: 3, .. } => Self::Three,
            Step::Active { .. } => Self::Four,
        }
    }
}

/// Sums by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Means {
    sums: [(f64, u64); Kind::ALL.len()],
}

impl Means {
    /// A cycle and the energy of its logic.
    pub(crate) fn note(&mut self, cycle: &Cycle, energy: f64) {
        let kind = Kind::of(cycle.step);
        for ((sum, n), other) in self.sums.iter_mut().zip(Kind::ALL) {
            if other == kind {
                *sum += energy;
                *n += 1;
            }
        }
    }

    /// Names of all kinds.
    pub(crate) fn names() -> Vec<&'static str> {
        Kind::ALL.map(Kind::name).to_vec()
    }

    /// pJ per cycle of each kind, where it occurred.
    pub(crate) fn values(&self) -> Vec<Option<f64>> {
        self.sums
            .iter()
            .map(|&(sum, n)| (n != 0).then(|| sum / count_as_f64(n)))
            .collect()
    }
}
