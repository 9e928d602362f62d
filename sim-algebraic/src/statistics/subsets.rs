//! How often sets of threads are active together.

use std::ops::Range;

use sim_array::kept_sums::KeptRows;
use sim_array::mapping::KMap;
use sim_core::counters::{ActiveSteps, OperandWidths};
use sim_core::shape::{Gemm, widen};
use sim_pe::operand::Operand;
use sim_simd::byte_sums::{FactorPlane, N_PLANES, Planes, dot};
use sim_simd::integer::Kernels;

/// Steps counted side by side.
const LANES: usize = 32;
/// Sets of up to four threads; a set is a bit mask.
const N_SETS: usize = 16;

/// For each set of threads, how many (row, column, step) triples have at least those threads active.
type Supersets = [u64; N_SETS];
/// Counts of one side for each of a few steps.
type LaneCounts<C> = [C; LANES];

/// Meetings of rows with columns, over all steps, for `T` threads.
#[derive(Clone, Copy)]
pub(super) struct Meetings<const T: usize> {
    at_least: Supersets,
    /// By thread: that thread active and its activation wide; sets of *other* threads.
    wide_activation: [Supersets; T],
    /// The same for its weight.
    wide_weight: [Supersets; T],
    /// The same for both of its operands.
    both_wide: [Supersets; T],
}

/// The rows of A, as far as they have come, for `T` threads and so `S` = 2^T sets and `P` counts.
pub(super) struct RowCounts<const T: usize, const S: usize, const P: usize> {
    shape: Gemm,
    map: KMap,
    n_rows: u64,
    /// By [`LANES`] steps.
    sides: Vec<Side<u32, P>>,
    kept: Box<KeptCounts<T, P>>,
}

/// One side of a few steps: how many rows (or columns) have non-zero operands in at least a set of threads ([`nonzero`])
/// and, by thread, its operand wide as well, with sets of other threads ([`wide`]). There are `P` of these.
type Side<C, const P: usize> = [LaneCounts<C>; P];

/// Where a side counts a set of threads, which is not empty.
const fn nonzero(set: usize) -> usize {
    set - 1
}

/// Where a side counts a thread's wide operands beside a set of others.
const fn wide<const T: usize>(thread: usize, others: usize) -> usize {
    let below = (1 << thread) - 1;
    (1 << T) - 1 + (thread << (T - 1)) + (others & below | (others & !below) >> 1)
}

/// Counts of a side of `T` threads.
const fn n_counts<const T: usize>() -> usize {
    (1 << T) - 1 + T * (1 << (T - 1))
}

/// Rows after which byte counters could overflow.
const MAX_BYTE_COUNT: usize = 255;

/// Count the rows of `matrix`, `[rows, k]`, in the steps from `first`.
#[inline(always)]
fn add_rows<C: Operand, const T: usize, const S: usize, const P: usize>(
    side: &mut Side<u32, P>,
    matrix: &[C],
    k: usize,
    map: KMap,
    first: usize,
) {
    let threads: [Range<usize>; T] =
        std::array::from_fn(|thread| map.segment(thread, &(first..first + LANES)));
    for rows in matrix.chunks(k * MAX_BYTE_COUNT) {
        let mut bytes: Side<u8, P> = [[0; LANES]; P];
        if threads.iter().all(|range| range.len() == LANES) {
            for row in rows.chunks_exact(k) {
                add_row::<_, T, S, P>(&mut bytes, &whole_codes(row, &threads));
            }
        } else {
            for row in rows.chunks_exact(k) {
                add_row::<_, T, S, P>(&mut bytes, &some_codes(row, &threads));
            }
        }
        for (sums, bytes) in side.iter_mut().zip(&bytes) {
            for (sum, &byte) in sums.iter_mut().zip(bytes) {
                *sum += u32::from(byte);
            }
        }
    }
}

/// The operands of each thread in a few steps, all of which there are.
#[inline(always)]
fn whole_codes<C: Operand, const T: usize>(row: &[C], threads: &[Range<usize>; T]) -> [[C; LANES]; T] {
    let mut codes = [[C::default(); LANES]; T];
    for (codes, range) in codes.iter_mut().zip(threads) {
        if let Some(whole) = row[range.start..].first_chunk::<LANES>() {
            *codes = *whole;
        }
    }
    codes
}

/// The same, with zeros behind those that there are.
#[inline(always)]
fn some_codes<C: Operand, const T: usize>(row: &[C], threads: &[Range<usize>; T]) -> [[C; LANES]; T] {
    let mut codes = [[C::default(); LANES]; T];
    for (codes, range) in codes.iter_mut().zip(threads) {
        codes[..range.len()].copy_from_slice(&row[range.clone()]);
    }
    codes
}

/// The side of one row.
#[inline(always)]
fn of_row<C: Operand, const T: usize, const S: usize, const P: usize>(
    row: &[C],
    threads: &[Range<usize>; T],
) -> Side<u8, P> {
    let mut side = [[0; LANES]; P];
    if threads.iter().all(|range| range.len() == LANES) {
        add_row::<_, T, S, P>(&mut side, &whole_codes(row, threads));
    } else {
        add_row::<_, T, S, P>(&mut side, &some_codes(row, threads));
    }
    side
}

/// Count one row; a side of bytes holds at most [`MAX_BYTE_COUNT`].
#[inline(always)]
fn add_row<C: Operand, const T: usize, const S: usize, const P: usize>(
    side: &mut Side<u8, P>,
    codes: &[[C; LANES]; T],
) {
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
                side[nonzero(set)][lane] += all[set][lane];
            }
        }
    }
    for (thread, is_wide) in is_wide.iter().enumerate() {
        for others in sets_without::<T>(thread) {
            for lane in 0..LANES {
                side[wide::<T>(thread, others)][lane] += all[others][lane] & is_wide[lane];
            }
        }
    }
}

impl<const T: usize, const S: usize, const P: usize> RowCounts<T, S, P> {
    /// No rows yet.
    pub(super) fn new(shape: Gemm) -> Self {
        const { assert!(S == 1 << T && P == n_counts::<T>()) };
        let map = KMap::of_threads(T, shape.k());
        Self {
            shape,
            map,
            n_rows: 0,
            sides: starts(map).map(|_| [[0; LANES]; P]).collect(),
            kept: Box::new(KeptCounts::new()),
        }
    }

    /// Count some rows, `[rows, k]`.
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8]) {
        let (k, map) = (self.shape.k(), self.map);
        self.n_rows += widen(rows.len() / k);
        kernels.vectorized(
            #[inline(always)]
            || {
                for rows in rows.chunks(n_rows_at_a_time::<T>() * k) {
                    for (first, side) in starts(map).zip(&mut self.sides) {
                        add_rows::<_, T, S, P>(side, rows, k, map, first);
                    }
                }
            },
        );
    }

    /// Let some rows, `[rows, k]`, meet the columns of `weights`, `[n, k]`, that keep them; so many outputs are kept.
    pub(super) fn add_kept(
        &mut self,
        kernels: Kernels,
        rows: &[u8],
        (kept, n_kept): (&KeptRows, u64),
        weights: &[i8],
    ) {
        self.kept.met.at_least[0] += n_kept * widen(self.map.n_steps());
        self.kept
            .add::<S>(kernels, rows, kept, weights, (self.shape.k(), self.map));
    }

    /// Let all rows meet `weights`, `[n, k]`, each those columns that it is to meet.
    pub(super) fn meet(&self, kernels: Kernels, weights: &[i8]) -> Meetings<T> {
        kernels.vectorized(
            #[inline(always)]
            || self.count(weights),
        )
    }

    #[inline(always)]
    fn count(&self, weights: &[i8]) -> Meetings<T> {
        let (shape, map) = (self.shape, self.map);
        let mut meetings = self.kept.met;
        meetings.at_least[0] += self.n_rows * widen(shape.n()) * widen(map.n_steps());
        let mut all_cols: Vec<Side<u32, P>> = vec![[[0; LANES]; P]; self.sides.len()];
        for weights in weights.chunks(n_rows_at_a_time::<T>() * shape.k()) {
            for (first, cols) in starts(map).zip(&mut all_cols) {
                add_rows::<_, T, S, P>(cols, weights, shape.k(), map, first);
            }
        }
        for (rows, cols) in self.sides.iter().zip(&all_cols) {
            meetings.add(rows, cols);
        }
        meetings
    }
}

/// Where rows have met the columns that keep them.
struct KeptCounts<const T: usize, const P: usize> {
    met: Meetings<T>,
    /// By few steps and column: what is counted, 0 or 1.
    cols: Vec<[FactorPlane; P]>,
    /// By [`N_PLANES`] counts and row.
    rows: Vec<Planes>,
}

/// Rows whose counts are summed before they meet columns: the sums of their subsets fit the nearest cache.
const N_ROWS_SUMMED: usize = 48;

/// Groups of planes that are made of a row at a time, or a few more: those of a block of rows fit the second cache.
const N_PLANES_SUMMED: usize = 24;

impl<const T: usize, const P: usize> KeptCounts<T, P> {
    const fn new() -> Self {
        Self {
            met: Meetings::ZERO,
            cols: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn add<const S: usize>(
        &mut self,
        kernels: Kernels,
        rows: &[u8],
        kept: &KeptRows,
        weights: &[i8],
        (k, map): (usize, KMap),
    ) {
        if self.cols.is_empty() {
            kernels.vectorized(
                #[inline(always)]
                || {
                    for threads in threads::<T>(map) {
                        let cols = weights.chunks(k).map(|row| of_row::<_, T, S, P>(row, &threads));
                        self.cols
                            .extend(cols.map(|col| col.map(|plane| plane.map(u8::cast_signed))));
                    }
                },
            );
        }
        // By count of rows: the counts of columns that it meets, each for another total.
        let mut meets: [Vec<(usize, usize)>; P] = [const { Vec::new() }; P];
        let mut n_totals = 0;
        self.met.for_each(|_, row, col| {
            meets[row].push((col, n_totals));
            n_totals += 1;
        });
        let mut totals = vec![0; n_totals];
        let (n_rows, n_cols) = (rows.len() / k, weights.len() / k);
        let steps: Vec<_> = threads::<T>(map).collect();
        let mut all_cols = &self.cols[..];
        for steps in steps.chunks(const { N_PLANES * N_PLANES_SUMMED.div_ceil(P) }) {
            // The counts of these steps lie behind one another in planes.
            let n_counts = steps.len() * P;
            let counts = &mut self.rows;
            counts.resize(n_counts.div_ceil(N_PLANES) * n_rows, Planes::ZERO);
            kernels.vectorized(
                #[inline(always)]
                || {
                    for (index, row) in rows.chunks(k).enumerate() {
                        for (threads, first) in steps.iter().zip((0..).step_by(P)) {
                            let side = of_row::<_, T, S, P>(row, threads);
                            for (plane, count) in side.into_iter().zip(first..) {
                                counts[count / N_PLANES * n_rows + index].0[count % N_PLANES] = plane;
                            }
                        }
                    }
                },
            );
            kept.for_each_sum(kernels, N_ROWS_SUMMED, counts, |planes, cols, sums| {
                for plane in 0..N_PLANES.min(n_counts - planes * N_PLANES) {
                    let count = planes * N_PLANES + plane;
                    let cols = &all_cols[count / P * n_cols..][cols.clone()];
                    for &(col, total) in &meets[count % P] {
                        totals[total] += dot(kernels, (sums, plane), (cols, col)).unsigned_abs();
                    }
                }
            });
            all_cols = &all_cols[steps.len() * n_cols..];
        }
        let mut totals = totals.into_iter();
        self.met.for_each(|sum, _, _| *sum += totals.next().unwrap_or(0));
    }
}

/// Where each thread's operands of each few steps lie.
fn threads<const T: usize>(map: KMap) -> impl Iterator<Item = [Range<usize>; T]> {
    starts(map).map(move |first| std::array::from_fn(|thread| map.segment(thread, &(first..first + LANES))))
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
    const ZERO: Self = Self {
        at_least: [0; N_SETS],
        wide_activation: [[0; N_SETS]; T],
        wide_weight: [[0; N_SETS]; T],
        both_wide: [[0; N_SETS]; T],
    };

    /// Every total with the counts of rows and of columns whose products it sums.
    #[inline(always)]
    fn for_each(&mut self, mut see: impl FnMut(&mut u64, usize, usize)) {
        for set in 1..1 << T {
            see(&mut self.at_least[set], nonzero(set), nonzero(set));
        }
        for thread in 0..T {
            for others in sets_without::<T>(thread) {
                let all = nonzero(others | 1 << thread);
                let wide = wide::<T>(thread, others);
                see(&mut self.wide_activation[thread][others], wide, all);
                see(&mut self.wide_weight[thread][others], all, wide);
                see(&mut self.both_wide[thread][others], wide, wide);
            }
        }
    }

    /// Let rows meet columns, all of them, in a few steps.
    #[inline(always)]
    fn add<const P: usize>(&mut self, rows: &Side<u32, P>, cols: &Side<u32, P>) {
        self.for_each(
            #[inline(always)]
            |total, row, col| {
                let products = rows[row].iter().zip(&cols[col]);
                *total += products.map(|(&r, &c)| u64::from(r) * u64::from(c)).sum::<u64>();
            },
        );
    }

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
