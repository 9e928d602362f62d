//! The products in plain Rust.

use super::{Cuts, PES_PER_GROUP, PlaneOperands, Words};

/// Add each PE's products to `sums`, `[row][column]` with rows filled up to whole groups.
pub(super) fn add_products<'a>(plane: &PlaneOperands<'a>, [cut_x, cut_w]: &[Cuts; 2], sums: &mut [i32]) {
    let n_cols = plane.n_groups * PES_PER_GROUP;
    for (row, sums) in sums.chunks_mut(n_cols).enumerate() {
        for pair in 0..plane.n_pairs {
            let forms = |words: &Words<'a>, cuts: &Cuts| {
                [0, cuts.n_forms() - 1].map(|form| words.row(form, pair, row, plane.n_beside * n_cols))
            };
            let (x, w) = (forms(&plane.activations, cut_x), forms(&plane.weights, cut_w));
            for (col, sum) in sums.iter_mut().enumerate() {
                let (group, bit) = (col / PES_PER_GROUP, col % PES_PER_GROUP);
                let is_cut = |cuts: &Cuts| {
                    if cuts.n_forms() == 1 {
                        [0; 2]
                    } else {
                        [0, 16].map(|lane| {
                            if cuts.rows(pair, group)[row] >> (lane + bit) & 1 == 1 {
                                1
                            } else {
                                0
                            }
                        })
                    }
                };
                let (is_cut_x, is_cut_w) = (is_cut(cut_x), is_cut(cut_w));
                for lane in 0..plane.n_beside {
                    let at = plane.n_beside * col + lane;
                    *sum += i32::from(x[is_cut_x[lane]][at]) * i32::from(w[is_cut_w[lane]][at]);
                }
            }
        }
    }
}
