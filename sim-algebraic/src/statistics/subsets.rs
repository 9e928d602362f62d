//! How often sets of threads are active together.

use std::ops::Range;

use sim_array::mapping::KMap;
use sim_core::counters::{ActiveSteps, OperandWidths};
use sim_core::shape::{Gemm, widen};
use sim_pe::operand::Operand;
use sim_simd::integer::Kernels;

/// Steps counted side by side.
const LANES: usize = 32;
/// Sets of up to four threads; a set is a bit mask.
const N_SETS: usize = 16;

/// For each set of threads, how many (row, column, step) triples have at least those threads active.
type Supersets = [u64; N_SETS];
/// Counts of one side for each of a few steps.
type LaneCounts = [u32; LANES];

/// Meetings of all rows with all columns, over all steps, for `T` threads.
pub(super) struct Meetings<const T: usize> {
    at_least: Supersets,
    /// By thread: that thread active and its activation wide; sets of *other* threads.
    wide_activation: [Supersets; T],
    /// The same for its weight.
    wide_weight: [Supersets; T],
    /// The same for both of its operands.
    both_wide: [Supersets; T],
}

/// The rows of A, as far as they have come, for `T` threads and so `S` = 2^T sets.
pub(super) struct RowCounts<const T: usize, const S: usize> {
    shape: Gemm,
    map: KMap,
    /// By [`LANES`] steps.
    sides: Vec<Side<T, S>>,
}

/// One side of a few steps: how many rows (or columns) have non-zero operands in at least a set of threads.
struct Side<const T: usize, const S: usize> {
    nonzero: [LaneCounts; S],
    /// By thread: its operand wide as well; sets of other threads.
    wide: [[LaneCounts; S]; T],
}

/// Rows after which byte counters could overflow.
const MAX_BYTE_COUNT: usize = 255;

impl<const T: usize, const S: usize> Side<T, S> {
    const ZERO: Self = Self {
        nonzero: [[0; LANES]; S],
        wide: [[[0; LANES]; S]; T],
    };

    /// Count the rows of `matrix`, `[rows, k]`, in the steps from `first`.
    #[inline(always)]
    fn add<C: Operand>(&mut self, matrix: &[C], k: usize, map: KMap, first: usize) {
        let threads: [Range<usize>; T] =
            std::array::from_fn(|thread| map.segment(thread, &(first..first + LANES)));
        for rows in matrix.chunks(k * MAX_BYTE_COUNT) {
            let mut bytes = Bytes::<T, S>::ZERO;
            if threads.iter().all(|range| range.len() == LANES) {
                for row in rows.chunks_exact(k) {
                    let mut codes = [[C::default(); LANES]; T];
                    for (codes, range) in codes.iter_mut().zip(&threads) {
                        if let Some(whole) = row[range.start..].first_chunk::<LANES>() {
                            *codes = *whole;
                        }
                    }
                    bytes.add(&codes);
                }
            } else {
                for row in rows.chunks_exact(k) {
                    let mut codes = [[C::default(); LANES]; T];
                    for (codes, range) in codes.iter_mut().zip(&threads) {
                        codes[..range.len()].copy_from_slice(&row[range.clone()]);
                    }
                    bytes.add(&codes);
                }
            }
            for set in 1..S {
                widen_into(&mut self.nonzero[set], &bytes.nonzero[set]);
            }
            for thread in 0..T {
                for others in sets_without::<T>(thread) {
                    widen_into(&mut self.wide[thread][others], &bytes.wide[thread][others]);
                }
            }
        }
    }
}

/// A [`Side`] of few rows.
struct Bytes<const T: usize, const S: usize> {
    nonzero: [[u8; LANES]; S],
    wide: [[[u8; LANES]; S]; T],
}

impl<const T: usize, const S: usize> Bytes<T, S> {
    const ZERO: Self = Self {
        nonzero: [[0; LANES]; S],
        wide: [[[0; LANES]; S]; T],
    };

    /// Count one row.
    #[inline(always)]
    fn add<C: Operand>(&mut self, codes: &[[C; LANES]; T]) {
        let mut is_nonzero = [[0_u8; LANES]; T];
        let mut is_wide = [[0_u8; LANES]; T];
        for thread in 0..T {
            for lane in 0..LANES {
                is_nonzero[thread][lane] = u8::from(codes[thread][lane] != C::default());
                is_wide[thread][lane] = u8::from(!codes[thread][lane].is_narrow());
            }
        }
        let mut all = [[1_u8; LANES]; S];
        for (thread, is_nonzero) in is_nonzero.iter().enumerate() {
            for rest in 0..1 << thread {
                let set = rest | 1 << thread;
                for lane in 0..LANES {
                    all[set][lane] = all[rest][lane] & is_nonzero[lane];
                    self.nonzero[set][lane] += all[set][lane];
                }
            }
        }
        for (thread, is_wide) in is_wide.iter().enumerate() {
            for others in sets_without::<T>(thread) {
                for lane in 0..LANES {
                    self.wide[thread][others][lane] += all[others][lane] & is_wide[lane];
                }
            }
        }
    }
}

impl<const T: usize, const S: usize> RowCounts<T, S> {
    /// No rows yet.
    pub(super) fn new(shape: Gemm) -> Self {
        const { assert!(S == 1 << T) };
        let map = KMap::of_threads(T, shape.k());
        Self {
            shape,
            map,
            sides: starts(map).map(|_| Side::ZERO).collect(),
        }
    }

    /// Count some rows, `[rows, k]`.
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8]) {
        let (k, map) = (self.shape.k(), self.map);
        kernels.vectorized(
            #[inline(always)]
            || {
                for rows in rows.chunks(n_rows_at_a_time::<T>() * k) {
                    for (first, side) in starts(map).zip(&mut self.sides) {
                        side.add(rows, k, map, first);
                    }
                }
            },
        );
    }

    /// Let all rows meet `weights`, `[n, k]`.
    pub(super) fn meet(&self, kernels: Kernels, weights: &[i8]) -> Meetings<T> {
        kernels.vectorized(
            #[inline(always)]
            || self.count(weights),
        )
    }

    #[inline(always)]
    fn count(&self, weights: &[i8]) -> Meetings<T> {
        let (shape, map) = (self.shape, self.map);
        let mut meetings = Meetings {
            at_least: [0; N_SETS],
            wide_activation: [[0; N_SETS]; T],
            wide_weight: [[0; N_SETS]; T],
            both_wide: [[0; N_SETS]; T],
        };
        meetings.at_least[0] = shape.n_outputs() * widen(map.n_steps());
        let mut all_cols: Vec<Side<T, S>> = self.sides.iter().map(|_| Side::ZERO).collect();
        for weights in weights.chunks(n_rows_at_a_time::<T>() * shape.k()) {
            for (first, cols) in starts(map).zip(&mut all_cols) {
                cols.add(weights, shape.k(), map, first);
            }
        }
        for (rows, cols) in self.sides.iter().zip(&all_cols) {
            for set in 1..1 << T {
                meetings.at_least[set] += dot(&rows.nonzero[set], &cols.nonzero[set]);
            }
            for thread in 0..T {
                for others in sets_without::<T>(thread) {
                    let all = others | 1 << thread;
                    let (wide_rows, wide_cols) = (&rows.wide[thread][others], &cols.wide[thread][others]);
                    meetings.wide_activation[thread][others] += dot(wide_rows, &cols.nonzero[all]);
                    meetings.wide_weight[thread][others] += dot(&rows.nonzero[all], wide_cols);
                    meetings.both_wide[thread][others] += dot(wide_rows, wide_cols);
                }
            }
        }
        meetings
    }
}

/// Rows that are walked together: few enough that a cache line of each thread's segment stays until the next steps.
const fn n_rows_at_a_time<const T: usize>() -> usize {
    96 / T
}

/// The first of each few steps.
fn starts(map: KMap) -> impl Iterator<Item = usize> {
    (0..map.n_steps()).step_by(LANES)
}

impl<const T: usize> Meetings<T> {
    /// Steps by active threads.
    pub(super) fn active(&self) -> ActiveSteps {
        ActiveSteps::from_counts(&by_size::<T>(&self.at_least, 0)[..=T])
    }

    /// Active threads by the number of *other* active threads, summed over threads.
    fn threads(&self) -> [u64; T] {
        let by_active = by_size::<T>(&self.at_least, 0);
        let mut counts = (0_u64..).zip(by_active).skip(1).map(|(n, count)| n * count);
        std::array::from_fn(|_| counts.next().unwrap_or(0))
    }

    /// Operand pairs by width, of active threads beside so many *others*.
    pub(super) fn operand_widths(&self, others: Range<usize>) -> OperandWidths {
        let [total, a8, w8, a8w8] = [
            self.threads(),
            by_others(&self.wide_activation),
            by_others(&self.wide_weight),
            by_others(&self.both_wide),
        ]
        .map(|counts| counts[others.clone()].iter().sum::<u64>());
        OperandWidths {
            a8w8,
            a8w4: a8 - a8w8,
            a4w8: w8 - a8w8,
            a4w4: total + a8w8 - a8 - w8,
        }
    }
}

/// Counts by the number of other active threads, from counts of at least a set of others.
fn by_others<const T: usize>(counts: &[Supersets; T]) -> [u64; T] {
    let mut sums = [0; T];
    for (thread, at_least) in counts.iter().enumerate() {
        for (sum, count) in sums.iter_mut().zip(by_size::<T>(at_least, 1 << thread)) {
            *sum += count;
        }
    }
    sums
}

/// Counts of exactly a set, summed by its size; only sets disjoint from `excluded` are there.
fn by_size<const T: usize>(at_least: &Supersets, excluded: usize) -> [u64; N_SETS] {
    let mut exactly = *at_least;
    for thread in (0..T).map(|thread| 1 << thread).filter(|bit| bit & excluded == 0) {
        for set in (0..1 << T).filter(|set| set & (thread | excluded) == 0) {
            exactly[set] -= exactly[set | thread];
        }
    }
    let mut sizes = [0; N_SETS];
    for set in (0..1_usize << T).filter(|set| set & excluded == 0) {
        sizes[set_size(set)] += exactly[set];
    }
    sizes
}

fn set_size(set: usize) -> usize {
    (0..T_BITS).filter(|bit| set >> bit & 1 == 1).count()
}

/// Bits of a set.
const T_BITS: usize = 4;

fn sets_without<const T: usize>(thread: usize) -> impl Iterator<Item = usize> {
    (0..1 << T).filter(move |set| set >> thread & 1 == 0)
}

#[inline(always)]
fn widen_into(sums: &mut LaneCounts, bytes: &[u8; LANES]) {
    for (sum, &byte) in sums.iter_mut().zip(bytes) {
        *sum += u32::from(byte);
    }
}

fn dot(rows: &LaneCounts, cols: &LaneCounts) -> u64 {
    rows.iter()
        .zip(cols)
        .map(|(&r, &c)| u64::from(r) * u64::from(c))
        .sum()
}
