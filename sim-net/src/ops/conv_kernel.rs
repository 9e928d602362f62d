//! The arithmetic of convolutions: straight from the map, by columns of patches and a matrix product, or tap by tap for
//! single channels.

use crate::ops::conv::ConvPlan;
use crate::ops::conv_direct::Direct;
use crate::ops::window::KernelWindow;
use sim_simd::sgemm::{Matrix, multiply};

/// Elements of the columns that are made at a time; they should stay in the cache.
const MAX_COLUMNS: usize = 1 << 18;

/// What goes straight from the map gives the bits of the matrix product.
///
/// `[images, filters, …]` as one vector of `n_elements`.
pub(super) fn convolve(
    plan: &ConvPlan,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    n_elements: usize,
) -> Vec<f32> {
    let mut output = vec![0.0; n_elements];
    let n_pixels = plan.window.output[0] * plan.window.output[1];
    let n_inputs = plan.window.input[0] * plan.window.input[1];
    let (per_group, filters) = (plan.channels / plan.groups, plan.n_filters / plan.groups);
    let k = per_group * plan.window.kernel[0] * plan.window.kernel[1];
    if n_elements == 0 {
        return output;
    }
    if let Some(bias) = bias {
        for (index, map) in output.chunks_exact_mut(n_pixels).enumerate() {
            map.fill(bias[index % plan.n_filters]);
        }
    }
    let mut direct = Direct::new(plan);
    for (image, output) in output.chunks_exact_mut(plan.n_filters * n_pixels).enumerate() {
        for (group, output) in output.chunks_exact_mut(filters * n_pixels).enumerate() {
            let input =
                &input[(image * plan.channels + group * per_group) * n_inputs..][..per_group * n_inputs];
            let weight = &weight[group * filters * k..][..filters * k];
            if is_plain(&plan.window) && per_group != 1 {
                let maps = Matrix::row_major(input, n_pixels);
                multiply(
                    (filters, k, n_pixels),
                    Matrix::row_major(weight, k),
                    maps,
                    1.0,
                    output,
                    n_pixels,
                );
            } else if let Some(direct) = &mut direct {
                direct.add(input, weight, output);
            } else if per_group == 1 {
                for (filter, output) in output.chunks_exact_mut(n_pixels).enumerate() {
                    add_taps(&plan.window, input, &weight[filter * k..][..k], output);
                }
            } else {
                by_matrix(&plan.window, input, weight, output);
            }
        }
    }
    output
}

/// Add the product of a group by a matrix of its patches, some rows at a time.
pub(super) fn by_matrix(window: &KernelWindow, input: &[f32], weight: &[f32], output: &mut [f32]) {
    let [rows, columns] = window.output;
    let n_pixels = rows * columns;
    let filters = output.len() / n_pixels;
    let k = weight.len() / filters;
    let block = (MAX_COLUMNS / (k * columns).max(1)).max(1);
    let mut patches = Vec::new();
    for first in (0..rows).step_by(block) {
        let last = rows.min(first + block);
        let n_block = (last - first) * columns;
        lower(window, input, first..last, &mut patches);
        let (a, b) = (Matrix::row_major(weight, k), Matrix::row_major(&patches, n_block));
        let output = &mut output[first * columns..];
        multiply((filters, k, n_block), a, b, 1.0, output, n_pixels);
    }
}

/// Whether each pixel reads just itself: then the maps are the matrix.
fn is_plain(window: &KernelWindow) -> bool {
    window.kernel == [1; 2] && window.stride == [1; 2] && window.before == [0; 2] && window.after == [0; 2]
}

/// Positions along one axis whose `tap` is inside of the input, and where the first of them reads.
fn inside(window: &KernelWindow, axis: usize, tap: usize) -> (std::ops::Range<usize>, usize) {
    let (stride, before) = (window.stride[axis], window.before[axis]);
    let offset = tap * window.dilation[axis];
    // position · stride + offset - before is in 0..input.
    let first = before
        .saturating_sub(offset)
        .div_ceil(stride)
        .min(window.output[axis]);
    let end = (window.input[axis] + before)
        .saturating_sub(offset)
        .div_ceil(stride);
    let end = end.clamp(first, window.output[axis]);
    let start = (first * stride + offset).saturating_sub(before);
    (first..end, start)
}

/// One row per (channel, kernel row, kernel column), one column per output pixel in these output rows.
fn lower(window: &KernelWindow, input: &[f32], rows: std::ops::Range<usize>, patches: &mut Vec<f32>) {
    patches.clear();
    let [n_rows, n_columns] = window.input;
    for map in input.chunks_exact(n_rows * n_columns) {
        for row_tap in 0..window.kernel[0] {
            let (real_rows, first_row) = inside(window, 0, row_tap);
            for column_tap in 0..window.kernel[1] {
                let (real_columns, first_column) = inside(window, 1, column_tap);
                for position in rows.clone() {
                    if !real_rows.contains(&position) || real_columns.is_empty() {
                        patches.resize(patches.len() + window.output[1], 0.0);
                        continue;
                    }
                    let row = first_row + (position - real_rows.start) * window.stride[0];
                    let from = &map[row * n_columns + first_column..(row + 1) * n_columns];
                    patches.resize(patches.len() + real_columns.start, 0.0);
                    if window.stride[1] == 1 {
                        patches.extend_from_slice(&from[..real_columns.len()]);
                    } else {
                        patches.extend(from.iter().step_by(window.stride[1]).take(real_columns.len()));
                    }
                    patches.resize(patches.len() + window.output[1] - real_columns.end, 0.0);
                }
            }
        }
    }
}

/// Add a filter over a single channel to its output.
fn add_taps(window: &KernelWindow, map: &[f32], weight: &[f32], output: &mut [f32]) {
    let n_columns = window.input[1];
    for (tap, &w) in weight.iter().enumerate() {
        let (real_rows, first_row) = inside(window, 0, tap / window.kernel[1]);
        let (real_columns, first_column) = inside(window, 1, tap % window.kernel[1]);
        if real_columns.is_empty() {
            continue;
        }
        for (step, position) in real_rows.enumerate() {
            let row = first_row + step * window.stride[0];
            let from = &map[row * n_columns + first_column..(row + 1) * n_columns];
            let to = &mut output[position * window.output[1]..][real_columns.clone()];
            if window.stride[1] == 1 {
                to.iter_mut().zip(from).for_each(|(y, &x)| *y += w * x);
            } else {
                to.iter_mut()
                    .zip(from.iter().step_by(window.stride[1]))
                    .for_each(|(y, &x)| *y += w * x);
            }
        }
    }
}
