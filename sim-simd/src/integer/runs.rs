//! How many words of small products can be summed before 16 bits could overflow, for the weights that there are.

use super::{Kernels, Quad, TILE_COLS, TileWords};

/// Sums of 16 bits across a tile: two products of a quad share one.
const N_SUMS: usize = 2 * TILE_COLS;

/// Runs of words one after the other.
pub struct Runs {
    lengths: Vec<usize>,
}

impl Runs {
    /// The fewest runs for these words; `max_activation` is the largest activation that a word can meet, by its index.
    pub fn new(kernels: Kernels, words: &[TileWords<Quad>], max_activation: impl Fn(usize) -> u8) -> Self {
        kernels.vectorized(
            #[inline(always)]
            || Self::greedy(words, max_activation),
        )
    }

    #[inline(always)]
    fn greedy(words: &[TileWords<Quad>], max_activation: impl Fn(usize) -> u8) -> Self {
        let mut lengths = Vec::new();
        let mut length = 0;
        // Activations are never negative, so a sum lies between those of its negative and its positive products.
        let mut above = [0_i32; N_SUMS];
        let mut below = [0_i32; N_SUMS];
        for (index, TileWords(quads)) in words.iter().enumerate() {
            let largest = i32::from(max_activation(index));
            let mut own_above = [0_i32; N_SUMS];
            let mut own_below = [0_i32; N_SUMS];
            let pairs = quads.as_flattened().as_chunks::<2>().0;
            let mut extent = 0;
            for sum in 0..N_SUMS {
                let [first, second] = pairs[sum];
                let (first, second) = (i32::from(first), i32::from(second));
                own_above[sum] = largest * (first.max(0) + second.max(0));
                own_below[sum] = largest * (first.min(0) + second.min(0));
                extent = extent
                    .max(above[sum] + own_above[sum])
                    .max(-below[sum] - own_below[sum]);
            }
            if i32::from(i16::MAX) < extent && 0 < length {
                lengths.push(length);
                length = 0;
                above = [0; N_SUMS];
                below = [0; N_SUMS];
            }
            for sum in 0..N_SUMS {
                above[sum] += own_above[sum];
                below[sum] += own_below[sum];
            }
            length += 1;
        }
        lengths.push(length);
        Self { lengths }
    }

    /// Words of each run.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(quads: &[Quad], max_activation: u8) -> Vec<usize> {
        let words: Vec<TileWords<Quad>> = quads
            .iter()
            .map(|&quad| {
                let mut columns = [[0; 4]; TILE_COLS];
                columns[TILE_COLS - 1] = quad;
                TileWords(columns)
            })
            .collect();
        Runs::new(Kernels::fastest(), &words, |_| max_activation)
            .lengths()
            .to_vec()
    }

    #[test]
    fn runs_end_before_an_overflow() {
        let largest = [-128; 4];
        assert_eq!(lengths(&[largest; 5], 127), [1; 5]);
        assert_eq!(lengths(&[largest; 5], 63), [2, 2, 1]); // 2·63·2·128 = 32 256.
        assert_eq!(lengths(&[largest; 5], 64), [1; 5]); // 32 768 is one too many.
        // Signs do not cancel: an activation may be zero where the weight is negative.
        assert_eq!(
            lengths(&[[127, 0, 0, 0], [-127, 0, 0, 0], [127, 0, 0, 0]], 250),
            [2, 1]
        );
        // Either half of a quad may fill up.
        assert_eq!(lengths(&[[0, 0, 127, 0]; 3], 250), [1; 3]);
        assert_eq!(lengths(&[[0; 4]; 3], 255), [3]);
        assert_eq!(lengths(&[], 255), [0]);
    }
}
