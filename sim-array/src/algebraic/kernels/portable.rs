//! Kernels in plain Rust, for any processor.

use super::{Coefficients, N_PANELS, PANEL_ROWS, Pair, TILE_COLS, TILE_ROWS, Tile, pairs_per_step};

fn dot(a: Pair, b: Pair) -> i32 {
    i32::from(a[0]) * i32::from(b[0]) + i32::from(a[1]) * i32::from(b[1])
}

pub(super) fn tile(activations: &[[Pair; TILE_ROWS]], weights: &[[Pair; TILE_COLS]], tile: &mut Tile) {
    for (activations, weights) in activations.iter().zip(weights) {
        for (sums, &a) in tile.iter_mut().zip(activations) {
            for (sum, &w) in sums.iter_mut().zip(weights) {
                *sum += dot(a, w);
            }
        }
    }
}

pub(super) fn column(panels: &[Coefficients], weights: &[Pair], picks: &[u8], sums: &mut [i32; PANEL_ROWS]) {
    let n_pairs = pairs_per_step(panels, weights, picks);
    for (step, &pick) in picks.iter().enumerate() {
        let panel = usize::from(pick) % N_PANELS;
        let panel = &panels[(panel * picks.len() + step) * n_pairs..][..n_pairs];
        for (coefficients, &w) in panel.iter().zip(&weights[step * n_pairs..]) {
            for (sum, &a) in sums.iter_mut().zip(coefficients) {
                *sum += dot(a, w);
            }
        }
    }
}
