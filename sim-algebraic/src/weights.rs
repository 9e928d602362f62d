//! Rows of W under an operand map.

use bytemuck::{cast_slice, cast_slice_mut};
use sim_array::engine::StreamedOperands;
use sim_simd::integer::{Kernels, Quad, TILE_COLS};

use super::operand_map::{Grouping, OperandMap, OperandMapper};
use super::sparse::Cost;
use super::sparse_weights::SparseWeights;

/// Rows of W under one operand map after the other, a few at a time.
pub(super) struct MappedWeights<'a> {
    kernels: Kernels,
    grouping: Grouping,
    operands: &'a StreamedOperands<'a>,
    mapper: OperandMapper,
    mapped: Vec<u8>,
}

impl<'a> MappedWeights<'a> {
    /// Of the weights of some operands.
    pub(super) fn new(kernels: Kernels, grouping: Grouping, operands: &'a StreamedOperands<'a>) -> Self {
        Self {
            kernels,
            grouping,
            operands,
            mapper: OperandMapper::new(kernels, grouping, operands.shape().k()),
            mapped: Vec::new(),
        }
    }

    /// The instructions that map them.
    pub(super) const fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// The weights that meet a zero of the other of two threads, where these are few.
    pub(super) fn lone(&self) -> Option<SparseWeights> {
        match self.grouping {
            Grouping::Threads(2) => {
                SparseWeights::lone(self.kernels, self.operands.weights(), self.operands.shape().k())
            }
            Grouping::Threads(_) | Grouping::Pairs => None,
        }
    }

    /// Words of four weights of a row.
    pub(super) fn n_words(&self) -> usize {
        self.operands.shape().k().div_ceil(4)
    }

    /// As many rows as a tile has columns, from row `first` on, or as there are, under an operand map; `[rows, k]`.
    pub(super) fn panel(&mut self, operand_map: &OperandMap, first: usize) -> &[i8] {
        let weights = self.given_panel(first);
        if operand_map.is_identity() {
            return weights;
        }
        self.mapper.start();
        self.mapper
            .apply(operand_map, cast_slice(weights), &mut self.mapped);
        cast_slice(&self.mapped)
    }

    fn given_panel(&self, first: usize) -> &'a [i8] {
        let (n, k) = (self.operands.shape().n(), self.operands.shape().k());
        let end = (first + TILE_COLS).min(n);
        &self.operands.weights()[first * k..end * k]
    }

    /// All rows, each in words of four weights with zeros behind.
    pub(super) fn quads(&mut self, operand_map: &OperandMap) -> Vec<Quad> {
        let n = self.operands.shape().n();
        let n_words = self.n_words();
        let mut words = vec![[0; 4]; n * n_words];
        for (first, panel) in (0..n)
            .step_by(TILE_COLS)
            .zip(words.chunks_mut(n_words * TILE_COLS))
        {
            self.quads_of_panel(operand_map, first, panel);
        }
        words
    }

    /// What a product by [`MappedWeights::quads`] costs, by a few of the rows.
    pub(super) fn sample_cost(&mut self, operand_map: &OperandMap) -> Cost {
        let n = self.operands.shape().n();
        let n_words = self.n_words();
        let middle = n / 2 / TILE_COLS * TILE_COLS;
        let mut words = vec![[0; 4]; TILE_COLS.min(n - middle) * n_words];
        self.quads_of_panel(operand_map, middle, &mut words);
        Cost::of(self.kernels, &words, n_words)
    }

    fn quads_of_panel(&mut self, operand_map: &OperandMap, first: usize, panel: &mut [Quad]) {
        let (k, n_words) = (self.operands.shape().k(), self.n_words());
        if k == 4 * n_words {
            let weights = self.given_panel(first);
            self.mapper.start();
            let out = cast_slice_mut(panel.as_flattened_mut());
            return self.mapper.apply_into(operand_map, cast_slice(weights), out);
        }
        let mapped = self.panel(operand_map, first);
        for (row, out) in mapped.chunks(k).zip(panel.chunks_mut(n_words)) {
            out.as_flattened_mut()[..k].copy_from_slice(row);
        }
    }
}
