//! What windows change, and how full pairs are.

use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::shape::widen;

use super::Changed;
use crate::algebraic::form::Windows;
use crate::engine::Operands;

/// Lanes of a 2:4 group.
const GROUP: usize = 4;

/// Pairs along K. Weights do not matter, so every output of a row counts alike.
pub(super) fn pairs(operands: &Operands<'_>, windows: &Windows) -> (ActiveSteps, Reduced) {
    let shape = operands.shape();
    let changed = Changed::of(windows);
    let mut by_active = [0_u64; 3];
    let mut n_changed = 0_u64;
    for row in operands.activations().chunks(shape.k()) {
        for pair in row.chunks(2) {
            let pair = [pair[0], pair.get(1).copied().unwrap_or(0)];
            by_active[pair.map(|x| usize::from(x != 0)).iter().sum::<usize>()] += 1;
            n_changed += u64::from(changed.next_to(pair[0], pair[1]));
            n_changed += u64::from(changed.next_to(pair[1], pair[0]));
        }
    }
    let n = widen(shape.n());
    let reduced = Reduced {
        activations: n_changed * n,
        weights: 0,
    };
    (
        ActiveSteps::from_counts(&by_active.map(|count| count * n)),
        reduced,
    )
}

impl Changed {
    /// 1 where the window changes `own` next to `other`.
    fn next_to(&self, own: u8, other: u8) -> u8 {
        let table = if other == 0 { &self.alone } else { &self.both };
        table[usize::from(own)]
    }
}

/// Counts of one group of four, over rows.
#[derive(Clone, Copy, Default)]
struct GroupRows {
    nonzero: [u64; GROUP],
    changed_alone: [u64; GROUP],
    /// By both lanes: neither is zero.
    both_nonzero: [[u64; GROUP]; GROUP],
    /// The first lane changes next to the second.
    changed_next_to: [[u64; GROUP]; GROUP],
}

/// Groups of four with at most two weights.
pub(super) fn sparse_pairs(operands: &Operands<'_>, windows: &Windows) -> (ActiveSteps, Reduced) {
    let shape = operands.shape();
    let n_groups = shape.k().div_ceil(GROUP);
    let changed = Changed::of(windows);
    let mut groups = vec![GroupRows::default(); n_groups];
    for row in operands.activations().chunks(shape.k()) {
        for (codes, group) in row.chunks(GROUP).zip(&mut groups) {
            let mut padded = [0; GROUP];
            padded[..codes.len()].copy_from_slice(codes);
            group.add(padded, &changed);
        }
    }
    let mut by_active = [shape.n_outputs() * widen(n_groups), 0, 0];
    let mut n_changed = 0;
    for row in operands.weights().chunks(shape.k()) {
        for (codes, group) in row.chunks(GROUP).zip(&groups) {
            let mut lanes = (0..GROUP).filter(|&lane| codes.get(lane).is_some_and(|&w| w != 0));
            match (lanes.next(), lanes.next()) {
                (Some(low), Some(high)) => {
                    let both = group.both_nonzero[low][high];
                    by_active[1] += group.nonzero[low] + group.nonzero[high] - 2 * both;
                    by_active[2] += both;
                    n_changed += group.changed_next_to[low][high] + group.changed_next_to[high][low];
                }
                (Some(lone), None) => {
                    by_active[1] += group.nonzero[lone];
                    n_changed += group.changed_alone[lone];
                }
                (None, _) => {}
            }
        }
    }
    by_active[0] -= by_active[1] + by_active[2];
    let reduced = Reduced {
        activations: n_changed,
        weights: 0,
    };
    (ActiveSteps::from_counts(&by_active), reduced)
}

impl GroupRows {
    fn add(&mut self, codes: [u8; GROUP], changed: &Changed) {
        for lane in 0..GROUP {
            self.nonzero[lane] += u64::from(codes[lane] != 0);
            self.changed_alone[lane] += u64::from(changed.next_to(codes[lane], 0));
            for other in 0..GROUP {
                self.both_nonzero[lane][other] += u64::from(codes[lane] != 0 && codes[other] != 0);
                self.changed_next_to[lane][other] += u64::from(changed.next_to(codes[lane], codes[other]));
            }
        }
    }
}
