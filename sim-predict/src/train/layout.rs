//! Maps of a batch, one behind the other, padded such that a filter runs over them as over a single row.

use std::ops::Range;

use crate::mask::MaskType;
use crate::predictor::{SIZE, TAPS};
use crate::train::kernels::LANES;

/// Where the pixels of a map are: a zero stands behind every row, a row of zeros behind the last one.
///
/// A filter that runs over the zeros as well gives numbers there that mean nothing; whoever reads them multiplies with
/// [`Layout::inside`] or [`Layout::free`].
pub(super) struct Layout {
    rows: usize,
    columns: usize,
    /// From a row to the next.
    pitch: usize,
    /// From a map to the next: a multiple of [`LANES`].
    pub(super) block: usize,
    /// Where in a window the pixel under each tap of a filter is.
    pub(super) taps: [usize; TAPS],
    /// By place in a block: 1 for pixels of the map, 0 for padding.
    pub(super) inside: Vec<f32>,
    /// 1 for pixels that are computed first.
    first: Vec<f32>,
    /// 1 for the other pixels of the map.
    pub(super) free: Vec<f32>,
}

impl Layout {
    /// Of maps with rows and columns.
    pub(super) fn new(mask: MaskType, [rows, columns]: [usize; 2]) -> Self {
        let pitch = columns + 1;
        let block = ((rows + 1) * pitch).next_multiple_of(LANES);
        let (mut inside, mut first) = (vec![0.0; block], vec![0.0; block]);
        for row in 0..rows {
            inside[row * pitch..][..columns].fill(1.0);
            for column in (0..columns).filter(|&column| mask.is_first(row, column)) {
                first[row * pitch + column] = 1.0;
            }
        }
        let free = inside.iter().zip(&first).map(|(inside, first)| inside - first);
        Self {
            rows,
            columns,
            pitch,
            block,
            taps: std::array::from_fn(|tap| tap / SIZE * pitch + tap % SIZE),
            free: free.collect(),
            inside,
            first,
        }
    }

    /// Zeros in front of the first map and behind the last one: what a filter reads beyond them.
    const fn lead(&self) -> usize {
        self.pitch + 1
    }

    /// Numbers of a batch that a filter reads.
    pub(super) const fn padded_len(&self, n_images: usize) -> usize {
        n_images * self.block + 2 * self.lead()
    }

    /// What a filter reads of an image.
    pub(super) const fn window(&self, image: usize) -> Range<usize> {
        image * self.block..(image + 1) * self.block + 2 * self.lead()
    }

    /// The image itself among what a filter reads.
    pub(super) const fn own(&self, image: usize) -> Range<usize> {
        let start = self.lead() + image * self.block;
        start..start + self.block
    }

    /// Put a map into its block twice: what the predictor sees of it, and what it is to say, 1 where a value is above 0.
    /// Padding is not written.
    #[inline(always)]
    pub(super) fn spread(&self, map: &[f32], seen: &mut [f32], wanted: &mut [f32]) {
        for row in 0..self.rows {
            let map = &map[row * self.columns..][..self.columns];
            let at = row * self.pitch..row * self.pitch + self.columns;
            let first = &self.first[at.clone()];
            let (seen, wanted) = (&mut seen[at.clone()], &mut wanted[at]);
            for (((seen, wanted), &x), &first) in seen.iter_mut().zip(wanted).zip(map).zip(first) {
                *seen = if first == 0.0 { 0.0 } else { x };
                *wanted = if 0.0 < x { 1.0 } else { 0.0 };
            }
        }
    }
}
