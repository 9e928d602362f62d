//! Small products whose weights are mostly zero: only words of four weights that are not all zero are visited.

use super::columns::{ColumnSums, add_columns, quad_panels};
use super::kernels::{Entry, Kernels, PANEL_ROWS, Panel, Quad, QuadPanel};
use super::packed::Rows;

/// Fewest panels of a block: together they leave room in the first-level cache.
const MIN_BLOCK: usize = 128;
/// Words that a column should have in a block, so that its sums are not moved for too little.
const WORDS_PER_COLUMN: usize = 24;

/// The words of all columns that are not zero.
pub(super) struct Sparse {
    n_words: usize,
    block_words: usize,
    blocks: Vec<Block>,
    max_run: usize,
    panels: Vec<QuadPanel>,
    sums: Vec<ColumnSums>,
}

/// Some neighbouring words of all columns.
struct Block {
    /// The first entry of each column, and the end of the last.
    starts: Vec<usize>,
    /// By panels of the block.
    entries: Vec<Entry<Quad>>,
}

impl Sparse {
    /// From columns of `n_words` words; `max_run` as in [`Kernels::small_tile`].
    pub(super) fn new(words: &[Quad], n_words: usize, max_run: usize) -> Self {
        let n_visited = words.iter().filter(|weights| is_not_zero(weights)).count();
        let block_words = (WORDS_PER_COLUMN * words.len() / n_visited.max(1)).max(MIN_BLOCK);
        let block_words = block_words.min(n_words);
        let blocks = (0..n_words).step_by(block_words).map(|first| {
            let mut block = Block {
                starts: vec![0],
                entries: Vec::new(),
            };
            for column in words.chunks(n_words) {
                let own = &column[first..(first + block_words).min(n_words)];
                let not_zero = (0..).zip(own).filter(|(_, weights)| is_not_zero(weights));
                block
                    .entries
                    .extend(not_zero.map(|(panel, &weights)| Entry { panel, weights }));
                block.starts.push(block.entries.len());
            }
            block
        });
        Self {
            n_words,
            block_words,
            blocks: blocks.collect(),
            max_run,
            panels: vec![Panel([[0; 4]; PANEL_ROWS]); n_words],
            sums: vec![[0; PANEL_ROWS]; words.len() / n_words],
        }
    }

    /// Whether visiting only these words costs less than a product of all, by the instructions of the kernels for the
    /// rows of a panel: a visited word costs 16, a column 130 to begin and end with, a word of a tile 12.
    pub(super) fn pays(kernels: Kernels, words: &[Quad], n_words: usize) -> bool {
        let n_visited = kernels.vectorized(
            #[inline(always)]
            || {
                words
                    .iter()
                    .fold(0, |n, weights| n + usize::from(is_not_zero(weights)))
            },
        );
        16 * n_visited + 130 * (words.len() / n_words) < 12 * words.len()
    }

    /// Add the product with `n_rows` rows to `outputs`, `[rows, cols]`.
    pub(super) fn multiply(&mut self, kernels: Kernels, rows: &Rows<u8>, n_rows: usize, outputs: &mut [i32]) {
        let n_cols = self.sums.len();
        for (first, outputs) in (0..n_rows)
            .step_by(PANEL_ROWS)
            .zip(outputs.chunks_mut(PANEL_ROWS * n_cols))
        {
            let end = (first + PANEL_ROWS).min(n_rows);
            let rows = (first..end).map(|row| &rows.row(row)[..4 * self.n_words]);
            quad_panels(kernels, rows, &mut self.panels);
            self.sums.fill([0; PANEL_ROWS]);
            for (block, panels) in self.blocks.iter().zip(self.panels.chunks(self.block_words)) {
                for (sums, ends) in self.sums.iter_mut().zip(block.starts.windows(2)) {
                    let entries = &block.entries[ends[0]..ends[1]];
                    kernels.small_column(panels, entries, self.max_run, sums);
                }
            }
            add_columns(kernels, &self.sums, outputs);
        }
    }
}

fn is_not_zero(weights: &Quad) -> bool {
    *weights != [0; 4]
}
