//! Sums over the rows of each column that are kept, for counts that all rows of a column would share otherwise.
//!
//! Four rows have sixteen sums, whatever the column: they are made once, and a column adds the one that it needs. What is
//! counted of a row is a string of planes, of which a few at a time are summed: as many as registers and the nearest cache
//! have room for.

use std::ops::Range;

use sim_core::mutant::{self, Mutant};
use sim_simd::byte_sums::{N_SUBSETS, Picks, Planes, SubsetSums, sum_picked};
use sim_simd::integer::Kernels;

/// Rows of a set.
const SET_ROWS: usize = 4;
/// Columns whose subsets share a word.
const COLS_OF_WORD: usize = 8;
/// Columns whose sums are made before they are seen.
const N_COLS_TOGETHER: usize = 64;

/// Which rows of a block are kept, for each column.
#[derive(Clone, Debug, Default)]
pub struct KeptRows {
    n_cols: usize,
    n_rows: usize,
    /// By set of rows and column, eight columns together: a bit for each row of the set.
    sets: Vec<u64>,
}

impl KeptRows {
    /// No rows of `n_cols` columns yet.
    pub const fn new(n_cols: usize) -> Self {
        Self {
            n_cols,
            n_rows: 0,
            sets: Vec::new(),
        }
    }

    /// Forget all rows.
    pub fn clear(&mut self) {
        self.n_rows = 0;
        self.sets.clear();
    }

    /// The next row: a bit per column from the low bit of a word up.
    pub fn push(&mut self, kept: &[u64]) {
        let mut place = self.n_rows % SET_ROWS;
        let n_words = self.n_cols.div_ceil(COLS_OF_WORD);
        if place == 0 {
            self.sets.resize(self.sets.len() + n_words, 0);
        }
        self.n_rows += 1;
        if mutant::is_on(Mutant::KeptRowShifted) {
            place = 0;
        }
        let first = self.sets.len() - n_words;
        let bits = kept.iter().flat_map(|word| word.to_le_bytes());
        for (set, bits) in self.sets[first..].iter_mut().zip(bits) {
            *set |= spread(bits) << place;
        }
    }

    /// Sum the kept rows of each column, `n_together` rows at a time, which is a multiple of four: no sum may exceed a byte.
    ///
    /// `counts`: by planes and row. `see` gets the sums of some planes for some columns; all of the first planes come first.
    pub fn for_each_sum(
        &self,
        kernels: Kernels,
        n_together: usize,
        counts: &[Planes],
        mut see: impl FnMut(usize, Range<usize>, &[Planes]),
    ) {
        let n_words = self.n_cols.div_ceil(COLS_OF_WORD);
        let parts: Vec<Part> = self
            .sets
            .chunks(n_together / SET_ROWS * n_words)
            .map(|sets| Part::new(sets, n_words))
            .collect();
        let mut subsets = vec![[Planes::ZERO; N_SUBSETS]; n_together / SET_ROWS];
        let mut sums = [Planes::ZERO; N_COLS_TOGETHER];
        for (planes, counts) in counts.chunks(self.n_rows).enumerate() {
            for (part, rows) in parts.iter().zip(counts.chunks(n_together)) {
                let subsets = &mut subsets[..part.n_sets];
                kernels.vectorized(
                    #[inline(always)]
                    || {
                        for (subsets, rows) in subsets.iter_mut().zip(rows.chunks(SET_ROWS)) {
                            sum_subsets(rows, subsets);
                        }
                    },
                );
                for first in (0..self.n_cols).step_by(N_COLS_TOGETHER) {
                    let cols = first..self.n_cols.min(first + N_COLS_TOGETHER);
                    let picks = &part.picks[cols.clone()];
                    let sums = &mut sums[..cols.len()];
                    sum_picked(kernels, subsets, picks, sums);
                    see(planes, cols, sums);
                }
            }
        }
    }
}

/// The bits of a byte, a byte each.
fn spread(bits: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    // Every byte has all bits; each keeps its own, which then becomes the lowest.
    let own = (u64::from(bits) * LOW) & 0x8040_2010_0804_0201;
    ((own + 0x7F * LOW) >> 7) & LOW
}

/// Rows that are summed at a time.
struct Part {
    n_sets: usize,
    /// By column, which subset of each set.
    picks: Vec<Picks>,
}

impl Part {
    /// From subsets by set and column.
    fn new(sets: &[u64], n_words: usize) -> Self {
        let mut picks = vec![Picks::default(); n_words * COLS_OF_WORD];
        let mut n_sets = 0;
        for words in sets.chunks(n_words) {
            let subsets = words.iter().flat_map(|word| word.to_le_bytes());
            for (picks, subset) in picks.iter_mut().zip(subsets) {
                picks.put(n_sets, subset);
            }
            n_sets += 1;
        }
        Self { n_sets, picks }
    }
}

/// Write the sums of each subset of at most four rows; that of none is zero already.
#[inline(always)]
fn sum_subsets(rows: &[Planes], sums: &mut SubsetSums) {
    // A set that is not whole lies behind whole ones, and nothing picks a subset with rows that are not there.
    for (place, row) in rows.iter().enumerate() {
        let (below, from) = sums.split_at_mut(1 << place);
        for (sum, below) in from.iter_mut().zip(below) {
            let (sum, below) = (sum.0.as_flattened_mut(), below.0.as_flattened());
            for ((sum, &below), &byte) in sum.iter_mut().zip(below).zip(row.0.as_flattened()) {
                *sum = below + byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_sums_its_own_rows() {
        // Columns that are summed together, and some behind them.
        let n_cols = N_COLS_TOGETHER + 6;
        let kept = |row: usize, col: usize| (row * 7 + col * 3) % 5 < 2;
        let value = |row: usize, planes: usize| u8::try_from(10 * planes + row + 1).unwrap();
        let mut rows = KeptRows::new(n_cols);
        // Parts that are whole, and one that is not; then others in their place.
        for n_rows in [22, 3] {
            rows.clear();
            for row in 0..n_rows {
                let mut words = [0_u64; 2];
                for col in (0..n_cols).filter(|&col| kept(row, col)) {
                    words[col / 64] |= 1 << (col % 64);
                }
                rows.push(&words);
            }
            let counts: Vec<Planes> = [0, 1]
                .into_iter()
                .flat_map(|planes| (0..n_rows).map(move |row| Planes([[value(row, planes); 32]; 4])))
                .collect();
            let mut sums = vec![[0; 2]; n_cols];
            rows.for_each_sum(Kernels::fastest(), 8, &counts, |planes, cols, part| {
                for (sums, part) in sums[cols].iter_mut().zip(part) {
                    assert_eq!(part.0, [[part.0[0][0]; 32]; 4]);
                    sums[planes] += u32::from(part.0[0][0]);
                }
            });
            for (col, sums) in sums.iter().enumerate() {
                let of_kept = |planes| -> u32 {
                    let rows = (0..n_rows).filter(|&row| kept(row, col));
                    rows.map(|row| u32::from(value(row, planes))).sum()
                };
                assert_eq!(*sums, [0, 1].map(of_kept), "{n_rows} rows, column {col}");
            }
        }
    }
}
