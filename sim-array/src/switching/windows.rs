//! Activations as the multipliers of SPARQ see them.

use sim_core::spec::Sparq;
use sim_pe::sparq;

/// What the window makes of an activation whose partner is zero, and of one whose partner is not.
pub(super) struct Windows {
    alone: [u8; 256],
    together: [u8; 256],
}

impl Windows {
    pub(super) fn new(rules: &Sparq) -> Self {
        let table = |partner: u8| {
            let mut table = [0; 256];
            for (entry, x) in table.iter_mut().zip(0..=u8::MAX) {
                *entry = sparq::windowed_pair([x, partner], rules)[0];
            }
            table
        };
        Self {
            alone: table(0),
            together: table(1),
        }
    }

    pub(super) fn apply(&self, row: &[u8], out: &mut [u8]) {
        let of = |x: u8, partner: u8| {
            let table = if partner == 0 { &self.alone } else { &self.together };
            table[usize::from(x)]
        };
        for (pair, out) in row.chunks(2).zip(out.chunks_mut(2)) {
            let first = pair[0];
            // The partner of an odd tail is zero.
            let second = pair.get(1).copied().unwrap_or(0);
            for (out, kept) in out.iter_mut().zip([of(first, second), of(second, first)]) {
                *out = kept;
            }
        }
    }
}
