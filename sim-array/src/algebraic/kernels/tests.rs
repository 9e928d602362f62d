//! Every set of kernels against the same vectors.

use super::{Coefficients, Kernels, N_PANELS, PANEL_ROWS, Pair, TILE_COLS, TILE_ROWS, Tile};

/// A fixed sequence that reaches both ends of the operands' range.
fn values(seed: u32) -> impl FnMut() -> i16 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::try_from(state >> 23).expect("nine bits") - 255
    }
}

#[test]
fn tiles_agree() {
    for n_pairs in [0, 1, 2, 7, 300] {
        let mut next = values(1);
        let activations: Vec<[Pair; TILE_ROWS]> = (0..n_pairs)
            .map(|_| std::array::from_fn(|_| [next(), next()]))
            .collect();
        let weights: Vec<[Pair; TILE_COLS]> = (0..n_pairs)
            .map(|_| std::array::from_fn(|_| [next(), next()]))
            .collect();
        let mut want: Tile = [[5; TILE_COLS]; TILE_ROWS];
        for (r, row) in want.iter_mut().enumerate() {
            for (c, sum) in row.iter_mut().enumerate() {
                for (a, w) in activations.iter().zip(&weights) {
                    *sum += i32::from(a[r][0]) * i32::from(w[c][0]) + i32::from(a[r][1]) * i32::from(w[c][1]);
                }
            }
        }
        for kernels in Kernels::available() {
            let mut tile: Tile = [[5; TILE_COLS]; TILE_ROWS];
            kernels.tile(&activations, &weights, &mut tile);
            assert_eq!(tile, want, "{n_pairs} pairs");
        }
    }
}

#[test]
fn columns_agree() {
    for n_pairs in [1, 2, 4, 6] {
        for n_steps in [1, 3, 32] {
            let mut next = values(2);
            let panels: Vec<Coefficients> = (0..N_PANELS * n_steps * n_pairs)
                .map(|_| std::array::from_fn(|_| [next(), next()]))
                .collect();
            let weights: Vec<Pair> = (0..n_steps * n_pairs).map(|_| [next(), next()]).collect();
            // Picks above 15 keep their low four bits.
            let picks: Vec<u8> = (0..n_steps).map(|_| next().to_le_bytes()[0]).collect();
            let mut want = [-3; PANEL_ROWS];
            for (r, sum) in want.iter_mut().enumerate() {
                for step in 0..n_steps {
                    for pair in 0..n_pairs {
                        let panel = usize::from(picks[step] & 15);
                        let a = panels[(panel * n_steps + step) * n_pairs + pair][r];
                        let w = weights[step * n_pairs + pair];
                        *sum += i32::from(a[0]) * i32::from(w[0]) + i32::from(a[1]) * i32::from(w[1]);
                    }
                }
            }
            for kernels in Kernels::available() {
                let mut sums = [-3; PANEL_ROWS];
                kernels.column(&panels, &weights, &picks, &mut sums);
                assert_eq!(sums, want, "{n_pairs} pairs, {n_steps} steps");
            }
        }
    }
}

#[test]
fn fastest_is_the_last_available() {
    assert_eq!(
        std::mem::discriminant(&Kernels::fastest()),
        std::mem::discriminant(&Kernels::available().last().expect("portable at least"))
    );
}
