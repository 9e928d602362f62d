//! What windows change, and how full pairs are.

use sim_core::counters::{ActiveSteps, Reduced};
use sim_core::shape::{Gemm, widen};

use crate::algebraic::code::{Table, ZERO};
use crate::algebraic::form::{Form, Former, Grouping};
use crate::algebraic::kernels::Kernels;

/// Lanes of a 2:4 group.
const GROUP: usize = 4;
/// Groups counted side by side.
const LANES: usize = 32;
/// What byte counters can count, one less for the end of a row.
const MAX_BYTE_COUNT: usize = 254;

/// Pairs along K. Weights do not matter, so every output of a row counts alike.
pub(super) struct Pairs {
    shape: Gemm,
    form: Form,
    former: Former,
    windowed: Vec<u8>,
    n_nonzero: u64,
    n_both: u64,
    n_changed: u64,
}

impl Pairs {
    /// No rows yet.
    pub(super) fn new([alone, both]: &[Table; 2], shape: Gemm) -> Self {
        Self {
            shape,
            form: Form::new([alone, both, both], |x| x.to_le_bytes()[0]),
            former: Former::new(Grouping::Pairs),
            windowed: vec![0; shape.k()],
            n_nonzero: 0,
            n_both: 0,
            n_changed: 0,
        }
    }

    /// Count a row of A; returns it after the windows.
    pub(super) fn add_row(&mut self, kernels: Kernels, row: &[u8]) -> &[u8] {
        self.former.start();
        self.former.form(kernels, &self.form, row, &mut self.windowed);
        let windowed = &self.windowed;
        let [n_changed, n_nonzero, n_both] = kernels.vectorized(
            #[inline(always)]
            || count_pairs(row, windowed),
        );
        self.n_changed += n_changed;
        self.n_nonzero += n_nonzero;
        self.n_both += n_both;
        &self.windowed
    }

    /// The counts, after all rows.
    pub(super) fn finish(&self) -> (ActiveSteps, Reduced) {
        let n_pairs = widen(self.shape.m()) * widen(self.shape.k().div_ceil(2));
        let n_one = self.n_nonzero - 2 * self.n_both;
        let by_active = [n_pairs - n_one - self.n_both, n_one, self.n_both];
        let n = widen(self.shape.n());
        let reduced = Reduced {
            activations: self.n_changed * n,
            weights: 0,
        };
        (
            ActiveSteps::from_counts(&by_active.map(|count| count * n)),
            reduced,
        )
    }
}

/// Of a row before and after windows: bytes that differ, bytes that are not zero, and pairs that hold no zero.
#[inline(always)]
fn count_pairs(before: &[u8], after: &[u8]) -> [u64; 3] {
    let mut sums = [0_u64; 3];
    let span = MAX_BYTE_COUNT * LANES;
    for (before, after) in before.chunks(span).zip(after.chunks(span)) {
        let (before, last_before) = before.as_chunks::<LANES>();
        let (after, last_after) = after.as_chunks::<LANES>();
        let mut counts = [[0_u8; LANES]; 3];
        for (before, after) in before.iter().zip(after) {
            add_pairs(&mut counts, before, after);
        }
        // Zeros behind the end are counted nowhere.
        let (mut padded_before, mut padded_after) = ([0; LANES], [0; LANES]);
        padded_before[..last_before.len()].copy_from_slice(last_before);
        padded_after[..last_after.len()].copy_from_slice(last_after);
        add_pairs(&mut counts, &padded_before, &padded_after);
        for (sum, counts) in sums.iter_mut().zip(&counts) {
            *sum += counts.iter().map(|&count| u64::from(count)).sum::<u64>();
        }
    }
    sums
}

#[inline(always)]
fn add_pairs(counts: &mut [[u8; LANES]; 3], before: &[u8; LANES], after: &[u8; LANES]) {
    for lane in 0..LANES {
        counts[0][lane] += u8::from(before[lane] != after[lane]);
        counts[1][lane] += u8::from(before[lane] != 0);
    }
    for lane in 0..LANES / 2 {
        counts[2][lane] += u8::from(before[2 * lane] != 0) & u8::from(before[2 * lane + 1] != 0);
    }
}

/// Counts of some groups of four, over rows.
#[derive(Clone)]
struct GroupRows<C> {
    nonzero: [[C; LANES]; GROUP],
    changed_alone: [[C; LANES]; GROUP],
    /// By both lanes: neither is zero.
    both_nonzero: [[[C; LANES]; GROUP]; GROUP],
    /// The first lane changes next to the second.
    changed_next_to: [[[C; LANES]; GROUP]; GROUP],
}

impl<C: Copy + Default> Default for GroupRows<C> {
    fn default() -> Self {
        let lanes = [C::default(); LANES];
        Self {
            nonzero: [lanes; GROUP],
            changed_alone: [lanes; GROUP],
            both_nonzero: [[lanes; GROUP]; GROUP],
            changed_next_to: [[lanes; GROUP]; GROUP],
        }
    }
}

/// Groups of four with at most two weights.
pub(super) struct Groups {
    shape: Gemm,
    /// 1 for each activation that a window changes, next to a zero and next to another activation.
    changed: [Form; 2],
    /// By [`LANES`] groups.
    counts: Vec<GroupRows<u32>>,
    former: Former,
    /// A row after each of the two forms.
    is_changed: [Vec<u8>; 2],
}

impl Groups {
    /// No rows yet.
    pub(super) fn new(windows: &[Table; 2], shape: Gemm) -> Self {
        let changed = windows.each_ref().map(|window| {
            let mut changed = ZERO;
            for ((changed, &after), before) in changed.iter_mut().zip(window).zip(0..) {
                *changed = i16::from(after != before);
            }
            Form::new([&changed; 3], |x| x.to_le_bytes()[0])
        });
        let n_groups = shape.k().div_ceil(GROUP);
        Self {
            shape,
            changed,
            counts: vec![GroupRows::default(); n_groups.div_ceil(LANES)],
            former: Former::new(Grouping::Pairs),
            is_changed: [vec![0; shape.k()], vec![0; shape.k()]],
        }
    }

    /// Count some rows of A, at most [`MAX_BYTE_COUNT`].
    pub(super) fn add(&mut self, kernels: Kernels, rows: &[u8]) {
        let k = self.shape.k();
        for rows in rows.chunks(k * MAX_BYTE_COUNT) {
            let mut bytes: Vec<GroupRows<u8>> = vec![GroupRows::default(); self.counts.len()];
            for row in rows.chunks(k) {
                for (form, out) in self.changed.iter().zip(&mut self.is_changed) {
                    self.former.start();
                    self.former.form(kernels, form, row, out);
                }
                let [alone, both] = &self.is_changed;
                kernels.vectorized(
                    #[inline(always)]
                    || {
                        let span = LANES * GROUP;
                        let rows = row.chunks(span).zip(alone.chunks(span)).zip(both.chunks(span));
                        for (bytes, ((codes, alone), both)) in bytes.iter_mut().zip(rows) {
                            bytes.add(&by_lane(codes), &by_lane(alone), &by_lane(both));
                        }
                    },
                );
            }
            for (sums, bytes) in self.counts.iter_mut().zip(&bytes) {
                sums.take(bytes);
            }
        }
    }

    /// The counts, after all rows.
    pub(super) fn finish(&self, weights: &[i8]) -> (ActiveSteps, Reduced) {
        let n_groups = self.shape.k().div_ceil(GROUP);
        let mut by_active = [self.shape.n_outputs() * widen(n_groups), 0, 0];
        let mut n_changed = 0;
        let at = |counts: &[u32; LANES], group: usize| u64::from(counts[group % LANES]);
        for row in weights.chunks(self.shape.k()) {
            for (index, codes) in row.chunks(GROUP).enumerate() {
                let group = &self.counts[index / LANES];
                let mut lanes = (0..GROUP).filter(|&lane| codes.get(lane).is_some_and(|&w| w != 0));
                match (lanes.next(), lanes.next()) {
                    (Some(low), Some(high)) => {
                        let both = at(&group.both_nonzero[low][high], index);
                        let nonzero = at(&group.nonzero[low], index) + at(&group.nonzero[high], index);
                        by_active[1] += nonzero - 2 * both;
                        by_active[2] += both;
                        n_changed += at(&group.changed_next_to[low][high], index)
                            + at(&group.changed_next_to[high][low], index);
                    }
                    (Some(lone), None) => {
                        by_active[1] += at(&group.nonzero[lone], index);
                        n_changed += at(&group.changed_alone[lone], index);
                    }
                    (None, _) => {}
                }
            }
        }
        by_active[0] -= by_active[1] + by_active[2];
        let reduced = Reduced {
            activations: n_changed,
            weights: 0,
        };
        (ActiveSteps::from_counts(&by_active), reduced)
    }
}

/// Groups of four bytes, lane by lane; missing ones are zero.
#[inline(always)]
fn by_lane(codes: &[u8]) -> [[u8; LANES]; GROUP] {
    let mut whole = [0; LANES * GROUP];
    whole[..codes.len()].copy_from_slice(codes);
    let mut lanes = [[0; LANES]; GROUP];
    for lane in 0..GROUP {
        for group in 0..LANES {
            lanes[lane][group] = whole[GROUP * group + lane];
        }
    }
    lanes
}

impl GroupRows<u8> {
    #[inline(always)]
    fn add(
        &mut self,
        codes: &[[u8; LANES]; GROUP],
        alone: &[[u8; LANES]; GROUP],
        both: &[[u8; LANES]; GROUP],
    ) {
        let mut nonzero = [[0; LANES]; GROUP];
        for lane in 0..GROUP {
            for group in 0..LANES {
                nonzero[lane][group] = u8::from(codes[lane][group] != 0);
                self.nonzero[lane][group] += nonzero[lane][group];
                self.changed_alone[lane][group] += alone[lane][group];
            }
        }
        for lane in 0..GROUP {
            for other in (0..GROUP).filter(|&other| other != lane) {
                for group in 0..LANES {
                    let near = nonzero[other][group];
                    self.both_nonzero[lane][other][group] += nonzero[lane][group] & near;
                    self.changed_next_to[lane][other][group] +=
                        both[lane][group] & near | alone[lane][group] & (near ^ 1);
                }
            }
        }
    }
}

impl GroupRows<u32> {
    fn take(&mut self, bytes: &GroupRows<u8>) {
        fn widen_into(sums: &mut [[u32; LANES]], bytes: &[[u8; LANES]]) {
            let sums = sums.as_flattened_mut().iter_mut();
            for (sum, &byte) in sums.zip(bytes.as_flattened()) {
                *sum += u32::from(byte);
            }
        }
        widen_into(&mut self.nonzero, &bytes.nonzero);
        widen_into(&mut self.changed_alone, &bytes.changed_alone);
        widen_into(
            self.both_nonzero.as_flattened_mut(),
            bytes.both_nonzero.as_flattened(),
        );
        widen_into(
            self.changed_next_to.as_flattened_mut(),
            bytes.changed_next_to.as_flattened(),
        );
    }
}
