//! Mean energy of a cycle by what the PE did in it: for reading, not for prices.

use sim_core::counters::OperandWidths;
use sim_core::units::count_as_f64;

use crate::stimulus::{Cycle, Step};

/// What a PE did, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Held,
    Masked,
    NoThread,
    One(Width),
    Two,
    Three,
    Four,
}

/// The width of the one active pair of operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    A8W8,
    A8W4,
    A4W8,
    A4W4,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Held,
        Self::Masked,
        Self::NoThread,
        Self::One(Width::A8W8),
        Self::One(Width::A8W4),
        Self::One(Width::A4W8),
        Self::One(Width::A4W4),
        Self::Two,
        Self::Three,
        Self::Four,
    ];

    fn of(step: Step) -> Self {
        match step {
            Step::Idle => Self::Held,
            Step::Masked => Self::Masked,
            Step::Active { n: 0, .. } => Self::NoThread,
            Step::Active { n: 1, pairs } => Self::One(Width::of(pairs)),
            Step::Active { n: 2, .. } => Self::Two,
            Step::Active { n: 3, .. } => Self::Three,
            Step::Active { .. } => Self::Four,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Held => "bubble, operands held",
            Self::Masked => "masked step",
            Self::NoThread => "no active thread, operands moving",
            Self::One(Width::A8W8) => "one, 8b×8b",
            Self::One(Width::A8W4) => "one, 8b×4b",
            Self::One(Width::A4W8) => "one, 4b×8b",
            Self::One(Width::A4W4) => "one, 4b×4b",
            Self::Two => "two",
            Self::Three => "three",
            Self::Four => "four",
        }
    }
}

impl Width {
    const fn of(pairs: OperandWidths) -> Self {
        // One pair in the usual case; with a weight of zero beside SPARQ's activation, none.
        if pairs.a4w4 != 0 {
            Self::A4W4
        } else if pairs.a4w8 != 0 {
            Self::A4W8
        } else if pairs.a8w4 != 0 {
            Self::A8W4
        } else {
            Self::A8W8
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
