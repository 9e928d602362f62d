//! Blocked integer products.

use std::ops::Range;

use super::code::{Code, Segments};
use super::form::Form;
use super::kernels::{Kernels, Pair, TILE_COLS, TILE_ROWS, Tile};
use super::plan::Term;
use crate::engine::Operands;

/// Most pairs of a block along K: a column panel of weights and a row panel of activations share the first-level cache.
const BLOCK_PAIRS: usize = 288;

/// Rows of a block: its packed activations stay in the second-level cache. A multiple of tile rows.
const BLOCK_ROWS: usize = 192;

/// A sum of products that share their operands and their outputs.
pub(super) struct Dense<'a> {
    kernels: Kernels,
    operands: &'a Operands<'a>,
    segments: Segments,
    terms: Vec<&'a Term>,
    /// Steps of a block along K; even, so that pairs of K never part.
    block_steps: usize,
}

impl<'a> Dense<'a> {
    /// The sum of `terms`, each with K cut into `n_threads` segments.
    pub(super) fn new(
        kernels: Kernels,
        operands: &'a Operands<'a>,
        n_threads: usize,
        terms: Vec<&'a Term>,
    ) -> Self {
        let segments = Segments::new(operands.shape().k(), n_threads);
        let max_steps = 2 * (BLOCK_PAIRS / (n_threads * terms.len())).max(1);
        // Equal blocks: a short last one would pay for its outputs without much to add to them.
        let n_blocks = segments.n_steps.div_ceil(max_steps);
        Self {
            kernels,
            operands,
            segments,
            block_steps: segments.n_steps.div_ceil(n_blocks).next_multiple_of(2),
            terms,
        }
    }

    /// Add the sum to `product`, `[m, n]`.
    ///
    /// Blocks along K are outermost, so that every operand is packed once and little is packed at a time.
    pub(super) fn add_to(&self, product: &mut [i32]) {
        let (m, n) = (self.operands.shape().m(), self.operands.shape().n());
        let mut row = Vec::new();
        let mut weights = Vec::new();
        let mut activations = Vec::new();
        for steps in self.blocks() {
            let n_pairs = self.n_pairs(&steps);
            self.pack_weights(&steps, &mut row, &mut weights);
            for (first, outputs) in (0..m).step_by(BLOCK_ROWS).zip(product.chunks_mut(BLOCK_ROWS * n)) {
                let rows = first..(first + BLOCK_ROWS).min(m);
                self.pack_activations(&rows, &steps, &mut row, &mut activations);
                for (weights, first_col) in weights.chunks(n_pairs).zip((0..n).step_by(TILE_COLS)) {
                    let n_cols = TILE_COLS.min(n - first_col);
                    for (activations, outputs) in
                        activations.chunks(n_pairs).zip(outputs.chunks_mut(n * TILE_ROWS))
                    {
                        let mut tile: Tile = [[0; TILE_COLS]; TILE_ROWS];
                        self.kernels.tile(activations, weights, &mut tile);
                        for (outputs, sums) in outputs.chunks_mut(n).zip(&tile) {
                            add_sums(&mut outputs[first_col..][..n_cols], sums);
                        }
                    }
                }
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let Segments { n_steps, .. } = self.segments;
        (0..n_steps)
            .step_by(self.block_steps)
            .map(move |start| start..(start + self.block_steps).min(n_steps))
    }

    /// Pack one block of all weights: `[column panels, pairs]`.
    fn pack_weights(&self, steps: &Range<usize>, row: &mut Vec<i16>, packed: &mut Vec<[Pair; TILE_COLS]>) {
        let n = self.operands.shape().n();
        let n_pairs = self.n_pairs(steps);
        packed.resize(n_pairs * n.div_ceil(TILE_COLS), [[0; 2]; TILE_COLS]);
        self.kernels.vectorized(
            #[inline(always)]
            || {
                for (panel, first) in packed.chunks_mut(n_pairs).zip((0..n).step_by(TILE_COLS)) {
                    for (lane, n) in (first..n).take(TILE_COLS).enumerate() {
                        let codes = self.operands.weight_row(n);
                        self.pack_row(codes, |term| &term.weights, steps, row, panel, lane);
                    }
                }
            },
        );
    }

    /// Pack one block of `rows`: `[row panels, pairs]`. Lanes beyond the last row keep what was there before; nothing
    /// reads their sums.
    fn pack_activations(
        &self,
        rows: &Range<usize>,
        steps: &Range<usize>,
        row: &mut Vec<i16>,
        packed: &mut Vec<[Pair; TILE_ROWS]>,
    ) {
        let n_pairs = self.n_pairs(steps);
        packed.resize(n_pairs * rows.len().div_ceil(TILE_ROWS), [[0; 2]; TILE_ROWS]);
        self.kernels.vectorized(
            #[inline(always)]
            || {
                for (panel, first) in packed.chunks_mut(n_pairs).zip(rows.clone().step_by(TILE_ROWS)) {
                    for (lane, m) in (first..rows.end).take(TILE_ROWS).enumerate() {
                        let codes = self.operands.activation_row(m);
                        self.pack_row(codes, |term| &term.activations, steps, row, panel, lane);
                    }
                }
            },
        );
    }

    /// Pairs along K of the block `steps`: every thread of every term is padded to whole pairs.
    fn n_pairs(&self, steps: &Range<usize>) -> usize {
        self.terms.len() * self.segments.n_threads * steps.len().div_ceil(2)
    }

    /// Pack one row of one side into one lane of a panel; terms and threads follow one another.
    #[inline(always)]
    fn pack_row<C: Code, const LANES: usize>(
        &self,
        codes: &[C],
        side: impl Fn(&Term) -> &Form,
        steps: &Range<usize>,
        row: &mut Vec<i16>,
        panel: &mut [[Pair; LANES]],
        lane: usize,
    ) {
        let n_padded = steps.len().next_multiple_of(2);
        row.resize(n_padded, 0);
        let mut slots = panel.iter_mut();
        for term in &self.terms {
            for thread in 0..self.segments.n_threads {
                let own = self.segments.of(codes, thread, steps);
                let partner = self
                    .segments
                    .of(codes, self.segments.n_threads - 1 - thread, steps);
                side(term).fill(own, partner, row);
                let (pairs, _) = row.as_chunks::<2>();
                for (slot, &pair) in slots.by_ref().take(pairs.len()).zip(pairs) {
                    slot[lane] = pair;
                }
            }
        }
    }
}

fn add_sums(outputs: &mut [i32], sums: &[i32; TILE_COLS]) {
    match outputs.first_chunk_mut::<TILE_COLS>() {
        Some(outputs) => {
            for (output, sum) in outputs.iter_mut().zip(sums) {
                *output += sum;
            }
        }
        None => {
            for (output, sum) in outputs.iter_mut().zip(sums) {
                *output += sum;
            }
        }
    }
}
