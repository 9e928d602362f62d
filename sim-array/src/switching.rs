//! What changes in the operands from step to step, summed over all real outputs.
//!
//! Every quantity is a sum of products of something of the activations and something of the weights, so the sum over
//! M·N outputs splits into sums over M and over N: `K·(M + N)` work. Both engines report it; it knows no time.

use sim_core::counters::Switching;
use sim_core::shape::widen;
use sim_core::spec::{Pe, Sparq};
use sim_pe::sparq;

use crate::engine::Operands;
use crate::mapping::KMap;

/// Rows that are summed in bytes before they are widened: each adds at most 8.
const N_ROWS_IN_BYTES: usize = 31;

/// Count.
pub(crate) fn count(pe: Pe, operands: &Operands<'_>) -> Switching {
    let shape = operands.shape();
    let (m, n) = (widen(shape.m()), widen(shape.n()));
    let map = KMap::new(pe, shape.k());
    // Distance in K from the step before, in every lane.
    let stride = match pe {
        Pe::Conventional | Pe::NbSmt(_) => 1,
        Pe::Sparq(_) | Pe::SparqStc(_) => map.n_lanes(),
    };
    let activations = match pe {
        Pe::Sparq(rules) => {
            let windows = Windows::new(&rules);
            let row = |row: usize, out: &mut [u8]| windows.apply(operands.activation_row(row), out);
            Sums::of(shape.m(), shape.k(), stride, row)
        }
        Pe::Conventional | Pe::NbSmt(_) | Pe::SparqStc(_) => {
            let row = |row: usize, out: &mut [u8]| out.copy_from_slice(operands.activation_row(row));
            Sums::of(shape.m(), shape.k(), stride, row)
        }
    };
    let weights = Sums::of(shape.n(), shape.k(), stride, |row, out| {
        for (out, w) in out.iter_mut().zip(operands.weight_row(row)) {
            *out = w.cast_unsigned();
        }
    });

    let mut switching = Switching::default();
    for lane in 0..map.n_lanes() {
        for step in 1..map.n_steps() {
            let before = map.k_at(step - 1, lane);
            let now = map.k_at(step, lane);
            let (a, w) = (activations.between(before, now), weights.between(before, now));
            switching.activation_bits += a.changed_bits() * n;
            switching.weight_bits += w.changed_bits() * m;
            switching.live_activation_bits += a.changed_bits() * w.not_zero_twice();
            switching.live_weight_bits += w.changed_bits() * a.not_zero_twice();
            switching.partial_product_bits +=
                a.ones_before * w.ones_before + a.ones_now * w.ones_now - 2 * a.ones_in_both * w.ones_in_both;
            switching.lane_edges += a.not_zero_before * w.not_zero_before + a.not_zero_now * w.not_zero_now
                - 2 * a.not_zero_in_both * w.not_zero_in_both;
        }
    }
    switching
}

/// Sums over all rows of an operand, by k; in both: in k and in the step before.
struct Sums {
    ones: Vec<u64>,
    ones_in_both: Vec<u64>,
    not_zero: Vec<u64>,
    not_zero_in_both: Vec<u64>,
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
    fn of(n_rows: usize, k: usize, stride: usize, mut row: impl FnMut(usize, &mut [u8])) -> Self {
        let mut sums = Self {
            ones: vec![0; k],
            ones_in_both: vec![0; k],
            not_zero: vec![0; k],
            not_zero_in_both: vec![0; k],
        };
        // What lies before the first step is never asked for.
        let mut values = vec![0; stride + k];
        let mut bytes = [(); 4].map(|()| vec![0_u8; k]);
        let mut n_pending = 0;
        for index in 0..n_rows {
            row(index, &mut values[stride..]);
            add_row(&values, stride, &mut bytes);
            n_pending += 1;
            if n_pending == N_ROWS_IN_BYTES || index + 1 == n_rows {
                sums.take(&mut bytes);
                n_pending = 0;
            }
        }
        sums
    }

    fn take(&mut self, bytes: &mut [Vec<u8>; 4]) {
        let all = [
            &mut self.ones,
            &mut self.ones_in_both,
            &mut self.not_zero,
            &mut self.not_zero_in_both,
        ];
        for (sums, bytes) in all.into_iter().zip(bytes) {
            for (sum, byte) in sums.iter_mut().zip(bytes) {
                *sum += u64::from(std::mem::take(byte));
            }
        }
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

/// Add one row: `values` has `stride` values before its first.
fn add_row(values: &[u8], stride: usize, bytes: &mut [Vec<u8>; 4]) {
    let [ones, ones_in_both, not_zero, not_zero_in_both] = bytes;
    let sums = ones
        .iter_mut()
        .zip(ones_in_both)
        .zip(not_zero)
        .zip(not_zero_in_both);
    for ((((ones, ones_in_both), not_zero), not_zero_in_both), (&now, &before)) in
        sums.zip(values[stride..].iter().zip(values))
    {
        *ones += n_ones(now);
        *ones_in_both += n_ones(now & before);
        *not_zero += u8::from(now != 0);
        *not_zero_in_both += u8::from(now != 0) & u8::from(before != 0);
    }
}

/// Set bits of a byte, by adding neighbours: vectors have no instruction for it.
#[inline]
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
