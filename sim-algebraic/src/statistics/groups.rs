//! What windows change, and how full pairs are, where 2:4 weights pick a pair out of four.
//!
//! Two weights of a group are a pair of lanes, and what their activations give is counted once for each of the six pairs.
//! A lane and the way to the other, `lane ^ other`, say which pair it is: the pairs of two ways share the lanes of a plane.

use sim_array::kept_sums::KeptRows;
use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::shape::{Gemm, widen};
use sim_simd::byte_sums::{FactorPlane, N_PLANES, Plane, Planes, dot};
use sim_simd::integer::Kernels;

use crate::code::{Table, ZERO};
use crate::operand_map::{Grouping, OperandMap, OperandMapper};
use crate::plan::low_byte;

/// Lanes of a 2:4 group.
const GROUP: usize = 4;
/// Bytes counted side by side: whole groups.
const LANES: usize = 32;
/// Rows after which byte counters could overflow: a pair counts up to two.
const MAX_ROWS_IN_BYTES: usize = 127;
/// Rows whose counts are summed before they meet columns: the sums of their subsets fit the nearest cache.
const N_ROWS_SUMMED: usize = 48;

/// What is counted of a row, a plane each: activations that change, by pairs of neighbours and of lanes two apart; those of
/// the other pairs, and where neither activation of these is zero; activations that change alone; pairs of the first sort
/// where neither is zero.
const CHANGED: usize = 0;
const OF_LAST_WAY: usize = 1;
const BOTH: usize = 3;

/// What a column's weights make of counts: two weights that are such a pair; such a pair, where its changes are counted; a
/// lone weight; such a pair, where the others are. The first three meet the first three planes for all that changes.
const N_FACTORS: usize = 4;
const PAIR: usize = 0;
const PAIR_OF_LAST_WAY: usize = 3;

/// Where the plane that two ways share has the first of them: of each pair, at one lane.
const OF_FIRST_WAY: Plane = mask([0, 3]);
/// Where the plane of the last way has changes; elsewhere it has pairs without zeros.
const OF_CHANGES: Plane = mask([0, 1]);

/// All bits of these lanes of each group.
const fn mask(lanes: [usize; 2]) -> Plane {
    let mut mask = [0; LANES];
    let mut first = 0;
    while first < LANES {
        mask[first + lanes[0]] = u8::MAX;
        mask[first + lanes[1]] = u8::MAX;
        first += GROUP;
    }
    mask
}

/// Groups of four with at most two weights.
pub(super) struct Groups {
    shape: Gemm,
    /// 1 for each activation that a window changes, next to a zero and next to another activation.
    changed: [OperandMap; 2],
    /// Over [`LANES`] k each.
    counts: Vec<[[u32; LANES]; N_PLANES]>,
    mapper: OperandMapper,
    /// A row after each of the two maps.
    is_changed: [Vec<u8>; 2],
    n_outputs: u64,
    /// Where rows have met the columns that keep them.
    kept: Met,
    /// By [`LANES`] k and column, once they are asked for.
    factors: Vec<[FactorPlane; N_FACTORS]>,
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
            counts: vec![[[0; LANES]; N_PLANES]; shape.k().div_ceil(LANES)],
            mapper: OperandMapper::new(kernels, Grouping::Pairs, shape.k()),
            is_changed: [Vec::new(), Vec::new()],
            n_outputs: 0,
            kept: Met::default(),
            factors: Vec::new(),
        }
    }

    /// Count some rows of A.
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8]) {
        let k = self.shape.k();
        for rows in rows.chunks(k * MAX_ROWS_IN_BYTES) {
            let mut bytes = vec![Planes::ZERO; self.counts.len()];
            self.n_outputs += widen(rows.len() / k) * widen(self.shape.n());
            self.for_each_counts(kernels, rows, |_, word, counts| {
                let sums = bytes[word].0.as_flattened_mut();
                for (sum, byte) in sums.iter_mut().zip(counts.0.as_flattened()) {
                    *sum += byte;
                }
            });
            for (sums, bytes) in self.counts.iter_mut().zip(&bytes) {
                for (sum, &byte) in sums.as_flattened_mut().iter_mut().zip(bytes.0.as_flattened()) {
                    *sum += u32::from(byte);
                }
            }
        }
    }

    /// Count some rows of A with the columns of `weights` that keep them; so many outputs are kept.
    pub(super) fn add_kept(
        &mut self,
        kernels: Kernels,
        rows: &[u8],
        (kept, n_kept): (&KeptRows, u64),
        weights: &[i8],
    ) {
        let (n, k) = (self.shape.n(), self.shape.k());
        self.n_outputs += n_kept;
        if self.factors.is_empty() {
            self.make_factors(kernels, weights);
        }
        let n_rows = rows.len() / k;
        let mut counts = vec![Planes::ZERO; self.counts.len() * n_rows];
        self.for_each_counts(kernels, rows, |row, word, of_row| {
            counts[word * n_rows + row] = of_row
        });
        let (met, factors) = (&mut self.kept, &self.factors);
        kept.for_each_sum(kernels, N_ROWS_SUMMED, &counts, |word, cols, sums| {
            let factors = &factors[word * n..][cols];
            let dot = |plane, factor| dot(kernels, (sums, plane), (factors, factor)).unsigned_abs();
            met.changed += (CHANGED..BOTH).map(|plane| dot(plane, plane)).sum::<u64>();
            met.two_active += dot(BOTH, PAIR) + dot(OF_LAST_WAY, PAIR_OF_LAST_WAY);
        });
    }

    fn make_factors(&mut self, kernels: Kernels, weights: &[i8]) {
        let (n, k) = (self.shape.n(), self.shape.k());
        self.factors
            .resize(self.counts.len() * n, [[0; LANES]; N_FACTORS]);
        kernels.vectorized(
            #[inline(always)]
            || {
                for (col, row) in weights.chunks(k).enumerate() {
                    for (word, weights) in row.chunks(LANES).enumerate() {
                        self.factors[word * n + col] = factors_of(weights);
                    }
                }
            },
        );
    }

    /// Count each row by itself: by row and [`LANES`] k.
    fn for_each_counts(&mut self, kernels: Kernels, rows: &[u8], mut see: impl FnMut(usize, usize, Planes)) {
        let k = self.shape.k();
        for (operand_map, out) in self.changed.iter().zip(&mut self.is_changed) {
            self.mapper.start();
            self.mapper.apply(operand_map, rows, out);
        }
        let [alone, both] = &self.is_changed;
        kernels.vectorized(
            #[inline(always)]
            || {
                let rows = rows.chunks(k).zip(alone.chunks(k)).zip(both.chunks(k));
                for (row, ((codes, alone), both)) in rows.enumerate() {
                    let words = codes
                        .chunks(LANES)
                        .zip(alone.chunks(LANES))
                        .zip(both.chunks(LANES));
                    for (word, ((codes, alone), both)) in words.enumerate() {
                        see(
                            row,
                            word,
                            counts_of(&padded(codes), &padded(alone), &padded(both)),
                        );
                    }
                }
            },
        );
    }

    /// The counts, after all rows; in so many terms of outputs neither operand is zero.
    pub(super) fn finish(
        mut self,
        kernels: Kernels,
        weights: &[i8],
        n_active_terms: u64,
    ) -> (ActiveSteps, Reduced) {
        let Met {
            mut two_active,
            mut changed,
        } = self.kept;
        let (n, k) = (self.shape.n(), self.shape.k());
        if self.factors.is_empty() {
            self.make_factors(kernels, weights);
        }
        for (counts, factors) in self.counts.iter().zip(self.factors.chunks(n)) {
            // Every row meets every column, so columns may be added up first.
            let mut sums = [[0_u32; LANES]; N_FACTORS];
            for factors in factors {
                for (sum, factor) in sums.as_flattened_mut().iter_mut().zip(factors.as_flattened()) {
                    *sum += u32::from(factor.unsigned_abs());
                }
            }
            let dot = |plane: usize, factor: usize| -> u64 {
                let places = counts[plane].iter().zip(&sums[factor]);
                places
                    .map(|(&count, &sum)| u64::from(count) * u64::from(sum))
                    .sum()
            };
            changed += (CHANGED..BOTH).map(|plane| dot(plane, plane)).sum::<u64>();
            two_active += dot(BOTH, PAIR) + dot(OF_LAST_WAY, PAIR_OF_LAST_WAY);
        }
        let one_active = n_active_terms - 2 * two_active;
        let n_steps = self.n_outputs * widen(k.div_ceil(GROUP));
        let reduced = Reduced {
            activations: changed,
            weights: 0,
        };
        let by_active = [n_steps - one_active - two_active, one_active, two_active];
        (ActiveSteps::from_counts(&by_active), reduced)
    }
}

/// Steps and activations where rows have met weights.
#[derive(Clone, Copy, Default)]
struct Met {
    two_active: u64,
    changed: u64,
}

/// What a column makes of at most [`LANES`] k.
#[inline(always)]
fn factors_of(weights: &[i8]) -> [FactorPlane; N_FACTORS] {
    let mut nonzero = [0; LANES];
    for (nonzero, &w) in nonzero.iter_mut().zip(weights) {
        *nonzero = u8::from(w != 0);
    }
    let near = [
        others::<1>(&nonzero),
        others::<2>(&nonzero),
        others::<3>(&nonzero),
    ];
    let mut factors = [[0; LANES]; N_FACTORS];
    for lane in 0..LANES {
        let [first, second, last] = near.map(|near| nonzero[lane] & near[lane]);
        let of_first = OF_FIRST_WAY[lane];
        let lane_factors = [
            first & of_first | second & !of_first,
            last & OF_CHANGES[lane],
            nonzero[lane] ^ (first | second | last),
            last & !OF_CHANGES[lane],
        ];
        for (plane, factor) in factors.iter_mut().zip(lane_factors) {
            plane[lane] = factor.cast_signed();
        }
    }
    factors
}

/// Some bytes, and zeros behind them.
#[inline(always)]
fn padded(bytes: &[u8]) -> Plane {
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
fn others<const WAY: usize>(bytes: &Plane) -> Plane {
    let mut others = *bytes;
    for group in others.as_chunks_mut::<GROUP>().0 {
        let own = u32::from_le_bytes(*group);
        let other = match WAY {
            // Neighbours change places; halves do; or all four bytes turn round.
            1 => own.swap_bytes().rotate_left(16),
            2 => own.rotate_left(16),
            _ => own.swap_bytes(),
        };
        *group = other.to_le_bytes();
    }
    others
}

/// The counts of a few activations, given which change alone and which next to another.
#[inline(always)]
fn counts_of(codes: &Plane, alone: &Plane, both: &Plane) -> Planes {
    let mut nonzero = [0; LANES];
    for lane in 0..LANES {
        nonzero[lane] = u8::from(codes[lane] != 0);
    }
    let first = of_way::<1>(&nonzero, alone, both);
    let second = of_way::<2>(&nonzero, alone, both);
    let last = of_way::<3>(&nonzero, alone, both);
    Planes([
        either(&OF_FIRST_WAY, &first.0, &second.0),
        either(&OF_CHANGES, &last.0, &last.1),
        *alone,
        either(&OF_FIRST_WAY, &first.1, &second.1),
    ])
}

/// Changes of pairs and pairs without zeros, both at each lane of a pair.
#[inline(always)]
fn of_way<const WAY: usize>(nonzero: &Plane, alone: &Plane, both: &Plane) -> (Plane, Plane) {
    let near = others::<WAY>(nonzero);
    let mut changed = [0; LANES];
    let mut not_zero = [0; LANES];
    for lane in 0..LANES {
        changed[lane] = both[lane] & near[lane] | alone[lane] & (near[lane] ^ 1);
        not_zero[lane] = nonzero[lane] & near[lane];
    }
    let of_other = others::<WAY>(&changed);
    for lane in 0..LANES {
        changed[lane] += of_other[lane];
    }
    (changed, not_zero)
}

/// The bytes of one where the mask has them, else those of the other.
#[inline(always)]
fn either(mask: &Plane, one: &Plane, other: &Plane) -> Plane {
    let mut bytes = [0; LANES];
    for lane in 0..LANES {
        bytes[lane] = one[lane] & mask[lane] | other[lane] & !mask[lane];
    }
    bytes
}
