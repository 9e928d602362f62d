//! Bits and zeros of one operand, summed over rows.

use std::ops::Range;

use crate::mapping::{KMap, KSplit};

/// Operands counted side by side.
pub(super) const LANES: usize = 32;
/// Rows whose bits are added before they are counted.
const N_ADDED: usize = 7;
/// Rows whose counts fit bytes: each adds at most 8.
pub(super) const N_ROWS_IN_BYTES: usize = 4 * N_ADDED;
/// Rows whose counts fit 16 bits, and that a cache holds.
const N_ROWS_IN_WORDS: usize = 4 * N_ROWS_IN_BYTES;

/// Sums over some rows of an operand, by place along K; what lies behind K is zero, so that every lane has all steps.
pub(super) struct Sums {
    pub(super) ones: Vec<u64>,
    /// In this step and in the one before.
    pub(super) ones_in_both: Vec<u64>,
    pub(super) not_zero: Vec<u64>,
    pub(super) not_zero_in_both: Vec<u64>,
}

/// What changes where two operands meet.
#[derive(Clone, Copy, Default)]
pub(super) struct Met {
    pub(super) changed_activation: u64,
    pub(super) changed_weight: u64,
    pub(super) live_activation: u64,
    pub(super) live_weight: u64,
    pub(super) partial_products: u64,
    pub(super) lane_edges: u64,
}

/// Places along K, with those behind it.
pub(super) const fn n_places(map: KMap) -> usize {
    map.n_lanes() * map.n_steps()
}

/// Where steps follow one another at the stride of the map.
pub(super) fn runs(map: KMap) -> impl Iterator<Item = Range<usize>> {
    let n_places = n_places(map);
    let len = match map.split() {
        KSplit::Segments => map.n_steps(),
        KSplit::Neighbours => n_places,
    };
    (0..n_places).step_by(len).map(move |first| first..first + len)
}

impl Sums {
    pub(super) fn zero(map: KMap) -> Self {
        let zeros = || vec![0; n_places(map)];
        Self {
            ones: zeros(),
            ones_in_both: zeros(),
            not_zero: zeros(),
            not_zero_in_both: zeros(),
        }
    }

    const fn all_mut(&mut self) -> [&mut Vec<u64>; 4] {
        [
            &mut self.ones,
            &mut self.ones_in_both,
            &mut self.not_zero,
            &mut self.not_zero_in_both,
        ]
    }

    /// Let these rows of activations meet rows of weights, all of them.
    #[inline(always)]
    pub(super) fn meet(&self, weights: &Self, map: KMap) -> Met {
        let mut met = Met::default();
        for run in runs(map) {
            let n_pairs = run.len().saturating_sub(map.stride());
            let (first, second) = (run.start..run.start + n_pairs, run.end - n_pairs..run.end);
            let [x_ones, w_ones] = [&self.ones, &weights.ones];
            let [x_live, w_live] = [&self.not_zero, &weights.not_zero];
            let pairs =
                [x_ones, w_ones, x_live, w_live].map(|sums| (&sums[first.clone()], &sums[second.clone()]));
            let both = [
                &self.ones_in_both,
                &weights.ones_in_both,
                &self.not_zero_in_both,
                &weights.not_zero_in_both,
            ]
            .map(|sums| &sums[second.clone()]);
            for pair in 0..n_pairs {
                let [x, w, x_live, w_live] = pairs.map(|(before, now)| (before[pair], now[pair]));
                let [x_both, w_both, x_live_both, w_live_both] = both.map(|both| both[pair]);
                let (changed_x, changed_w) = (x.0 + x.1 - 2 * x_both, w.0 + w.1 - 2 * w_both);
                met.changed_activation += changed_x;
                met.changed_weight += changed_w;
                // Operands that are not zero before or now.
                met.live_activation += changed_x * (w_live.0 + w_live.1 - w_live_both);
                met.live_weight += changed_w * (x_live.0 + x_live.1 - x_live_both);
                met.partial_products += x.0 * w.0 + x.1 * w.1 - 2 * x_both * w_both;
                met.lane_edges += x_live.0 * w_live.0 + x_live.1 * w_live.1 - 2 * x_live_both * w_live_both;
            }
        }
        met
    }

    /// Add rows of `k` operands.
    #[inline(always)]
    pub(super) fn add(&mut self, rows: &[u8], k: usize, map: KMap) {
        for rows in rows.chunks(k * N_ROWS_IN_WORDS) {
            for first in (0..k).step_by(LANES) {
                let counts = count_lanes(rows, k, map.stride(), first);
                for (sums, counts) in self.all_mut().into_iter().zip(&counts) {
                    for (sum, &count) in sums[first..k].iter_mut().zip(counts) {
                        *sum += u64::from(count);
                    }
                }
            }
        }
    }
}

pub(super) type Lanes = [u8; LANES];

/// Ones, ones in both, not zero and not zero in both of a few rows, `[rows, k]`, from `first` on. Lanes beyond K of all but
/// the last row, and those in both before the first step, are never asked for.
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
pub(super) const fn n_ones(byte: u8) -> u8 {
    let pairs = byte - (byte >> 1 & 0x55);
    let nibbles = (pairs & 0x33) + (pairs >> 2 & 0x33);
    (nibbles + (nibbles >> 4)) & 0x0F
}
