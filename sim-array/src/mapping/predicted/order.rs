//! In which order pixels and channels are dealt to tiles.

use std::cmp::Reverse;

use sim_core::mutant::{self, Mutant};
use sim_core::prediction::{ChannelOrder, PixelOrder};

/// The map of one image's outputs: H×W pixels, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputMap {
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
}

/// All pixels of a product, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelSequence(Vec<usize>);

impl PixelSequence {
    /// The pixels of `n_images` folded images (1 for an image by itself), one image after the other.
    ///
    /// - Blocks are h×(R/h) pixels of the map for an array of `rows` = R rows: h is the largest power of two with h² ≤ R
    ///   that divides R. Blocks, and pixels in a block, are in raster order; the border cuts blocks.
    pub fn new(order: PixelOrder, map: OutputMap, n_images: usize, rows: usize) -> Self {
        let OutputMap { height, width } = map;
        let (block_height, block_width) = match order {
            PixelOrder::Raster => (height, width),
            PixelOrder::Block => block(rows),
        };
        let starts = |length: usize, step: usize| (0..length).step_by(step.max(1));
        let of_image = move |image: usize| {
            starts(height, block_height).flat_map(move |top| {
                starts(width, block_width).flat_map(move |left| {
                    let (bottom, right) = ((top + block_height).min(height), (left + block_width).min(width));
                    (top..bottom)
                        .flat_map(move |y| (left..right).map(move |x| (image * height + y) * width + x))
                })
            })
        };
        Self((0..n_images).flat_map(of_image).collect())
    }

    /// Pixels by their place in M.
    pub fn as_slice(&self) -> &[usize] {
        &self.0
    }
}

/// Height and width of the blocks of an array of so many rows.
fn block(rows: usize) -> (usize, usize) {
    let powers = std::iter::successors(Some(1_usize), |height| height.checked_mul(2));
    let height = powers
        .take_while(|height| height * height <= rows)
        .filter(|&height| rows.is_multiple_of(height))
        .last()
        .unwrap_or(1);
    (height, rows / height)
}

/// All channels of a product, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSequence(Vec<usize>);

impl ChannelSequence {
    /// The channels of a product, or of a group of its convolution.
    ///
    /// - `n_kept_free`: by channel, kept outputs of free pixels over the calibration images, or over the images themselves
    ///   where there are none ([`PredictedOutputs::n_kept_free_by_channel`](super::PredictedOutputs::n_kept_free_by_channel),
    ///   summed). Its length is N; the natural order needs no more of it.
    pub fn new(order: ChannelOrder, n_kept_free: &[u64]) -> Self {
        let mut channels: Vec<usize> = (0..n_kept_free.len()).collect();
        match order {
            ChannelOrder::Natural => {}
            // Stable: equal counts stay as they were.
            ChannelOrder::Density if mutant::is_on(Mutant::DensityAscending) => {
                channels.sort_by_key(|&channel| n_kept_free[channel]);
            }
            ChannelOrder::Density => channels.sort_by_key(|&channel| Reverse(n_kept_free[channel])),
        }
        Self(channels)
    }

    /// Channels by their place in N.
    pub fn as_slice(&self) -> &[usize] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_the_rows_of_the_array() {
        let rows = [1, 2, 3, 4, 6, 7, 8, 12, 16, 24, 32, 48, 64, 1024];
        let blocks = [
            (1, 1),
            (1, 2),
            (1, 3),
            (2, 2),
            (2, 3),
            (1, 7),
            (2, 4),
            (2, 6),
            (4, 4),
            (4, 6),
            (4, 8),
            (4, 12),
            (8, 8),
            (32, 32),
        ];
        assert_eq!(rows.map(block), blocks);
    }

    #[test]
    fn the_border_cuts_blocks_and_images_follow_one_another() {
        let map = OutputMap { height: 3, width: 3 };
        let blocks = PixelSequence::new(PixelOrder::Block, map, 2, 4);
        let of_one = [0, 1, 3, 4, 2, 5, 6, 7, 8];
        let of_both: Vec<usize> = of_one.into_iter().chain(of_one.map(|pixel| pixel + 9)).collect();
        assert_eq!(blocks.as_slice(), of_both);
        let raster = PixelSequence::new(PixelOrder::Raster, map, 2, 4);
        assert!(raster.as_slice().iter().copied().eq(0..18));
    }

    #[test]
    fn dense_channels_come_first_and_equal_ones_stay() {
        let counts = [2, 5, 0, 5, 2];
        let channels = |order| ChannelSequence::new(order, &counts).0;
        assert_eq!(channels(ChannelOrder::Natural), [0, 1, 2, 3, 4]);
        assert_eq!(channels(ChannelOrder::Density), [1, 3, 0, 4, 2]);
    }
}
