//! Busy steps of every PE where outputs are predicted: output by output, with a bit for each step.

use sim_array::mapping::KMap;
use sim_array::mapping::predicted::{OutputPhase, OutputPlan, Place};
use sim_core::busy::BusyMap;
use sim_core::ids::{Col, Row};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Pe};
use sim_pe::operand::Operand;

use super::write_flags;
use crate::components::Rules;

/// Steps of a word.
const WORD: usize = 64;

/// The map under way: rows of activations come in order.
pub(super) struct PlannedBusy<'a> {
    array: ArraySpec,
    shape: Gemm,
    map: KMap,
    plans: &'a [OutputPlan],
    weights: &'a [i8],
    /// By row of A, lane and step: the operand is not zero.
    rows: Vec<u64>,
    flags: Vec<u8>,
}

impl<'a> PlannedBusy<'a> {
    /// No rows yet.
    pub(super) fn new(array: &ArraySpec, shape: Gemm, weights: &'a [i8], plans: &'a [OutputPlan]) -> Self {
        let map = KMap::new(array.pe(), shape.k());
        Self {
            array: *array,
            shape,
            map,
            plans,
            weights,
            rows: Vec::new(),
            flags: vec![0; map.n_steps()],
        }
    }

    /// Count some rows of A, `[rows, k]`.
    pub(super) fn add(&mut self, rows: &[u8]) {
        for row in rows.chunks(self.shape.k()) {
            push_bits(self.map, row, &mut self.flags, &mut self.rows);
        }
    }

    /// The map, after all rows.
    pub(super) fn finish(mut self) -> BusyMap {
        let mut busy = BusyMap::zero(self.array.rows(), self.array.cols());
        let mut cols = Vec::new();
        for row in self.weights.chunks(self.shape.k()) {
            push_bits(self.map, row, &mut self.flags, &mut cols);
        }
        if weights_do_not_matter(self.array.pe()) {
            cols.fill(u64::MAX);
        }
        let n_words = self.map.n_steps().div_ceil(WORD);
        let len = self.map.n_lanes() * n_words;
        let mut first_row = 0;
        for plan in self.plans {
            for tile in OutputPhase::ALL.into_iter().flat_map(|phase| plan.tiles(phase)) {
                for (row, &pixel) in tile.pixels().iter().enumerate() {
                    let x = &self.rows[(first_row + pixel) * len..][..len];
                    for (col, &channel) in tile.channels().iter().enumerate() {
                        let (row, col) = (Row(row), Col(col));
                        match tile.place(row, col) {
                            Place::Computed => {
                                busy.add(row, col, n_busy(x, &cols[channel * len..][..len], n_words))
                            }
                            Place::Skipped | Place::Masked => {}
                        }
                    }
                }
            }
            first_row += plan.outputs().shape().m();
        }
        busy
    }
}

/// Whether activations alone decide who is active.
fn weights_do_not_matter(pe: Pe) -> bool {
    match Rules::of(pe) {
        Rules::Exact | Rules::TwoThreads(_) | Rules::FourThreads(_) | Rules::Picked(_) => false,
        Rules::Neighbours(_) => true,
    }
}

/// Steps in which any lane's operands are both not zero.
fn n_busy(x: &[u64], w: &[u64], n_words: usize) -> u64 {
    (0..n_words)
        .map(|word| {
            let lanes = x[word..]
                .iter()
                .step_by(n_words)
                .zip(w[word..].iter().step_by(n_words));
            let any = lanes.fold(0, |any, (x, w)| any | x & w);
            u64::from(any.count_ones())
        })
        .sum()
}

/// Append the bits of a row: by lane, whole words of steps.
fn push_bits<C: Operand>(map: KMap, row: &[C], flags: &mut [u8], bits: &mut Vec<u64>) {
    for lane in 0..map.n_lanes() {
        write_flags(map, row, lane, flags);
        bits.extend(flags.chunks(WORD).map(|flags| {
            let set = flags.iter().enumerate().filter(|(_, flag)| **flag != 0);
            set.fold(0, |word, (bit, _)| word | 1 << bit)
        }));
    }
}
