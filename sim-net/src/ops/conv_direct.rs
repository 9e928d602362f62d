//! Convolutions straight from padded maps, on processors with AVX2 and FMA.
//!
//! A matrix of patches would hold every element once for each tap. The sums are those of the other ways to the bit. That
//! of the matrix product: terms are fused into a sum in the order of K, and every [`BLOCK_K`] terms the sum is added to
//! the output. That of single channels: every term is rounded and added to the output.

use std::ops::Range;

use sim_core::patch::{Axis, Patches};
use sim_simd::fused::{FILTERS, HasFma, PIXELS};
use sim_simd::vectorized;

use crate::ops::conv::ConvPlan;

/// Terms of the matrix product that have a sum of their own.
const BLOCK_K: usize = 256;
/// Elements of a padded piece of the maps; they should stay in the cache.
const MAX_PATCH: usize = 1 << 17;

/// A convolution, ready for any image.
pub(super) struct Direct {
    found: HasFma,
    patches: Patches,
    kernel: [usize; 2],
    /// Rows and columns.
    output: [usize; 2],
    /// Output rows whose patch is made at a time.
    block_rows: usize,
    patch: Vec<f32>,
    /// Where each term of K is read for the first pixel.
    taps: Vec<usize>,
    /// `[filters, pixels]`, with what lies between two rows.
    sums: Vec<f32>,
}

impl Direct {
    /// For one group of a convolution; `None` where the processor lacks the instructions, and where the map is too large.
    pub(super) fn new(plan: &ConvPlan) -> Option<Self> {
        let found = HasFma::detect()?;
        let window = &plan.window;
        let axis = |axis: usize| {
            let (taps, dilation) = (window.kernel[axis], window.dilation[axis]);
            Axis::new(
                taps,
                dilation,
                window.stride[axis],
                window.before[axis],
                window.input[axis],
            )
        };
        let patches = Patches {
            n_channels: plan.channels / plan.groups,
            rows: axis(0),
            columns: axis(1),
        };
        let size = |n_rows| patches.patch(&(0..n_rows), &(0..window.output[1])).size();
        // Halving keeps the rows that neighbouring blocks share few.
        let mut block_rows = window.output[0];
        while 1 < block_rows && size(block_rows).is_none_or(|size| MAX_PATCH < size) {
            block_rows = block_rows.div_ceil(2);
        }
        size(block_rows).filter(|&size| size <= MAX_PATCH)?;
        Some(Self {
            found,
            kernel: window.kernel,
            output: window.output,
            block_rows,
            patches,
            patch: Vec::new(),
            taps: Vec::new(),
            sums: Vec::new(),
        })
    }

    /// Add the product of a group's channels, `[channels, rows, columns]`, with its weights, `[filters, k]`, to `output`,
    /// `[filters, rows, columns]`.
    pub(super) fn add(&mut self, input: &[f32], weight: &[f32], output: &mut [f32]) {
        let [n_rows, _] = self.output;
        for first in (0..n_rows).step_by(self.block_rows) {
            self.add_rows(first..n_rows.min(first + self.block_rows), input, weight, output);
        }
    }

    fn add_rows(&mut self, rows: Range<usize>, input: &[f32], weight: &[f32], output: &mut [f32]) {
        let [n_rows, n_columns] = self.output;
        let patch = self.patches.patch(&rows, &(0..n_columns));
        let pitch = patch.pitch();
        let k = self.patches.n_channels * self.kernel[0] * self.kernel[1];
        let n_filters = weight.len() / k;
        // The last pixels may be no pixels any more.
        let n_pixels = (rows.len() * pitch).next_multiple_of(PIXELS);
        let size = patch.size().unwrap_or(0);
        self.patch.resize(size + n_pixels, 0.0);
        patch.fill(input, 0.0, &mut self.patch[..size]);
        self.taps.clear();
        for channel in 0..self.patches.n_channels {
            for row in 0..self.kernel[0] {
                self.taps
                    .extend((0..self.kernel[1]).map(|column| patch.place(channel, row, column)));
            }
        }
        self.sums.resize(n_filters * n_pixels, 0.0);
        let compact =
            |filter: usize, row: usize| filter * n_rows * n_columns + (rows.start + row) * n_columns;
        for (filter, sums) in self.sums.chunks_exact_mut(n_pixels).enumerate() {
            for (row, sums) in sums.chunks_exact_mut(pitch).enumerate().take(rows.len()) {
                sums[..n_columns].copy_from_slice(&output[compact(filter, row)..][..n_columns]);
            }
        }
        if self.patches.n_channels == 1 {
            self.add_single(weight, n_pixels);
        } else {
            self.add_products(weight, n_pixels);
        }
        for (filter, sums) in self.sums.chunks_exact(n_pixels).enumerate() {
            for (row, sums) in sums.chunks_exact(pitch).enumerate().take(rows.len()) {
                output[compact(filter, row)..][..n_columns].copy_from_slice(&sums[..n_columns]);
            }
        }
    }

    /// A single channel: term by term, each rounded by itself.
    fn add_single(&mut self, weight: &[f32], n_pixels: usize) {
        let (patch, taps) = (&self.patch, &self.taps);
        let filters = self
            .sums
            .chunks_exact_mut(n_pixels)
            .zip(weight.chunks_exact(taps.len()));
        vectorized(
            #[inline(always)]
            || {
                for (sums, weights) in filters {
                    let (chunks, _) = sums.as_chunks_mut::<PIXELS>();
                    for (chunk, first) in chunks.iter_mut().zip((0..).step_by(PIXELS)) {
                        let mut sums = *chunk;
                        for (&tap, &w) in taps.iter().zip(weights) {
                            if let Some(pixels) = patch[tap + first..].first_chunk::<PIXELS>() {
                                for (sum, &x) in sums.iter_mut().zip(pixels) {
                                    *sum += w * x;
                                }
                            }
                        }
                        *chunk = sums;
                    }
                }
            },
        );
    }

    /// Several channels: as the matrix product sums them.
    fn add_products(&mut self, weight: &[f32], n_pixels: usize) {
        let k = self.taps.len();
        let n_filters = weight.len() / k;
        for (first_k, taps) in (0..k).step_by(BLOCK_K).zip(self.taps.chunks(BLOCK_K)) {
            for pixel in (0..n_pixels).step_by(PIXELS) {
                for first in (0..n_filters).step_by(FILTERS) {
                    let n_own = FILTERS.min(n_filters - first);
                    // Behind the last filter, it is summed again.
                    let weights = std::array::from_fn(|filter| {
                        &weight[(first + filter.min(n_own - 1)) * k + first_k..][..taps.len()]
                    });
                    let sums = &mut self.sums[first * n_pixels + pixel..];
                    self.found
                        .add_tile(&self.patch[pixel..], taps, weights, sums, n_own, n_pixels);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::window::KernelWindow;

    /// A plan of one image.
    fn plan(channels: usize, n_filters: usize, groups: usize, window: KernelWindow) -> ConvPlan {
        let [rows, columns] = window.output;
        ConvPlan {
            window,
            groups,
            channels,
            n_filters,
            output: vec![1, n_filters, rows, columns],
        }
    }

    fn window(
        input: [usize; 2],
        kernel: [usize; 2],
        stride: usize,
        dilation: usize,
        padding: usize,
    ) -> KernelWindow {
        let output =
            [0, 1].map(|axis| (input[axis] + 2 * padding - dilation * (kernel[axis] - 1) - 1) / stride + 1);
        KernelWindow {
            input,
            kernel,
            stride: [stride; 2],
            dilation: [dilation; 2],
            before: [padding; 2],
            after: [padding; 2],
            output,
        }
    }

    fn values(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(u16::try_from(state >> 16).expect("16 bits")) / 32_768.0 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn the_bits_are_those_of_the_matrix_product() {
        let windows = [
            window([9, 7], [3, 3], 1, 1, 1),
            window([14, 14], [3, 3], 2, 1, 1),
            window([8, 8], [1, 1], 2, 1, 0),
            window([13, 5], [5, 2], 3, 1, 2),
            window([11, 40], [3, 3], 1, 2, 2),
            window([1, 50], [1, 4], 1, 1, 0),
        ];
        for (channels, n_filters) in [(2, 1), (16, 16), (33, 6), (64, 9)] {
            for window in windows {
                let plan = plan(channels, n_filters, 1, window);
                let k = channels * window.kernel[0] * window.kernel[1];
                let input = values(channels * window.input[0] * window.input[1], 1);
                let weight = values(n_filters * k, 2);
                let n_pixels = window.output[0] * window.output[1];
                let mut found = values(n_filters * n_pixels, 3);
                let mut want = found.clone();
                // Any number of rows at a time.
                let Some(mut direct) = Direct::new(&plan) else {
                    return;
                };
                direct.block_rows = direct.block_rows.div_ceil(2);
                direct.add(&input, &weight, &mut found);
                crate::ops::conv_kernel::by_matrix(&plan.window, &input, &weight, &mut want);
                let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(
                    bits(&found),
                    bits(&want),
                    "{channels} channels, {n_filters} filters, {window:?}"
                );
            }
        }
    }
}
