//! What the PEs of an array did, counted.

use sim_core::counters::{OperandWidths, Reduced};

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Steps with one, two, three, four active threads.
    OneActive,
    TwoActive,
    ThreeActive,
    FourActive,
    /// Active threads whose weight is zero.
    ActiveBesideZero,
    /// Products with a wide activation, with a wide weight, with both.
    WideActivation,
    WideWeight,
    BothWide,
    /// Activations and weights reduced.
    ReducedActivations,
    ReducedWeights,
}

const N_KINDS: usize = 10;

/// Counts, each spread over four numbers as vectors add them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally([[u64; 4]; N_KINDS]);

impl Tally {
    #[inline(always)]
    pub(super) const fn of_mut(&mut self, kind: Kind) -> &mut [u64; 4] {
        &mut self.0[index(kind)]
    }

    fn of(&self, kind: Kind) -> u64 {
        self.0[index(kind)].iter().sum()
    }

    pub(super) fn total(&self) -> Tallies {
        let active = [
            self.of(Kind::OneActive),
            self.of(Kind::TwoActive),
            self.of(Kind::ThreeActive),
            self.of(Kind::FourActive),
        ];
        let n_active: u64 = (1..).zip(active).map(|(n, steps)| n * steps).sum();
        let all = n_active - self.of(Kind::ActiveBesideZero);
        let (wide_x, wide_w, both) = (
            self.of(Kind::WideActivation),
            self.of(Kind::WideWeight),
            self.of(Kind::BothWide),
        );
        Tallies {
            active,
            reduced: Reduced {
                activations: self.of(Kind::ReducedActivations),
                weights: self.of(Kind::ReducedWeights),
            },
            widths: OperandWidths {
                a8w8: both,
                a8w4: wide_x - both,
                a4w8: wide_w - both,
                a4w4: all + both - wide_x - wide_w,
            },
        }
    }
}

const fn index(kind: Kind) -> usize {
    match kind {
        Kind::OneActive => 0,
        Kind::TwoActive => 1,
        Kind::ThreeActive => 2,
        Kind::FourActive => 3,
        Kind::ActiveBesideZero => 4,
        Kind::WideActivation => 5,
        Kind::WideWeight => 6,
        Kind::BothWide => 7,
        Kind::ReducedActivations => 8,
        Kind::ReducedWeights => 9,
    }
}

/// What the PEs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// PE-steps with one, two, three, four active threads. Those with none are not told from bubbles.
    pub active: [u64; 4],
    /// Operands reduced.
    pub reduced: Reduced,
    /// Products by the widths of their operands.
    pub widths: OperandWidths,
}
