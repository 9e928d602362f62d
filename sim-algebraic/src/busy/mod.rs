//! Busy steps of every PE.
//!
//! The PE in row r and column c of an array computes the outputs (m, n) with m ≡ r modulo R and n ≡ c modulo C: in each
//! step every row of A of the class r meets every row of W of the class c there. With `a[P]` rows of the one class whose
//! operands are not zero in all lanes of a set P and `w[P]` rows of the other, `a[P]·w[P]` pairs are active in at least P,
//! so by inclusion and exclusion Σ over P ≠ ∅ of ±`a[P]·w[P]` pairs, plus for sets of odd size, are active at all. Over
//! all steps, PEs and one set that is a product of two matrices of counts, which the engine itself can do.

mod planned;

use sim_array::engine::{Mse, Operands, StreamedOperands};
use sim_array::mapping::{KMap, KSplit};
use sim_core::busy::BusyMap;
use sim_core::ids::{Col, Row};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Pe};
use sim_pe::operand::Operand;
use sim_simd::integer::Kernels;

use super::Algebraic;
use super::components::Rules;
use planned::PlannedBusy;

/// Rows of A of a class that an activation of eight bits counts.
const MAX_ROWS: usize = 255;
/// Rows of W of a class that a weight of eight bits counts.
const MAX_COLS: usize = 127;

/// The map under way: rows of activations come in order.
pub(super) struct Busy<'a> {
    kernels: Kernels,
    array: ArraySpec,
    shape: Gemm,
    /// Rows so far.
    m: usize,
    steps: Steps<'a>,
}

enum Steps<'a> {
    /// Outputs are predicted.
    Planned(PlannedBusy<'a>),
    /// Weights do not matter: busy steps of the rows of each class.
    OfRows(Vec<u64>),
    Met(Box<Met>),
}

/// Counts of both sides, and where they have met.
struct Met {
    rows: Counts,
    /// At most [`MAX_COLS`] rows of W of each class, as weights, by set; `None` where there are only zeros.
    cols: Vec<Vec<Option<Vec<i8>>>>,
    /// By class of rows and of columns.
    sums: Vec<i64>,
}

impl<'a> Busy<'a> {
    /// No rows yet.
    pub(super) fn new(kernels: Kernels, array: &ArraySpec, operands: &StreamedOperands<'a>) -> Self {
        let (pe, shape) = (array.pe(), operands.shape());
        // Classes that no output falls in take no room.
        let (n_rows, n_cols) = (array.rows().min(shape.m()), array.cols().min(shape.n()));
        let met = || {
            let counts = |n_classes| Counts::new(kernels, KMap::new(pe, shape.k()), n_classes);
            let weights = operands.weights().chunks(MAX_COLS * array.cols() * shape.k());
            let cols = weights.map(|weights| {
                let mut cols = counts(n_cols);
                cols.add(weights, shape.k(), (0..array.cols()).cycle());
                cols.into_weights()
            });
            Steps::Met(Box::new(Met {
                cols: cols.collect(),
                rows: counts(n_rows),
                sums: vec![0; n_rows * n_cols],
            }))
        };
        Self {
            kernels,
            array: *array,
            shape,
            m: 0,
            steps: match (operands.plans(), Rules::of(pe)) {
                ([], Rules::Exact | Rules::TwoThreads(_) | Rules::FourThreads(_) | Rules::Picked(_)) => met(),
                ([], Rules::Neighbours(_)) => Steps::OfRows(vec![0; n_rows]),
                (plans, _) => Steps::Planned(PlannedBusy::new(array, shape, operands.weights(), plans)),
            },
        }
    }

    /// Count some rows of A, `[rows, k]`.
    pub(super) fn add(&mut self, rows: &[u8]) {
        let (k, n_classes) = (self.shape.k(), self.array.rows());
        match &mut self.steps {
            Steps::Planned(busy) => busy.add(rows),
            Steps::OfRows(steps) => {
                for (m, row) in (self.m..).zip(rows.chunks(k)) {
                    let pairs = row.chunks(2);
                    steps[m % n_classes] += widen(pairs.filter(|pair| pair.iter().any(|&x| x != 0)).count());
                }
                self.m += rows.len() / k;
            }
            Steps::Met(met) => {
                let most = MAX_ROWS * n_classes;
                let mut rows = rows;
                while !rows.is_empty() {
                    let n_left = most - self.m % most;
                    let (now, later) = rows.split_at(rows.len().min(n_left * k));
                    let classes = (self.m % n_classes..n_classes).chain((0..n_classes).cycle());
                    met.rows.add(now, k, classes);
                    self.m += now.len() / k;
                    if self.m.is_multiple_of(most) {
                        met.meet(self.kernels);
                    }
                    rows = later;
                }
            }
        }
    }

    /// The map, after all rows.
    pub(super) fn finish(self) -> BusyMap {
        let mut map = BusyMap::zero(self.array.rows(), self.array.cols());
        let n_cols = self.array.cols().min(self.shape.n());
        match self.steps {
            Steps::Planned(busy) => return busy.finish(),
            Steps::OfRows(steps) => {
                for n in 0..self.shape.n() {
                    for (row, &steps) in steps.iter().enumerate() {
                        map.add(Row(row), Col(n % self.array.cols()), steps);
                    }
                }
            }
            Steps::Met(mut met) => {
                met.meet(self.kernels);
                for (row, sums) in met.sums.chunks(n_cols).enumerate() {
                    for (col, sum) in sums.iter().enumerate() {
                        // With all sets in, a sum counts pairs.
                        map.add(Row(row), Col(col), sum.unsigned_abs());
                    }
                }
            }
        }
        map
    }
}

impl Met {
    /// Let the rows counted so far meet all columns, and forget them.
    fn meet(&mut self, kernels: Kernels) {
        let engine = Algebraic::on(kernels);
        let rows = &mut self.rows;
        for cols in &self.cols {
            for (set, weights) in (1_usize..).zip(cols) {
                let Some(weights) = weights else { continue };
                let n_steps = rows.map.n_steps();
                let shape = Gemm::new(rows.n_classes, weights.len() / n_steps, n_steps);
                let operands = shape
                    .map(|shape| Operands::new(shape, rows.of(set), weights))
                    .expect("a product has rows, columns and steps")
                    .expect("counts are as many as the shape says");
                // A step has at least one k, so sums of these operands fit like those of a conventional PE.
                let operands = (&operands).into();
                let (pairs, _) = engine.multiply(Pe::Conventional, &operands, Mse::Skip, |_| {});
                let sign = if set.count_ones() % 2 == 1 { 1 } else { -1 };
                for (sum, pairs) in self.sums.iter_mut().zip(pairs) {
                    *sum += sign * i64::from(pairs);
                }
            }
        }
        rows.bytes.fill(0);
    }
}

/// Sets of the lanes of a step but for the empty one: bit masks from 1 on.
const fn n_sets(map: KMap) -> usize {
    (1 << map.n_lanes()) - 1
}

/// Write a 1 for each step in which a lane's operand is not zero.
#[inline(always)]
fn write_flags<C: Operand>(map: KMap, row: &[C], lane: usize, flags: &mut [u8]) {
    match map.split() {
        KSplit::Segments => {
            let codes = &row[map.segment(lane, &(0..map.n_steps()))];
            let (given, padding) = flags.split_at_mut(codes.len());
            for (flag, &code) in given.iter_mut().zip(codes) {
                *flag = u8::from(code != C::default());
            }
            padding.fill(0);
        }
        KSplit::Neighbours => {
            for (flag, step) in flags.iter_mut().zip(row.chunks(map.n_lanes())) {
                *flag = u8::from(step.get(lane).is_some_and(|&code| code != C::default()));
            }
        }
    }
}

/// How many rows of a class have non-zero operands in all lanes of a set.
struct Counts {
    kernels: Kernels,
    map: KMap,
    n_classes: usize,
    /// By set, class and step.
    bytes: Vec<u8>,
    /// Of one row by set and step: all lanes of the set are not zero.
    flags: Vec<u8>,
}

impl Counts {
    fn new(kernels: Kernels, map: KMap, n_classes: usize) -> Self {
        let len = n_sets(map) * map.n_steps();
        Self {
            kernels,
            map,
            n_classes,
            bytes: vec![0; len * n_classes],
            flags: vec![0; len],
        }
    }

    /// Count rows, `[rows, k]`, of these classes; no class may come to more than a byte holds.
    fn add<C: Operand>(&mut self, rows: &[C], k: usize, classes: impl Iterator<Item = usize>) {
        let kernels = self.kernels;
        kernels.vectorized(
            #[inline(always)]
            || {
                for (row, class) in rows.chunks(k).zip(classes) {
                    self.add_row(row, class);
                }
            },
        );
    }

    #[inline(always)]
    fn add_row<C: Operand>(&mut self, row: &[C], class: usize) {
        let n_steps = self.map.n_steps();
        for lane in 0..self.map.n_lanes() {
            let flags = &mut self.flags[((1 << lane) - 1) * n_steps..][..n_steps];
            write_flags(self.map, row, lane, flags);
        }
        for set in 1..=n_sets(self.map) {
            let rest = set & (set - 1);
            if rest != 0 {
                let (before, own) = self.flags.split_at_mut((set - 1) * n_steps);
                let [rest, lowest] = [rest, set ^ rest].map(|set| &before[(set - 1) * n_steps..][..n_steps]);
                for ((own, rest), lowest) in own.iter_mut().zip(rest).zip(lowest) {
                    *own = rest & lowest;
                }
            }
        }
        let counts = self.bytes.chunks_mut(self.n_classes * n_steps);
        for (counts, flags) in counts.zip(self.flags.chunks(n_steps)) {
            for (count, flag) in counts[class * n_steps..].iter_mut().zip(flags) {
                *count += flag;
            }
        }
    }

    /// Those of a set, `[classes, steps]`.
    fn of(&self, set: usize) -> &[u8] {
        let len = self.n_classes * self.map.n_steps();
        &self.bytes[(set - 1) * len..][..len]
    }

    /// All of them as weights, by set; `None` where there are only zeros.
    fn into_weights(self) -> Vec<Option<Vec<i8>>> {
        let sets = self.bytes.chunks(self.n_classes * self.map.n_steps());
        sets.map(|counts| {
            let any = counts.iter().any(|&count| count != 0);
            any.then(|| counts.iter().map(|count| count.cast_signed()).collect())
        })
        .collect()
    }
}
