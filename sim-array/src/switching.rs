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

/// Operands counted side by side.
const LANES: usize = 32;
/// Rows whose bits are added before they are counted.
const N_ADDED: usize = 7;
/// Rows whose counts fit bytes: each adds at most 8.
const N_ROWS_IN_BYTES: usize = 4 * N_ADDED;
/// Rows whose counts fit 16 bits, and that a cache holds.
const N_ROWS_IN_WORDS: usize = 4 * N_ROWS_IN_BYTES;

/// Count a whole product.
pub(crate) fn count(pe: Pe, operands: &Operands<'_>) -> Switching {
    let k = operands.shape().k();
    let mut tally = SwitchingCount::new(pe, operands.shape());
    match pe.edge_window() {
        Some(rules) => {
            let windows = Windows::new(&rules);
            let mut seen = Vec::new();
            for rows in operands.activations().chunks(k * N_ROWS_IN_BYTES) {
                seen.resize(rows.len(), 0);
                for (row, seen) in rows.chunks(k).zip(seen.chunks_mut(k)) {
                    windows.apply(row, seen);
                }
                tally.add(&seen);
            }
        }
        None => tally.add(operands.activations()),
    }
    tally.finish(operands.weights())
}

/// The count under way: rows of activations come first.
pub struct SwitchingCount {
    shape: Gemm,
    map: KMap,
    activations: Sums,
    weights: Sums,
}

impl SwitchingCount {
    /// Nothing yet.
    pub fn new(pe: Pe, shape: Gemm) -> Self {
        let map = KMap::new(pe, shape.k());
        let sums = || Sums::new(shape.k(), map.stride());
        Self {
            shape,
            map,
            activations: sums(),
            weights: sums(),
        }
    }

    /// Take some rows of A as the multipliers see them, `[rows, k]`.
    #[inline(always)]
    pub fn add(&mut self, rows: &[u8]) {
        self.activations.add(rows);
    }

    /// The counts, after all rows of A; `weights` is `[n, k]`.
    #[inline(always)]
    pub fn finish(mut self, weights: &[i8]) -> Switching {
        let mut bytes = vec![0; self.shape.k() * N_ROWS_IN_BYTES];
        for rows in weights.chunks(self.shape.k() * N_ROWS_IN_BYTES) {
            let bytes = &mut bytes[..rows.len()];
            for (byte, w) in bytes.iter_mut().zip(rows) {
                *byte = w.cast_unsigned();
            }
            self.weights.add(bytes);
        }
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
    k: usize,
    stride: usize,
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
    fn new(k: usize, stride: usize) -> Self {
        Self {
            k,
            stride,
            ones: vec![0; k],
            ones_in_both: vec![0; k],
            not_zero: vec![0; k],
            not_zero_in_both: vec![0; k],
        }
    }

    #[inline(always)]
    fn add(&mut self, rows: &[u8]) {
        for rows in rows.chunks(self.k * N_ROWS_IN_WORDS) {
            for first in (0..self.k).step_by(LANES) {
                let counts = count_lanes(rows, self.k, self.stride, first);
                let all = [
                    &mut self.ones,
                    &mut self.ones_in_both,
                    &mut self.not_zero,
                    &mut self.not_zero_in_both,
                ];
                for (sums, counts) in all.into_iter().zip(&counts) {
                    for (sum, &count) in sums[first..].iter_mut().zip(counts) {
                        *sum += u64::from(count);
                    }
                }
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

type Lanes = [u8; LANES];

/// Ones, ones in both, not zero and not zero in both of a few rows, `[rows, k]`, from `first` on. Lanes beyond K, and
/// those in both before the first step, are never asked for.
#[inline(always)]
fn count_lanes(rows: &[u8], k: usize, stride: usize, first: usize) -> [[u16; LANES]; 4] {
    let mut sums = [[0; LANES]; 4];
    for (part, n_before) in rows
        .chunks(k * N_ROWS_IN_BYTES)
        .zip((0..).step_by(N_ROWS_IN_BYTES))
    {
        let mut counts = [[0; LANES]; 4];
        for (added, n_added_before) in part.chunks(k * N_ADDED).zip((0..).step_by(N_ADDED)) {
            let n_rows = added.len() / k;
            let at = (n_before + n_added_before) * k + first;
            let now = lanes_of_rows(rows, k, at, n_rows);
            let before = at
                .checked_sub(stride)
                .and_then(|at| lanes_of_rows(rows, k, at, n_rows));
            if let (Some(now), Some(before)) = (now, before) {
                add_rows(&mut counts, now, before);
            } else {
                let now = copied_lanes(rows, k, at, 0, n_rows);
                let before = copied_lanes(rows, k, at, stride, n_rows);
                add_rows(&mut counts, now.each_ref(), before.each_ref());
            }
        }
        for (sums, counts) in sums.iter_mut().zip(&counts) {
            for (sum, &count) in sums.iter_mut().zip(counts) {
                *sum += u16::from(count);
            }
        }
    }
    sums
}

/// Some rows from a place of the first on; zeros for those that are not there. Lanes beyond a row's end lie in the next
/// one.
#[inline(always)]
fn lanes_of_rows(rows: &[u8], k: usize, at: usize, n_rows: usize) -> Option<[&Lanes; N_ADDED]> {
    let mut lanes = [&[0; LANES]; N_ADDED];
    for (row, lanes) in lanes.iter_mut().enumerate().take(n_rows) {
        *lanes = rows.get(at + row * k..)?.first_chunk()?;
    }
    Some(lanes)
}

/// The same, `back` before that place, with zeros before the first row and behind the last.
fn copied_lanes(rows: &[u8], k: usize, at: usize, back: usize, n_rows: usize) -> [Lanes; N_ADDED] {
    let mut copied = [[0; LANES]; N_ADDED];
    for (row, lanes) in copied.iter_mut().enumerate().take(n_rows) {
        let at = at + row * k;
        let n_zeros = back.saturating_sub(at).min(LANES);
        let own = &rows[at.saturating_sub(back)..];
        for (lane, &byte) in lanes[n_zeros..].iter_mut().zip(own) {
            *lane = byte;
        }
    }
    copied
}

#[inline(always)]
fn add_rows(
    [ones, ones_in_both, not_zero, not_zero_in_both]: &mut [Lanes; 4],
    now: [&Lanes; N_ADDED],
    before: [&Lanes; N_ADDED],
) {
    for lane in 0..LANES {
        let mut own = [0; N_ADDED];
        let mut both = [0; N_ADDED];
        for row in 0..N_ADDED {
            let (now, before) = (now[row][lane], before[row][lane]);
            own[row] = now;
            both[row] = now & before;
            not_zero[lane] += u8::from(now != 0);
            not_zero_in_both[lane] += u8::from(now != 0) & u8::from(before != 0);
        }
        ones[lane] += n_ones_of_all(own);
        ones_in_both[lane] += n_ones_of_all(both);
    }
}

/// Set bits of seven bytes. Bits of equal weight are added in full adders first: what is left to count are three bytes.
#[inline(always)]
const fn n_ones_of_all([a, b, c, d, e, f, g]: [u8; N_ADDED]) -> u8 {
    let (sum, twos_of_abc) = full_adder(a, b, c);
    let (sum, twos_of_de) = full_adder(sum, d, e);
    let (sum, twos_of_fg) = full_adder(sum, f, g);
    let (twos, fours) = full_adder(twos_of_abc, twos_of_de, twos_of_fg);
    n_ones(sum) + 2 * n_ones(twos) + 4 * n_ones(fours)
}

/// Sum and carry of each bit.
#[inline(always)]
const fn full_adder(a: u8, b: u8, c: u8) -> (u8, u8) {
    let half = a ^ b;
    (half ^ c, a & b | half & c)
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
