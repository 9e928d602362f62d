//! What changes in the operands from step to step, summed over all real outputs.
//!
//! Every quantity is a sum of products of something of the activations and something of the weights, so the sum over
//! M·N outputs splits into sums over M and over N: `K·(M + N)` work. Both engines report it; it knows no time.

use sim_core::counters::Switching;
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{Pe, Sparq};
use sim_pe::sparq;

use crate::engine::Operands;
use crate::mapping::KMap;

/// Rows that are summed in bytes before they are widened: each adds at most 8.
const N_ROWS_IN_BYTES: usize = 31;

/// Count a whole product.
pub(crate) fn count(pe: Pe, operands: &Operands<'_>) -> Switching {
    let mut tally = Tally::new(pe, operands.shape());
    match pe {
        Pe::Sparq(rules) => {
            let windows = Windows::new(&rules);
            let mut seen = vec![0; operands.shape().k()];
            for row in operands.activations().chunks(operands.shape().k()) {
                windows.apply(row, &mut seen);
                tally.add_row(&seen);
            }
        }
        Pe::Conventional | Pe::NbSmt(_) | Pe::SparqStc(_) => {
            for row in operands.activations().chunks(operands.shape().k()) {
                tally.add_row(row);
            }
        }
    }
    tally.finish(operands.weights())
}

/// The count under way: rows of activations come first.
pub(crate) struct Tally {
    shape: Gemm,
    map: KMap,
    activations: Sums,
    weights: Sums,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new(pe: Pe, shape: Gemm) -> Self {
        let map = KMap::new(pe, shape.k());
        // Distance in K from the step before, in every lane.
        let stride = match pe {
            Pe::Conventional | Pe::NbSmt(_) => 1,
            Pe::Sparq(_) | Pe::SparqStc(_) => map.n_lanes(),
        };
        let sums = || Sums::new(shape.k(), stride);
        Self {
            shape,
            map,
            activations: sums(),
            weights: sums(),
        }
    }

    /// Take one row of A as the multipliers see it.
    #[inline(always)]
    pub(crate) fn add_row(&mut self, row: &[u8]) {
        self.activations.add_row(row);
    }

    /// The counts, after all rows of A; `weights` is `[n, k]`.
    #[inline(always)]
    pub(crate) fn finish(mut self, weights: &[i8]) -> Switching {
        let mut bytes = vec![0; self.shape.k()];
        for row in weights.chunks(self.shape.k()) {
            for (byte, w) in bytes.iter_mut().zip(row) {
                *byte = w.cast_unsigned();
            }
            self.weights.add_row(&bytes);
        }
        self.activations.take();
        self.weights.take();
        self.combine()
    }

    fn combine(&self) -> Switching {
        let (m, n) = (widen(self.shape.m()), widen(self.shape.n()));
        let mut switching = Switching::default();
        for lane in 0..self.map.n_lanes() {
            for step in 1..self.map.n_steps() {
                let before = self.map.k_at(step - 1, lane);
                let now = self.map.k_at(step, lane);
                let a = self.activations.between(before, now);
                let w = self.weights.between(before, now);
                switching.activation_bits += a.changed_bits() * n;
                switching.weight_bits += w.changed_bits() * m;
                switching.live_activation_bits += a.changed_bits() * w.not_zero_twice();
                switching.live_weight_bits += w.changed_bits() * a.not_zero_twice();
                switching.partial_product_bits += a.ones_before * w.ones_before + a.ones_now * w.ones_now
                    - 2 * a.ones_in_both * w.ones_in_both;
                switching.lane_edges += a.not_zero_before * w.not_zero_before
                    + a.not_zero_now * w.not_zero_now
                    - 2 * a.not_zero_in_both * w.not_zero_in_both;
            }
        }
        switching
    }
}

/// Sums over all rows of an operand, by k; in both: in k and in the step before.
struct Sums {
    stride: usize,
    ones: Vec<u64>,
    ones_in_both: Vec<u64>,
    not_zero: Vec<u64>,
    not_zero_in_both: Vec<u64>,
    /// The same four of the last rows.
    bytes: [Vec<u8>; 4],
    n_rows_in_bytes: usize,
}

/// The sums of two consecutive steps of a lane.
struct Between {
    ones_before: u64,
    ones_now: u64,
    ones_in_both: u64,
    not_zero_before: u64,
    not_zero_now: u64,
    not_zero_in_both: u64,
}

impl Between {
    const fn changed_bits(&self) -> u64 {
        self.ones_before + self.ones_now - 2 * self.ones_in_both
    }

    /// Operands that are not zero before or now.
    const fn not_zero_twice(&self) -> u64 {
        self.not_zero_before + self.not_zero_now - self.not_zero_in_both
    }
}

impl Sums {
    fn new(k: usize, stride: usize) -> Self {
        Self {
            stride,
            ones: vec![0; k],
            ones_in_both: vec![0; k],
            not_zero: vec![0; k],
            not_zero_in_both: vec![0; k],
            bytes: [(); 4].map(|()| vec![0; k]),
            n_rows_in_bytes: 0,
        }
    }

    #[inline(always)]
    fn add_row(&mut self, row: &[u8]) {
        if self.n_rows_in_bytes == N_ROWS_IN_BYTES {
            self.take();
        }
        add_row(row, self.stride, &mut self.bytes);
        self.n_rows_in_bytes += 1;
    }

    #[inline(always)]
    fn take(&mut self) {
        let all = [
            &mut self.ones,
            &mut self.ones_in_both,
            &mut self.not_zero,
            &mut self.not_zero_in_both,
        ];
        for (sums, bytes) in all.into_iter().zip(&mut self.bytes) {
            for (sum, byte) in sums.iter_mut().zip(bytes) {
                *sum += u64::from(std::mem::take(byte));
            }
        }
        self.n_rows_in_bytes = 0;
    }

    /// `None` is padding, which is zero.
    fn between(&self, before: Option<usize>, now: Option<usize>) -> Between {
        let at = |sums: &[u64], k: Option<usize>| k.map_or(0, |k| sums[k]);
        let both = if before.is_some() { now } else { None };
        Between {
            ones_before: at(&self.ones, before),
            ones_now: at(&self.ones, now),
            ones_in_both: at(&self.ones_in_both, both),
            not_zero_before: at(&self.not_zero, before),
            not_zero_now: at(&self.not_zero, now),
            not_zero_in_both: at(&self.not_zero_in_both, both),
        }
    }
}

/// Add one row. What lies before the first step is never asked for.
#[inline(always)]
fn add_row(row: &[u8], stride: usize, bytes: &mut [Vec<u8>; 4]) {
    let [ones, ones_in_both, not_zero, not_zero_in_both] = bytes;
    for ((ones, not_zero), &now) in ones.iter_mut().zip(not_zero).zip(row) {
        *ones += n_ones(now);
        *not_zero += u8::from(now != 0);
    }
    let Some(later) = row.get(stride..) else {
        return;
    };
    let in_both = ones_in_both[stride..]
        .iter_mut()
        .zip(&mut not_zero_in_both[stride..]);
    for ((ones, not_zero), (&now, &before)) in in_both.zip(later.iter().zip(row)) {
        *ones += n_ones(now & before);
        *not_zero += u8::from(now != 0) & u8::from(before != 0);
    }
}

/// Set bits of a byte, by adding neighbours: vectors have no instruction for it.
#[inline(always)]
const fn n_ones(byte: u8) -> u8 {
    let pairs = byte - (byte >> 1 & 0x55);
    let nibbles = (pairs & 0x33) + (pairs >> 2 & 0x33);
    (nibbles + (nibbles >> 4)) & 0x0F
}

/// What the window makes of an activation whose partner is zero, and of one whose partner is not.
struct Windows {
    alone: [u8; 256],
    together: [u8; 256],
}

impl Windows {
    fn new(rules: &Sparq) -> Self {
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

    fn apply(&self, row: &[u8], out: &mut [u8]) {
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
