//! Switching where outputs are skipped: each channel meets the sums over its own rows.
//!
//! What changes between two steps of an output is a sum over places along K, of counts of its activations times factors that
//! its weights alone give. A channel's factors are made once; then its rows may be summed before they meet them.
//!
//! Of partial products and of edges of lanes, `x·w + x'·w' − 2·x''·w''` change, where x and w are ones (or whether there are
//! any) now, x' and w' before, and x'' and w'' in both. What activations have in both is not counted: of ones it is
//! `2·x'' = x + x' − changed`, and of what is not zero `x'' = x + x' − live`.

use sim_core::counters::Switching;
use sim_simd::byte_sums::{FactorPlane, N_PLANES, Planes, dot};
use sim_simd::integer::Kernels;

use super::sums::{LANES, Lanes, N_ROWS_IN_BYTES, n_ones, n_places, runs};
use crate::kept_sums::KeptRows;
use crate::mapping::KMap;

/// What is counted of activations, a plane each: ones; bits that change; not zero; not zero now or before.
const ONES: usize = 0;
const CHANGED: usize = 1;
const NOT_ZERO: usize = 2;
const LIVE: usize = 3;

/// Factors of a channel's weights.
const N_FACTORS: usize = 6;
/// The counts that each meets: those of partial products, of edges of lanes, of live activations and of live weights.
const MEETS: [usize; N_FACTORS] = [ONES, CHANGED, NOT_ZERO, LIVE, CHANGED, LIVE];

/// Of activations in a step and in the one before.
#[inline(always)]
fn counts_of(before: &Lanes, now: &Lanes) -> Planes {
    let mut counts = [[0; LANES]; N_PLANES];
    for lane in 0..LANES {
        let (before, now) = (before[lane], now[lane]);
        counts[ONES][lane] = n_ones(now);
        counts[CHANGED][lane] = n_ones(now ^ before);
        counts[NOT_ZERO][lane] = u8::from(now != 0);
        counts[LIVE][lane] = u8::from(now | before != 0);
    }
    Planes(counts)
}

/// The count under way.
pub(super) struct KeptSwitching {
    map: KMap,
    pub(super) total: Switching,
    /// By places and channel.
    factors: Vec<[FactorPlane; N_FACTORS]>,
    /// A row with zeros before and behind it.
    padded: Vec<u8>,
    /// By places and row.
    counts: Vec<Planes>,
}

impl KeptSwitching {
    pub(super) const fn new(map: KMap) -> Self {
        Self {
            map,
            total: Switching {
                activation_bits: 0,
                weight_bits: 0,
                live_activation_bits: 0,
                live_weight_bits: 0,
                partial_product_bits: 0,
                lane_edges: 0,
            },
            factors: Vec::new(),
            padded: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Count rows, `[rows, k]`; `weights` are the same every time.
    #[inline(always)]
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8], kept: &KeptRows, weights: &[i8], k: usize) {
        if self.factors.is_empty() {
            self.make_factors(weights, k);
        }
        let n_cols = weights.len() / k;
        let n_chunks = n_places(self.map).div_ceil(LANES);
        let n_rows = rows.len() / k;
        self.counts.resize(n_chunks * n_rows, Planes::ZERO);
        for (row, values) in rows.chunks(k).enumerate() {
            self.pad(values.iter().copied());
            for chunk in 0..n_chunks {
                self.counts[chunk * n_rows + row] = self.counts_at(chunk);
            }
        }
        let (total, factors) = (&mut self.total, &self.factors);
        kept.for_each_sum(kernels, N_ROWS_IN_BYTES, &self.counts, |chunk, cols, sums| {
            let factors = &factors[chunk * n_cols..][cols];
            let [ones, changed, not_zero, live, live_activation, live_weight] =
                std::array::from_fn(|factor| dot(kernels, (sums, MEETS[factor]), (factors, factor)));
            // A step that ends at one place takes off what an earlier place brings.
            let add = |total: &mut u64, sum| *total = total.wrapping_add_signed(sum);
            add(&mut total.partial_product_bits, ones + changed);
            add(&mut total.lane_edges, not_zero + live);
            add(&mut total.live_activation_bits, live_activation);
            add(&mut total.live_weight_bits, live_weight);
        });
    }

    fn pad(&mut self, row: impl Iterator<Item = u8>) {
        let len = self.map.stride() + n_places(self.map).next_multiple_of(LANES);
        self.padded.clear();
        self.padded.resize(self.map.stride(), 0);
        self.padded.extend(row);
        self.padded.resize(len, 0);
    }

    /// The counts of the padded row.
    #[inline(always)]
    fn counts_at(&self, chunk: usize) -> Planes {
        let lanes = |back: usize| -> &Lanes {
            self.padded[chunk * LANES + self.map.stride() - back..]
                .first_chunk()
                .expect("rows are padded to whole chunks")
        };
        counts_of(lanes(self.map.stride()), lanes(0))
    }

    /// The factors of each channel.
    #[inline(always)]
    fn make_factors(&mut self, weights: &[i8], k: usize) {
        let stride = self.map.stride();
        let n_chunks = n_places(self.map).div_ceil(LANES);
        // By place, and a stride of nothing behind the last: whether a step ends there that follows another.
        let mut follows = vec![0_i8; n_chunks * LANES + stride];
        for run in runs(self.map) {
            follows[run]
                .iter_mut()
                .skip(stride)
                .for_each(|follows| *follows = 1);
        }
        let mut ones_in_both = vec![0_i8; follows.len()];
        let mut not_zero_in_both = ones_in_both.clone();
        let n_cols = weights.len() / k;
        self.factors = vec![[[0; LANES]; N_FACTORS]; n_chunks * n_cols];
        for (col, row) in weights.chunks(k).enumerate() {
            self.pad(row.iter().map(|w| w.cast_unsigned()));
            let padded = &self.padded;
            let ones = |byte: u8| n_ones(byte).cast_signed();
            let not_zero = |byte: u8| i8::from(byte != 0);
            for place in 0..n_chunks * LANES {
                let (before, now) = (padded[place], padded[place + stride]);
                ones_in_both[place] = follows[place] * ones(before & now);
                not_zero_in_both[place] = follows[place] * not_zero(before) * not_zero(now);
            }
            for place in 0..n_chunks * LANES {
                let (before, now) = (padded[place], padded[place + stride]);
                // What ends here, and what begins.
                let ends_or_begins = |ends: &[i8]| ends[place] + ends[place + stride];
                let n_steps = ends_or_begins(&follows);
                let factors = [
                    n_steps * ones(now) - ends_or_begins(&ones_in_both),
                    ones_in_both[place],
                    n_steps * not_zero(now) - 2 * ends_or_begins(&not_zero_in_both),
                    2 * not_zero_in_both[place],
                    follows[place] * not_zero(before | now),
                    follows[place] * ones(before ^ now),
                ];
                let planes = &mut self.factors[place / LANES * n_cols + col];
                for (plane, factor) in planes.iter_mut().zip(factors) {
                    plane[place % LANES] = factor;
                }
            }
        }
    }
}
