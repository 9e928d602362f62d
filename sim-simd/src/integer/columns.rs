//! Rows of outputs, read by columns.

use super::{Kernels, PANEL_ROWS, Panel, TILE_COLS};

/// Rows that [`each_column`] takes at most.
pub const ROWS_TRANSPOSED: usize = PANEL_ROWS;

/// Show `see` every column of some rows of outputs, `[rows, n_cols]`: its number, and its outputs with anything behind
/// the last.
///
/// # Panics
/// Where there are more than [`ROWS_TRANSPOSED`] rows.
#[inline(always)]
pub fn each_column(rows: &[i32], n_cols: usize, mut see: impl FnMut(usize, &[i32; ROWS_TRANSPOSED])) {
    let kernels = Kernels::fastest();
    let mut slices: [&[i32]; PANEL_ROWS] = [&[]; PANEL_ROWS];
    let n_rows = rows.len() / n_cols;
    let mut columns = [Panel([0; PANEL_ROWS]); TILE_COLS];
    for first in (0..n_cols).step_by(TILE_COLS) {
        let width = TILE_COLS.min(n_cols - first);
        for (slice, row) in slices.iter_mut().zip(rows.chunks_exact(n_cols)) {
            *slice = &row[first..first + width];
        }
        kernels.transpose(&slices[..n_rows], &mut columns[..width]);
        for (col, Panel(outputs)) in (first..).zip(&columns[..width]) {
            see(col, outputs);
        }
    }
}
