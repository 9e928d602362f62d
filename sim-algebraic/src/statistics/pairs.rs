//! What windows change, and how full pairs are, where pairs are neighbours along K.

use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::shape::widen;
use sim_simd::integer::Kernels;

use crate::windowed::RowBlock;

/// Bytes counted side by side.
const LANES: usize = 32;
/// What byte counters can count, one less for the end of a row.
const MAX_BYTE_COUNT: usize = 254;

/// Pairs along K. Weights do not matter, so every output of a row counts alike.
pub(super) struct Pairs {
    k: usize,
    n_outputs: u64,
    n_nonzero: u64,
    n_both: u64,
    n_changed: u64,
}

impl Pairs {
    /// No rows yet.
    pub(super) const fn new(k: usize) -> Self {
        Self {
            k,
            n_outputs: 0,
            n_nonzero: 0,
            n_both: 0,
            n_changed: 0,
        }
    }

    /// Count some rows of A, of which each has so many outputs.
    pub(super) fn add(
        &mut self,
        kernels: Kernels,
        block: RowBlock<'_>,
        n_outputs: impl Iterator<Item = u64>,
    ) {
        let k = self.k;
        let rows = block.given.chunks(k).zip(block.windowed.chunks(k));
        for ((row, windowed), n_outputs) in rows.zip(n_outputs) {
            let [n_changed, n_nonzero, n_both] = kernels.vectorized(
                #[inline(always)]
                || count_pairs(row, windowed),
            );
            self.n_outputs += n_outputs;
            self.n_changed += n_changed * n_outputs;
            self.n_nonzero += n_nonzero * n_outputs;
            self.n_both += n_both * n_outputs;
        }
    }

    /// The counts, after all rows.
    pub(super) fn finish(&self) -> (ActiveSteps, Reduced) {
        let n_pairs = self.n_outputs * widen(self.k.div_ceil(2));
        let n_one = self.n_nonzero - 2 * self.n_both;
        let by_active = [n_pairs - n_one - self.n_both, n_one, self.n_both];
        let reduced = Reduced {
            activations: self.n_changed,
            weights: 0,
        };
        (ActiveSteps::from_counts(&by_active), reduced)
    }
}

/// Of a row before and after windows: bytes that differ, bytes that are not zero, and pairs that hold no zero.
#[inline(always)]
fn count_pairs(before: &[u8], after: &[u8]) -> [u64; 3] {
    let mut sums = [0_u64; 3];
    let span = MAX_BYTE_COUNT * LANES;
    for (before, after) in before.chunks(span).zip(after.chunks(span)) {
        let (before, last_before) = before.as_chunks::<LANES>();
        let (after, last_after) = after.as_chunks::<LANES>();
        let mut counts = [[0_u8; LANES]; 3];
        for (before, after) in before.iter().zip(after) {
            add_pairs(&mut counts, before, after);
        }
        // Zeros behind the end are counted nowhere.
        let (mut padded_before, mut padded_after) = ([0; LANES], [0; LANES]);
        padded_before[..last_before.len()].copy_from_slice(last_before);
        padded_after[..last_after.len()].copy_from_slice(last_after);
        add_pairs(&mut counts, &padded_before, &padded_after);
        for (sum, counts) in sums.iter_mut().zip(&counts) {
            *sum += counts.iter().map(|&count| u64::from(count)).sum::<u64>();
        }
    }
    sums
}

#[inline(always)]
fn add_pairs(counts: &mut [[u8; LANES]; 3], before: &[u8; LANES], after: &[u8; LANES]) {
    for lane in 0..LANES {
        counts[0][lane] += u8::from(before[lane] != after[lane]);
        counts[1][lane] += u8::from(before[lane] != 0);
    }
    for lane in 0..LANES / 2 {
        counts[2][lane] += u8::from(before[2 * lane] != 0) & u8::from(before[2 * lane + 1] != 0);
    }
}
