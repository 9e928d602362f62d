//! Rows of W after a form.

use super::form::{Form, Former, Grouping};
use super::kernels::{Kernels, Quad, TILE_COLS};
use crate::engine::StreamedOperands;

/// Rows of W in one form after the other, a few at a time.
pub(super) struct FormedWeights<'a> {
    operands: &'a StreamedOperands<'a>,
    former: Former,
    bytes: Vec<u8>,
    formed: Vec<u8>,
}

impl<'a> FormedWeights<'a> {
    /// Of the weights of some operands.
    pub(super) fn new(kernels: Kernels, grouping: Grouping, operands: &'a StreamedOperands<'a>) -> Self {
        Self {
            operands,
            former: Former::new(kernels, grouping, operands.shape().k()),
            bytes: Vec::new(),
            formed: Vec::new(),
        }
    }

    /// As many rows as a tile has columns, from row `first` on, or as there are; signed bytes, `[rows, k]`.
    pub(super) fn panel(&mut self, form: &Form, first: usize) -> &[u8] {
        let k = self.operands.shape().k();
        let end = (first + TILE_COLS).min(self.operands.shape().n());
        self.bytes.clear();
        let weights = &self.operands.weights()[first * k..end * k];
        self.bytes.extend(weights.iter().map(|w| w.cast_unsigned()));
        if form.is_identity() {
            return &self.bytes;
        }
        self.former.start();
        self.former.form(form, &self.bytes, &mut self.formed);
        &self.formed
    }

    /// All rows, each in words of four weights with zeros behind.
    pub(super) fn quads(&mut self, form: &Form) -> Vec<Quad> {
        let (n, k) = (self.operands.shape().n(), self.operands.shape().k());
        let n_words = k.div_ceil(4);
        let mut words = vec![[0; 4]; n * n_words];
        for (first, panel) in (0..n)
            .step_by(TILE_COLS)
            .zip(words.chunks_mut(n_words * TILE_COLS))
        {
            let formed = self.panel(form, first);
            for (row, words) in formed.chunks(k).zip(panel.chunks_mut(n_words)) {
                for (value, byte) in words.as_flattened_mut().iter_mut().zip(row) {
                    *value = byte.cast_signed();
                }
            }
        }
        words
    }
}
