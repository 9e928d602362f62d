//! What windows change, and how full pairs are, where 2:4 weights pick a pair out of four.

use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::shape::{Gemm, widen};
use sim_simd::integer::Kernels;

use crate::code::{Table, ZERO};
use crate::operand_map::{Grouping, OperandMap, OperandMapper};
use crate::plan::low_byte;

/// Lanes of a 2:4 group.
const GROUP: usize = 4;
/// Bytes counted side by side: whole groups.
const LANES: usize = 32;
/// Rows after which byte counters could overflow.
const MAX_BYTE_COUNT: usize = 255;
/// Ways in which two lanes of a group differ; a lane and a way give the other lane, `lane ^ (way + 1)`.
const N_WAYS: usize = GROUP - 1;

/// Groups of four with at most two weights.
pub(super) struct Groups {
    shape: Gemm,
    /// 1 for each activation that a window changes, next to a zero and next to another activation.
    changed: [OperandMap; 2],
    /// Over [`LANES`] k each.
    counts: Vec<Counts<u32>>,
    mapper: OperandMapper,
    /// A row after each of the two maps.
    is_changed: [Vec<u8>; 2],
}

/// Counts over rows, by k.
#[derive(Clone)]
struct Counts<C> {
    nonzero: [C; LANES],
    changed_alone: [C; LANES],
    /// This lane and the other are not zero.
    both_nonzero: [[C; LANES]; N_WAYS],
    /// This lane changes next to the other.
    changed_next_to: [[C; LANES]; N_WAYS],
}

impl<C: Copy + Default> Default for Counts<C> {
    fn default() -> Self {
        let lanes = [C::default(); LANES];
        Self {
            nonzero: lanes,
            changed_alone: lanes,
            both_nonzero: [lanes; N_WAYS],
            changed_next_to: [lanes; N_WAYS],
        }
    }
}

impl Groups {
    /// No rows yet.
    pub(super) fn new(kernels: Kernels, windows: &[Table; 2], shape: Gemm) -> Self {
        let changed = windows.each_ref().map(|window| {
            let mut changed = ZERO;
            for ((changed, &after), before) in changed.iter_mut().zip(window).zip(0..) {
                *changed = i16::from(after != before);
            }
            OperandMap::new([&changed; 3], low_byte)
        });
        Self {
            shape,
            changed,
            counts: vec![Counts::default(); shape.k().div_ceil(LANES)],
            mapper: OperandMapper::new(kernels, Grouping::Pairs, shape.k()),
            is_changed: [Vec::new(), Vec::new()],
        }
    }

    /// Count some rows of A.
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8]) {
        let k = self.shape.k();
        for rows in rows.chunks(k * MAX_BYTE_COUNT) {
            let mut bytes: Vec<Counts<u8>> = vec![Counts::default(); self.counts.len()];
            for (operand_map, out) in self.changed.iter().zip(&mut self.is_changed) {
                self.mapper.start();
                self.mapper.apply(operand_map, rows, out);
            }
            let [alone, both] = &self.is_changed;
            kernels.vectorized(
                #[inline(always)]
                || {
                    let rows = rows.chunks(k).zip(alone.chunks(k)).zip(both.chunks(k));
                    for ((row, alone), both) in rows {
                        let words = row.chunks(LANES).zip(alone.chunks(LANES)).zip(both.chunks(LANES));
                        for (bytes, ((codes, alone), both)) in bytes.iter_mut().zip(words) {
                            bytes.add(&padded(codes), &padded(alone), &padded(both));
                        }
                    }
                },
            );
            for (sums, bytes) in self.counts.iter_mut().zip(&bytes) {
                sums.take(bytes);
            }
        }
    }

    /// The counts, after all rows.
    pub(super) fn finish(&self, weights: &[i8]) -> (ActiveSteps, Reduced) {
        let n_groups = self.shape.k().div_ceil(GROUP);
        let mut by_active = [self.shape.n_outputs() * widen(n_groups), 0, 0];
        let mut n_changed = 0;
        for row in weights.chunks(self.shape.k()) {
            for (first, codes) in (0..).step_by(GROUP).zip(row.chunks(GROUP)) {
                let counts = &self.counts[first / LANES];
                let at = |counts: &[u32; LANES], lane: usize| u64::from(counts[first % LANES + lane]);
                let mut lanes = (0..GROUP).filter(|&lane| codes.get(lane).is_some_and(|&w| w != 0));
                match (lanes.next(), lanes.next()) {
                    (Some(low), Some(high)) => {
                        let way = (low ^ high) - 1;
                        let both = at(&counts.both_nonzero[way], low);
                        let nonzero = at(&counts.nonzero, low) + at(&counts.nonzero, high);
                        by_active[1] += nonzero - 2 * both;
                        by_active[2] += both;
                        let changed = &counts.changed_next_to[way];
                        n_changed += at(changed, low) + at(changed, high);
                    }
                    (Some(lone), None) => {
                        by_active[1] += at(&counts.nonzero, lone);
                        n_changed += at(&counts.changed_alone, lone);
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
}

/// Some bytes, and zeros behind them.
#[inline(always)]
fn padded(bytes: &[u8]) -> [u8; LANES] {
    match bytes.first_chunk::<LANES>() {
        Some(whole) => *whole,
        None => {
            let mut padded = [0; LANES];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded
        }
    }
}

/// Each byte's other lane; groups as numbers, so that vectors can move their bytes.
#[inline(always)]
fn others(bytes: &[u8; LANES], way: usize) -> [u8; LANES] {
    let mut others = *bytes;
    for group in others.as_chunks_mut::<GROUP>().0 {
        let own = u32::from_le_bytes(*group);
        let other = match way {
            // Neighbours change places; halves do; or all four bytes turn round.
            0 => own.swap_bytes().rotate_left(16),
            1 => own.rotate_left(16),
            _ => own.swap_bytes(),
        };
        *group = other.to_le_bytes();
    }
    others
}

impl Counts<u8> {
    #[inline(always)]
    fn add(&mut self, codes: &[u8; LANES], alone: &[u8; LANES], both: &[u8; LANES]) {
        let mut nonzero = [0; LANES];
        for lane in 0..LANES {
            nonzero[lane] = u8::from(codes[lane] != 0);
            self.nonzero[lane] += nonzero[lane];
            self.changed_alone[lane] += alone[lane];
        }
        for way in 0..N_WAYS {
            let near = others(&nonzero, way);
            for lane in 0..LANES {
                self.both_nonzero[way][lane] += nonzero[lane] & near[lane];
                self.changed_next_to[way][lane] += both[lane] & near[lane] | alone[lane] & (near[lane] ^ 1);
            }
        }
    }
}

impl Counts<u32> {
    fn take(&mut self, bytes: &Counts<u8>) {
        let add = |sums: &mut [u32; LANES], bytes: &[u8; LANES]| {
            for (sum, &byte) in sums.iter_mut().zip(bytes) {
                *sum += u32::from(byte);
            }
        };
        add(&mut self.nonzero, &bytes.nonzero);
        add(&mut self.changed_alone, &bytes.changed_alone);
        for way in 0..N_WAYS {
            add(&mut self.both_nonzero[way], &bytes.both_nonzero[way]);
            add(&mut self.changed_next_to[way], &bytes.changed_next_to[way]);
        }
    }
}
