//! Switching where outputs are skipped: each channel meets the sums over its own rows.
//!
//! What changes between two steps of an output is a sum over places along K, of counts of its activations times numbers that
//! its weights alone give. A channel's numbers are made once; then its rows may be summed before they meet them.

use sim_core::counters::Switching;
use sim_simd::HasAvx2;
use sim_simd::byte_sums::ByteSum;

use super::sums::{LANES, Lanes, N_ROWS_IN_BYTES, n_ones, n_places, runs};
use crate::kept_sums::{KeptRows, SET_ROWS};
use crate::mapping::KMap;

/// What is counted of activations at some places, as [`super::sums::Sums`]: ones, ones in both, not zero, not zero in both.
type Counts = [Lanes; 4];

/// Of operands in a step and in the one before.
#[inline(always)]
fn counts_of(before: &Lanes, now: &Lanes) -> Counts {
    let mut counts = [[0; LANES]; 4];
    for lane in 0..LANES {
        counts[0][lane] = n_ones(now[lane]);
        counts[1][lane] = n_ones(now[lane] & before[lane]);
        counts[2][lane] = u8::from(now[lane] != 0);
        counts[3][lane] = u8::from(now[lane] != 0) & u8::from(before[lane] != 0);
    }
    counts
}

/// What a channel's weights make of the counts at some places. Steps that do not follow one another count for nothing.
#[derive(Clone, Copy)]
struct Factors {
    /// Steps that follow or go before, where the weight is not zero in either: of bits of activations; twice those in both
    /// off.
    live_activation: [Lanes; 2],
    /// Bits of weights that change: of activations that are not zero; those in both off.
    live_weight: [Lanes; 2],
    /// Bits of weights: of bits of activations; twice those in both off.
    partial_products: [Lanes; 2],
    /// Weights that are not zero: of activations that are not zero; twice those in both off.
    lane_edges: [Lanes; 2],
}

/// The count under way.
pub(super) struct KeptSwitching {
    map: KMap,
    pub(super) total: Switching,
    /// By channel and places.
    factors: Vec<Factors>,
    /// A row with zeros before and behind it.
    padded: Vec<u8>,
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
        }
    }

    /// Count rows, `[rows, k]`; `weights` are the same every time.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        avx2: Option<HasAvx2>,
        rows: &[u8],
        kept: &KeptRows,
        weights: &[i8],
        k: usize,
    ) {
        if self.factors.is_empty() {
            self.make_factors(weights, k);
        }
        let sets = (0..).step_by(N_ROWS_IN_BYTES / SET_ROWS);
        for (rows, first_set) in rows.chunks(k * N_ROWS_IN_BYTES).zip(sets) {
            self.add_few(avx2, rows, (kept, first_set), k);
        }
    }

    /// Count no more rows than bytes can count.
    #[inline(always)]
    fn add_few(
        &mut self,
        avx2: Option<HasAvx2>,
        rows: &[u8],
        (kept, first_set): (&KeptRows, usize),
        k: usize,
    ) {
        let n_chunks = n_places(self.map).div_ceil(LANES);
        let n_rows = rows.len() / k;
        let mut counts = vec![[[0; LANES]; 4]; n_rows * n_chunks];
        for (row, values) in rows.chunks(k).enumerate() {
            self.pad(values.iter().copied());
            for chunk in 0..n_chunks {
                counts[chunk * n_rows + row] = self.counts_at(chunk);
            }
        }
        for (chunk, counts) in counts.chunks(n_rows).enumerate() {
            let mut sums = [ByteSum::ZERO; 8];
            let factors = &self.factors[chunk..];
            kept.for_each_column(
                avx2,
                first_set,
                counts,
                #[inline(always)]
                |col, [ones, ones_in_both, not_zero, not_zero_in_both]| {
                    let Factors {
                        live_activation,
                        live_weight,
                        partial_products,
                        lane_edges,
                    } = &factors[col * n_chunks];
                    let mut add = |index: usize, counts: &Lanes, factors: &Lanes| {
                        sums[index].add_products(avx2, counts, factors);
                    };
                    add(0, ones, &live_activation[0]);
                    add(1, ones_in_both, &live_activation[1]);
                    add(2, not_zero, &live_weight[0]);
                    add(3, not_zero_in_both, &live_weight[1]);
                    add(4, ones, &partial_products[0]);
                    add(5, ones_in_both, &partial_products[1]);
                    add(6, not_zero, &lane_edges[0]);
                    add(7, not_zero_in_both, &lane_edges[1]);
                },
            );
            let sums = sums.map(|sum| sum.total());
            // Places where the first is counted and the second is not yet lie in other chunks.
            self.total.live_activation_bits =
                (self.total.live_activation_bits + sums[0]).wrapping_sub(2 * sums[1]);
            self.total.live_weight_bits = (self.total.live_weight_bits + sums[2]).wrapping_sub(sums[3]);
            self.total.partial_product_bits =
                (self.total.partial_product_bits + sums[4]).wrapping_sub(2 * sums[5]);
            self.total.lane_edges = (self.total.lane_edges + sums[6]).wrapping_sub(2 * sums[7]);
        }
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
    fn counts_at(&self, chunk: usize) -> Counts {
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
        let (stride, n_places) = (self.map.stride(), n_places(self.map));
        let n_chunks = n_places.div_ceil(LANES);
        // By place: whether a step goes before it, and whether one follows.
        let mut follows = vec![0_u8; n_chunks * LANES + stride];
        for run in runs(self.map) {
            follows[run]
                .iter_mut()
                .skip(stride)
                .for_each(|follows| *follows = 1);
        }
        // What the step that ends at a place gives; behind the last one nothing ends.
        let mut live = vec![0_u8; n_chunks * LANES + stride];
        let mut changed = live.clone();
        for row in weights.chunks(k) {
            self.pad(row.iter().map(|w| w.cast_unsigned()));
            for place in 0..n_chunks * LANES {
                let (before, now) = (self.padded[place], self.padded[place + stride]);
                live[place] = follows[place] & u8::from(before | now != 0);
                changed[place] = follows[place] * n_ones(before ^ now);
            }
            for chunk in 0..n_chunks {
                let [ones, ones_in_both, not_zero, not_zero_in_both] = self.counts_at(chunk);
                let at = |values: &[u8], later: usize| -> Lanes {
                    *values[chunk * LANES + later..]
                        .first_chunk()
                        .expect("whole chunks")
                };
                let (ends, begins) = (at(&follows, 0), at(&follows, stride));
                let (live, changed) = (
                    [0, stride].map(|later| at(&live, later)),
                    [0, stride].map(|later| at(&changed, later)),
                );
                let times = |by: &dyn Fn(usize) -> u8| -> Lanes { std::array::from_fn(by) };
                self.factors.push(Factors {
                    live_activation: [times(&|lane| live[0][lane] + live[1][lane]), live[0]],
                    live_weight: [times(&|lane| changed[0][lane] + changed[1][lane]), changed[0]],
                    partial_products: [
                        times(&|lane| (ends[lane] + begins[lane]) * ones[lane]),
                        times(&|lane| ends[lane] * ones_in_both[lane]),
                    ],
                    lane_edges: [
                        times(&|lane| (ends[lane] + begins[lane]) * not_zero[lane]),
                        times(&|lane| ends[lane] * not_zero_in_both[lane]),
                    ],
                });
            }
        }
    }
}
