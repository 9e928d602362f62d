//! What windows change, and how full pairs are, where 2:4 weights pick a pair out of four.

use sim_array::kept_sums::{KeptRows, Plane};
use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::shape::{Gemm, widen};
use sim_simd::integer::Kernels;

use crate::code::{Table, ZERO};
use crate::operand_map::{Grouping, OperandMap, OperandMapper};
use crate::plan::low_byte;

/// Lanes of a 2:4 group.
const GROUP: usize = 4;
/// Bytes counted side by side: whole groups.
const LANES: usize = 32;
/// Rows after which byte counters could overflow.
const MAX_BYTE_COUNT: usize = 255;
/// Ways in which two lanes of a group differ; a lane and a way give the other lane, `lane ^ (way + 1)`.
const N_WAYS: usize = GROUP - 1;

/// Groups of four with at most two weights.
pub(super) struct Groups {
    shape: Gemm,
    /// 1 for each activation that a window changes, next to a zero and next to another activation.
    changed: [OperandMap; 2],
    /// Over [`LANES`] k each.
    counts: Vec<Counts<u32>>,
    mapper: OperandMapper,
    /// A row after each of the two maps.
    is_changed: [Vec<u8>; 2],
    n_outputs: u64,
    /// Where rows have met the columns that keep them.
    kept: Met,
}

/// Counts over rows, by k.
#[derive(Clone, Copy)]
struct Counts<C> {
    nonzero: [C; LANES],
    changed_alone: [C; LANES],
    /// This lane and the other are not zero.
    both_nonzero: [[C; LANES]; N_WAYS],
    /// This lane changes next to the other.
    changed_next_to: [[C; LANES]; N_WAYS],
}

impl<C: Copy + Default> Default for Counts<C> {
    fn default() -> Self {
        let lanes = [C::default(); LANES];
        Self {
            nonzero: lanes,
            changed_alone: lanes,
            both_nonzero: [lanes; N_WAYS],
            changed_next_to: [lanes; N_WAYS],
        }
    }
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
            counts: vec![Counts::default(); shape.k().div_ceil(LANES)],
            mapper: OperandMapper::new(kernels, Grouping::Pairs, shape.k()),
            is_changed: [Vec::new(), Vec::new()],
            n_outputs: 0,
            kept: Met::default(),
        }
    }

    /// Count some rows of A.
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8]) {
        let k = self.shape.k();
        for rows in rows.chunks(k * MAX_BYTE_COUNT) {
            let mut bytes: Vec<Counts<u8>> = vec![Counts::default(); self.counts.len()];
            self.n_outputs += widen(rows.len() / k) * widen(self.shape.n());
            self.map_rows(rows);
            let [alone, both] = &self.is_changed;
            kernels.vectorized(
                #[inline(always)]
                || {
                    let rows = rows.chunks(k).zip(alone.chunks(k)).zip(both.chunks(k));
                    for ((row, alone), both) in rows {
                        let words = row.chunks(LANES).zip(alone.chunks(LANES)).zip(both.chunks(LANES));
                        for (bytes, ((codes, alone), both)) in bytes.iter_mut().zip(words) {
                            bytes.add(&padded(codes), &padded(alone), &padded(both));
                        }
                    }
                },
            );
            for (sums, bytes) in self.counts.iter_mut().zip(&bytes) {
                sums.take(bytes);
            }
        }
    }

    /// Count some rows of A, no more than bytes can count, with the columns of `weights` that keep them; so many outputs are
    /// kept.
    pub(super) fn add_kept(
        &mut self,
        kernels: Kernels,
        rows: &[u8],
        (kept, n_kept): (&KeptRows, u64),
        weights: &[i8],
    ) {
        let k = self.shape.k();
        self.n_outputs += n_kept;
        self.map_rows(rows);
        let [alone, both] = &self.is_changed;
        let (avx2, met) = (kernels.avx2(), &mut self.kept);
        kernels.vectorized(
            #[inline(always)]
            || {
                for first in (0..k).step_by(LANES) {
                    let words = |bytes: &[u8]| padded(&bytes[first..k.min(first + LANES)]);
                    let rows = rows.chunks(k).zip(alone.chunks(k)).zip(both.chunks(k));
                    let counts: Vec<[Plane; N_PLANES]> = rows
                        .map(|((row, alone), both)| {
                            let mut counts = Counts::default();
                            counts.add(&words(row), &words(alone), &words(both));
                            counts.into_planes()
                        })
                        .collect();
                    kept.for_each_column(avx2, 0, &counts, |col, sums| {
                        met.add(
                            &Counts::of_planes(sums),
                            &weights[col * k..][first..k.min(first + LANES)],
                        );
                    });
                }
            },
        );
    }

    /// Write what each map makes of some rows.
    fn map_rows(&mut self, rows: &[u8]) {
        for (operand_map, out) in self.changed.iter().zip(&mut self.is_changed) {
            self.mapper.start();
            self.mapper.apply(operand_map, rows, out);
        }
    }

    /// The counts, after all rows.
    pub(super) fn finish(&self, weights: &[i8]) -> (ActiveSteps, Reduced) {
        let mut met = self.kept;
        for row in weights.chunks(self.shape.k()) {
            for (counts, codes) in self.counts.iter().zip(row.chunks(LANES)) {
                met.add(counts, codes);
            }
        }
        let Met {
            one_active,
            two_active,
            changed,
        } = met;
        let n_steps = self.n_outputs * widen(self.shape.k().div_ceil(GROUP));
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
    one_active: u64,
    two_active: u64,
    changed: u64,
}

impl Met {
    /// Let rows meet the weights of a column, over at most [`LANES`] k.
    #[inline(always)]
    fn add<C: Copy + Into<u64>>(&mut self, counts: &Counts<C>, weights: &[i8]) {
        for (first, codes) in (0..).step_by(GROUP).zip(weights.chunks(GROUP)) {
            let at = |counts: &[C; LANES], lane: usize| -> u64 { counts[first + lane].into() };
            let mut lanes = (0..GROUP).filter(|&lane| codes.get(lane).is_some_and(|&w| w != 0));
            match (lanes.next(), lanes.next()) {
                (Some(low), Some(high)) => {
                    let way = (low ^ high) - 1;
                    let both = at(&counts.both_nonzero[way], low);
                    let nonzero = at(&counts.nonzero, low) + at(&counts.nonzero, high);
                    self.one_active += nonzero - 2 * both;
                    self.two_active += both;
                    let changed = &counts.changed_next_to[way];
                    self.changed += at(changed, low) + at(changed, high);
                }
                (Some(lone), None) => {
                    self.one_active += at(&counts.nonzero, lone);
                    self.changed += at(&counts.changed_alone, lone);
                }
                (None, _) => {}
            }
        }
    }
}

/// Planes of the counts of some rows.
const N_PLANES: usize = 2 + 2 * N_WAYS;

impl Counts<u8> {
    fn into_planes(self) -> [Plane; N_PLANES] {
        let Self {
            nonzero,
            changed_alone,
            both_nonzero: [b0, b1, b2],
            changed_next_to: [c0, c1, c2],
        } = self;
        [nonzero, changed_alone, b0, b1, b2, c0, c1, c2]
    }

    const fn of_planes(planes: &[Plane; N_PLANES]) -> Self {
        let [nonzero, changed_alone, b0, b1, b2, c0, c1, c2] = *planes;
        Self {
            nonzero,
            changed_alone,
            both_nonzero: [b0, b1, b2],
            changed_next_to: [c0, c1, c2],
        }
    }
}

/// Some bytes, and zeros behind them.
#[inline(always)]
fn padded(bytes: &[u8]) -> [u8; LANES] {
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
fn others(bytes: &[u8; LANES], way: usize) -> [u8; LANES] {
    let mut others = *bytes;
    for group in others.as_chunks_mut::<GROUP>().0 {
        let own = u32::from_le_bytes(*group);
        let other = match way {
            // Neighbours change places; halves do; or all four bytes turn round.
            0 => own.swap_bytes().rotate_left(16),
            1 => own.rotate_left(16),
            _ => own.swap_bytes(),
        };
        *group = other.to_le_bytes();
    }
    others
}

impl Counts<u8> {
    #[inline(always)]
    fn add(&mut self, codes: &[u8; LANES], alone: &[u8; LANES], both: &[u8; LANES]) {
        let mut nonzero = [0; LANES];
        for lane in 0..LANES {
            nonzero[lane] = u8::from(codes[lane] != 0);
            self.nonzero[lane] += nonzero[lane];
            self.changed_alone[lane] += alone[lane];
        }
        for way in 0..N_WAYS {
            let near = others(&nonzero, way);
            for lane in 0..LANES {
                self.both_nonzero[way][lane] += nonzero[lane] & near[lane];
                self.changed_next_to[way][lane] += both[lane] & near[lane] | alone[lane] & (near[lane] ^ 1);
            }
        }
    }
}

impl Counts<u32> {
    fn take(&mut self, bytes: &Counts<u8>) {
        let add = |sums: &mut [u32; LANES], bytes: &[u8; LANES]| {
            for (sum, &byte) in sums.iter_mut().zip(bytes) {
                *sum += u32::from(byte);
            }
        };
        add(&mut self.nonzero, &bytes.nonzero);
        add(&mut self.changed_alone, &bytes.changed_alone);
        for way in 0..N_WAYS {
            add(&mut self.both_nonzero[way], &bytes.both_nonzero[way]);
            add(&mut self.changed_next_to[way], &bytes.changed_next_to[way]);
        }
    }
}
