//! Weights in the layouts of the tile kernels, and the loops over tiles.

use std::ops::Range;

use sim_simd::integer::Runs;
use sim_simd::integer::{Dword, Kernels, Outputs, Pair, Quad, TILE_COLS, TILE_ROWS, TileWords};

/// Most 32-bit words of a block along K: a column panel of weights and a few rows share the first-level cache.
const BLOCK_WORDS: usize = 288;

/// Weights by blocks along K, column panels and words: `[block, panel, word]`, with the columns of a panel together.
pub(super) struct Packed<W> {
    words: Vec<TileWords<W>>,
    n_words: usize,
    n_cols: usize,
    block_words: usize,
}

/// Where a tile's product begins.
struct Place {
    row: usize,
    word: usize,
    /// Of the panel within its block, over all blocks.
    index: usize,
}

impl<W: Dword + Default> Packed<W> {
    /// Nothing yet, for `n_cols` columns of `n_words` words.
    pub(super) fn new(n_cols: usize, n_words: usize) -> Self {
        // Equal blocks: a short last one would pay for its outputs without much to add to them.
        let n_blocks = n_words.div_ceil(BLOCK_WORDS).max(1);
        Self {
            words: vec![TileWords([W::default(); TILE_COLS]); n_words * n_cols.div_ceil(TILE_COLS)],
            n_words,
            n_cols,
            block_words: n_words.div_ceil(n_blocks).max(1),
        }
    }

    /// Take the columns; `write` writes the words of a panel's columns, `[cols, words]`, from a column on, as far as
    /// they are not zero.
    pub(super) fn fill(&mut self, kernels: Kernels, mut write: impl FnMut(usize, &mut [W])) {
        let mut columns = vec![W::default(); self.n_words * TILE_COLS];
        for first in (0..self.n_cols).step_by(TILE_COLS) {
            let n_cols = TILE_COLS.min(self.n_cols - first);
            let columns = &mut columns[..n_cols * self.n_words];
            write(first, columns);
            let mut slices: [&[W]; TILE_COLS] = [&[]; TILE_COLS];
            for block in self.blocks() {
                for (slice, words) in slices.iter_mut().zip(columns.chunks(self.n_words)) {
                    *slice = &words[block.clone()];
                }
                let start = self.start_of(&block, first / TILE_COLS);
                kernels.transpose(&slices[..n_cols], &mut self.words[start..][..block.len()]);
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<W> {
        let (n_words, block_words) = (self.n_words, self.block_words);
        (0..n_words)
            .step_by(block_words)
            .map(move |start| start..(start + block_words).min(n_words))
    }

    fn start_of(&self, block: &Range<usize>, panel: usize) -> usize {
        block.start * self.n_cols.div_ceil(TILE_COLS) + panel * block.len()
    }

    /// Add the product with some rows to `outputs`, `[rows, n_cols]`; `tile` adds the product of a tile's rows with a
    /// panel.
    fn add_to(&self, outputs: &mut [i32], mut tile: impl FnMut(&Place, &[TileWords<W>], &mut Outputs<'_>)) {
        let n_cols = self.n_cols;
        let mut place = Place {
            row: 0,
            word: 0,
            index: 0,
        };
        for block in self.blocks() {
            place.word = block.start;
            for (panel, first_col) in (0..n_cols).step_by(TILE_COLS).enumerate() {
                let weights = &self.words[self.start_of(&block, panel)..][..block.len()];
                let width = TILE_COLS.min(n_cols - first_col);
                for (index, outputs) in outputs.chunks_mut(n_cols * TILE_ROWS).enumerate() {
                    place.row = index * TILE_ROWS;
                    if width == TILE_COLS && outputs.len() == n_cols * TILE_ROWS {
                        let mut outputs = Outputs {
                            values: &mut outputs[first_col..],
                            stride: n_cols,
                        };
                        tile(&place, weights, &mut outputs);
                        continue;
                    }
                    // At the edges, a whole tile beside the outputs.
                    let mut sums = [[0; TILE_COLS]; TILE_ROWS];
                    let mut whole = Outputs {
                        values: sums.as_flattened_mut(),
                        stride: TILE_COLS,
                    };
                    tile(&place, weights, &mut whole);
                    for (outputs, sums) in outputs.chunks_mut(n_cols).zip(&sums) {
                        add_sums(&mut outputs[first_col..][..width], sums);
                    }
                }
                place.index += 1;
            }
        }
    }
}

impl Packed<Pair> {
    /// Add the product with `rows` to `outputs`, `[rows, cols]`.
    pub(super) fn multiply(&self, kernels: Kernels, rows: &TileRows<i16>, outputs: &mut [i32]) {
        self.add_to(outputs, |&Place { row, word, .. }, weights, outputs| {
            kernels.wide_tile(
                &rows.values[row * rows.stride + 2 * word..],
                rows.stride,
                weights,
                outputs,
            );
        });
    }
}

impl Packed<Quad> {
    /// The runs of each panel, in the order in which panels are multiplied; `max_activation` is the largest activation
    /// that a word can meet, by its index.
    pub(super) fn runs(&self, kernels: Kernels, max_activation: impl Fn(usize) -> u8) -> Vec<Runs> {
        let n_panels = self.n_cols.div_ceil(TILE_COLS);
        let panels = self
            .blocks()
            .flat_map(|block| (0..n_panels).map(move |panel| (block.clone(), panel)));
        panels
            .map(|(block, panel)| {
                let words = &self.words[self.start_of(&block, panel)..][..block.len()];
                Runs::new(kernels, words, |word| max_activation(block.start + word))
            })
            .collect()
    }

    /// Add the product with `rows` to `outputs`, `[rows, cols]`; `runs` are those of [`Packed::runs`].
    pub(super) fn multiply(&self, kernels: Kernels, rows: &TileRows<u8>, runs: &[Runs], outputs: &mut [i32]) {
        self.add_to(outputs, |&Place { row, word, index }, weights, outputs| {
            let values = &rows.values[row * rows.stride + 4 * word..];
            kernels.small_tile(values, rows.stride, weights, &runs[index], outputs);
        });
    }
}

/// Rows of activations for the tile kernels, as many as are a multiple of a tile's.
#[derive(Default)]
pub(super) struct TileRows<T> {
    values: Vec<T>,
    stride: usize,
}

impl<T: Copy + Default> TileRows<T> {
    /// Room for `n_rows` rows of `len` values; values beyond what is written are of no account where weights are zero,
    /// rows beyond the last where nobody reads their sums.
    pub(super) fn reserve(&mut self, n_rows: usize, len: usize) {
        // Rows that are an odd number of cache lines apart do not meet in the same cache sets.
        let per_line = 64 / size_of::<T>();
        let n_lines = len.div_ceil(per_line) | 1;
        self.stride = n_lines * per_line;
        // A tile kernel may be given the tail of a row and then reads on into the next ones.
        let n_rows = n_rows.next_multiple_of(TILE_ROWS);
        self.values.resize(n_rows * self.stride, T::default());
    }

    /// The rows from the first on, to be written.
    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.values.chunks_mut(self.stride)
    }
}

/// Add to some neighbouring outputs.
pub(super) fn add_sums(outputs: &mut [i32], sums: &[i32; TILE_COLS]) {
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
