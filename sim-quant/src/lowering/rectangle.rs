//! Rectangles of output pixels, and their rows of A.

use std::ops::Range;

use sim_simd::vectorized;

use super::transpose::{BLOCK, Pixel, Source};

/// Output pixels of one image: columns of rows.
#[derive(Clone, Debug)]
pub(super) struct Rectangle {
    pub(super) image: usize,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Rectangle {
    /// Of the first pixel, where rows are `pitch` apart.
    pub(super) const fn first(&self, pitch: usize) -> usize {
        self.rows.start * pitch + self.columns.start
    }
}

/// Write the pixels of a rectangle, the first of which reads `start` bytes behind the taps, and whose rows are `pitch` bytes
/// apart, a block at a time.
///
/// Blocks run on over the ends of rows: what lies between two rows is read with them and left out.
pub(super) fn write_rectangle(
    source: Source<'_>,
    rectangle: &Rectangle,
    pitch: usize,
    start: usize,
    lowered: &mut [u8],
) {
    let (n_rows, n_columns) = (rectangle.rows.len(), rectangle.columns.len());
    vectorized(
        #[inline(always)]
        || {
            let mut pixels = [Pixel { lane: 0, to: 0 }; BLOCK];
            let (mut row, mut column) = (0, 0);
            let mut to = 0;
            while row < n_rows {
                if n_columns <= column {
                    (row, column) = (row + 1, 0);
                    continue;
                }
                let first = start + row * pitch + column;
                let mut n_pixels = 0;
                for lane in 0..BLOCK {
                    if row < n_rows && column < n_columns {
                        pixels[n_pixels] = Pixel { lane, to };
                        n_pixels += 1;
                        to += source.k();
                    }
                    column += 1;
                    if column == pitch {
                        (row, column) = (row + 1, 0);
                    }
                }
                source.write(first, &pixels[..n_pixels], lowered);
            }
        },
    );
}
