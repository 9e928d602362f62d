//! Outputs that are summed by columns of a panel of rows, and rows turned into panels.

use sim_simd::integer::{Kernels, PANEL_ROWS, QuadPanel, TILE_COLS, TileWords};

use super::packed::add_sums;

/// Sums of one column over the rows of a panel.
pub(super) type ColumnSums = [i32; PANEL_ROWS];

/// Add sums, `[cols, PANEL_ROWS]`, to the outputs of at most [`PANEL_ROWS`] rows, `[rows, cols]`.
pub(super) fn add_columns(kernels: Kernels, sums: &[ColumnSums], outputs: &mut [i32]) {
    let n_cols = sums.len();
    for (first, group) in (0..n_cols).step_by(TILE_COLS).zip(sums.chunks(TILE_COLS)) {
        add_tile_columns(kernels, group, first, n_cols, outputs);
    }
}

/// Add the sums of a tile's columns, from column `first` on; those beyond the last of `n_cols` are of no account.
pub(super) fn add_tile_columns(
    kernels: Kernels,
    sums: &[ColumnSums],
    first: usize,
    n_cols: usize,
    outputs: &mut [i32],
) {
    let mut columns: [&[i32]; TILE_COLS] = [&[0; PANEL_ROWS]; TILE_COLS];
    for (column, sums) in columns.iter_mut().zip(sums) {
        *column = sums;
    }
    let mut rows = [TileWords([0; TILE_COLS]); PANEL_ROWS];
    kernels.transpose(&columns, &mut rows);
    let width = TILE_COLS.min(n_cols - first);
    for (outputs, TileWords(sums)) in outputs.chunks_mut(n_cols).zip(&rows) {
        add_sums(&mut outputs[first..][..width], sums);
    }
}

/// Turn rows of bytes into panels of four bytes each. There are at most [`PANEL_ROWS`] rows, all as long as the panels
/// need.
pub(super) fn quad_panels<'r>(
    kernels: Kernels,
    rows: impl Iterator<Item = &'r [u8]>,
    panels: &mut [QuadPanel],
) {
    let mut quads: [&[[u8; 4]]; PANEL_ROWS] = [&[]; PANEL_ROWS];
    let mut n_rows = 0;
    for (slot, row) in quads.iter_mut().zip(rows) {
        (*slot, _) = row.as_chunks::<4>();
        n_rows += 1;
    }
    kernels.transpose(&quads[..n_rows], panels);
}
