//! Small products whose weights are mostly zero: only words of four weights that are not all zero are visited.

use std::ops::Range;

use sim_simd::integer::{Entry, Kernels, PANEL_ROWS, Panel, Quad, QuadPanel, TILE_COLS};

use super::columns::{ColumnSums, add_tile_columns, quad_panels};
use super::sparse_weights::SparseWeights;

/// Fewest panels of a block: together they leave room in the first-level cache.
const MIN_BLOCK: usize = 128;
/// Words that a column should have in a block, so that its sums are not moved for too little.
const WORDS_PER_COLUMN: usize = 24;

/// The words of all columns that are not zero.
pub(super) struct Sparse {
    n_words: usize,
    block_words: usize,
    blocks: Vec<WordBlock>,
    max_run: usize,
    panels: Vec<QuadPanel>,
    n_cols: usize,
}

/// Some neighbouring words of all columns.
struct WordBlock {
    /// The first entry of each column, and the end of the last.
    starts: Vec<usize>,
    /// By panels of the block.
    entries: Vec<Entry<Quad>>,
}

impl WordBlock {
    /// Some words of all columns.
    fn of(sparse: &SparseWeights, words: Range<usize>) -> Self {
        let mut block = Self {
            starts: vec![0],
            entries: Vec::new(),
        };
        let word = |entry: &Entry<Quad>| usize::try_from(entry.panel).unwrap_or(usize::MAX);
        let first = u32::try_from(words.start).expect("K is limited");
        for column in sparse.columns() {
            let start = column.partition_point(|entry| word(entry) < words.start);
            let end = column.partition_point(|entry| word(entry) < words.end);
            block.entries.extend(column[start..end].iter().map(|entry| Entry {
                panel: entry.panel - first,
                weights: entry.weights,
            }));
            block.starts.push(block.entries.len());
        }
        block
    }
}

impl Sparse {
    /// From what is not zero; `max_run` as in [`Kernels::small_tile`].
    pub(super) fn new(sparse: SparseWeights, max_run: usize) -> Self {
        let (n_words, n_cols) = (sparse.n_words(), sparse.n_cols());
        let block_words = (WORDS_PER_COLUMN * n_words * n_cols / sparse.n_visited().max(1)).max(MIN_BLOCK);
        let block_words = block_words.min(n_words);
        let mut blocks = if block_words == n_words {
            let (starts, entries) = sparse.into_parts();
            vec![WordBlock { starts, entries }]
        } else {
            (0..n_words)
                .step_by(block_words)
                .map(|first| WordBlock::of(&sparse, first..(first + block_words).min(n_words)))
                .collect()
        };
        for block in &mut blocks {
            // Columns beyond the last fill up its tile.
            let n_starts = n_cols.next_multiple_of(TILE_COLS) + 1;
            block.starts.resize(n_starts, block.entries.len());
        }
        Self {
            n_words,
            block_words,
            blocks,
            max_run,
            panels: vec![Panel([[0; 4]; PANEL_ROWS]); n_words],
            n_cols,
        }
    }

    /// Add the product with some rows, `stride` apart and as long as the words at least, to `outputs`, `[rows, cols]`.
    pub(super) fn multiply(&mut self, kernels: Kernels, rows: &[u8], stride: usize, outputs: &mut [i32]) {
        let row_len = 4 * self.n_words;
        let n_cols = self.n_cols;
        for (rows, outputs) in rows
            .chunks(PANEL_ROWS * stride)
            .zip(outputs.chunks_mut(PANEL_ROWS * n_cols))
        {
            let n_rows = outputs.len() / n_cols;
            let rows = rows.chunks(stride).take(n_rows).map(|row| &row[..row_len]);
            quad_panels(kernels, rows, &mut self.panels);
            for (block, panels) in self.blocks.iter().zip(self.panels.chunks(self.block_words)) {
                for (first, ends) in (0..n_cols)
                    .step_by(TILE_COLS)
                    .zip(block.starts.windows(TILE_COLS + 1).step_by(TILE_COLS))
                {
                    let mut sums: [ColumnSums; TILE_COLS] = [[0; PANEL_ROWS]; TILE_COLS];
                    for (sums, ends) in sums.iter_mut().zip(ends.windows(2)) {
                        let entries = &block.entries[ends[0]..ends[1]];
                        kernels.small_column(panels, entries, self.max_run, sums);
                    }
                    add_tile_columns(kernels, &sums, first, n_cols, outputs);
                }
            }
        }
    }
}

/// What a product of `n_cols` columns costs in either form, in instructions of the kernels for the rows of a panel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    n_words: usize,
    n_cols: usize,
    n_visited: usize,
}

impl Cost {
    /// Of columns of `n_words` words.
    pub(super) fn of(kernels: Kernels, words: &[Quad], n_words: usize) -> Self {
        Self {
            n_words: words.len(),
            n_cols: words.len() / n_words,
            n_visited: n_visited(kernels, words),
        }
    }

    /// Of the cheaper form.
    pub(super) fn least(self) -> usize {
        self.sparse().min(self.dense())
    }

    /// Whether visiting only words that are not zero costs less than a product of all.
    pub(super) const fn prefers_sparse(self) -> bool {
        self.sparse() < self.dense()
    }

    /// A visited word as measured against one of a tile, and a column to begin and end with.
    const fn sparse(self) -> usize {
        22 * self.n_visited + 130 * self.n_cols
    }

    const fn dense(self) -> usize {
        12 * self.n_words
    }
}

/// Words that are not zero.
fn n_visited(kernels: Kernels, words: &[Quad]) -> usize {
    kernels.vectorized(
        #[inline(always)]
        || {
            words
                .iter()
                .fold(0, |n, weights| n + usize::from(is_not_zero(weights)))
        },
    )
}

fn is_not_zero(weights: &Quad) -> bool {
    *weights != [0; 4]
}
