//! Values of a product, a block of rows at a time, and their error.

use sim_array::engine::{Mse, StreamedOperands};
use sim_core::counters::ErrorSums;
use sim_core::shape::Gemm;
use sim_core::spec::Pe;
use sim_simd::integer::Kernels;

use super::components::{Residue, Rules, windows};
use super::error::error_sums;
use super::pattern::PatternProduct;
use super::pattern::sparse_pairs::SparsePairs;
use super::planned::Plans;
use super::sums::Sums;
use super::windowed::RowBlock;

/// The weights of a product, ready for any rows of activations.
pub(super) struct Multiplier {
    kernels: Kernels,
    shape: Gemm,
    mse: Mse,
    values: Values,
    /// What the machine adds to the exact product, `[rows, n]`; used with the error measured.
    residue: Vec<i32>,
}

enum Values {
    Sums(Box<Sums>),
    /// Coefficients picked by 2:4 weights.
    SparsePairs {
        pattern: Box<PatternProduct<SparsePairs>>,
        /// With the error measured.
        exact: Option<Box<Sums>>,
    },
}

impl Multiplier {
    /// Pack the weights of a product on a PE, which adds `residue` to the exact product.
    pub(super) fn new(
        kernels: Kernels,
        pe: Pe,
        residue: &Residue,
        operands: &StreamedOperands<'_>,
        mse: Mse,
    ) -> Self {
        let sums = |mse| Box::new(Sums::new(kernels, residue, operands, mse));
        let values = match Rules::of(pe) {
            Rules::Exact | Rules::TwoThreads(_) | Rules::FourThreads(_) | Rules::Neighbours(_) => {
                Values::Sums(sums(mse))
            }
            Rules::Picked(rules) => Values::SparsePairs {
                pattern: Box::new(PatternProduct::new(
                    SparsePairs::new(&windows(&rules)),
                    operands.weights(),
                    operands.shape().k(),
                )),
                exact: match mse {
                    Mse::Measure => Some(sums(Mse::Skip)),
                    Mse::Skip => None,
                },
            },
        };
        Self {
            kernels,
            shape: operands.shape(),
            mse,
            values,
            residue: Vec::new(),
        }
    }

    /// Take some rows, `[rows, k]`. This reads them in the order in which they lie; it comes before all that walks them by
    /// columns.
    pub(super) fn load(&mut self, block: RowBlock<'_>) {
        match &mut self.values {
            Values::Sums(sums) => sums.load_wide(self.kernels, block),
            Values::SparsePairs { exact, .. } => {
                if let Some(exact) = exact {
                    exact.load_wide(self.kernels, block);
                }
            }
        }
    }

    /// Write the outputs of the rows that were loaded, which are zeros before.
    ///
    /// - Shapes: `block` is `[rows, k]`, `outputs` is `[rows, n]`.
    /// - With plans, whose row is that of the first output, outputs that are skipped stay zeros.
    /// - Returns the error sums of the outputs that are computed; zeros where they are not measured.
    pub(super) fn multiply(
        &mut self,
        block: RowBlock<'_>,
        plans: Option<(Plans<'_>, usize)>,
        outputs: &mut [i32],
    ) -> ErrorSums {
        let n_rows = block.given.len() / self.shape.k();
        let n = self.shape.n();
        let clear_skipped = |values: &mut [i32]| {
            if let Some((plans, first)) = plans {
                plans.clear_skipped(first, n, values);
            }
        };
        match (&mut self.values, self.mse) {
            (Values::Sums(sums), Mse::Skip) => {
                sums.add_wide(self.kernels, outputs);
                sums.add_rest(self.kernels, block, outputs);
                clear_skipped(outputs);
                ErrorSums::default()
            }
            (Values::Sums(sums), Mse::Measure) => {
                sums.add_wide(self.kernels, outputs);
                clear_skipped(outputs);
                if sums.is_exact() {
                    return error_sums(self.kernels, outputs, &[]);
                }
                self.residue.clear();
                self.residue.resize(n_rows * self.shape.n(), 0);
                sums.add_rest(self.kernels, block, &mut self.residue);
                clear_skipped(&mut self.residue);
                let error = error_sums(self.kernels, outputs, &self.residue);
                for (output, residue) in outputs.iter_mut().zip(&self.residue) {
                    *output += residue;
                }
                error
            }
            (Values::SparsePairs { pattern, exact }, _) => {
                pattern.multiply(self.kernels, block.given, outputs);
                clear_skipped(outputs);
                let Some(exact) = exact else {
                    return ErrorSums::default();
                };
                let mut exact_outputs = vec![0; outputs.len()];
                exact.add_wide(self.kernels, &mut exact_outputs);
                clear_skipped(&mut exact_outputs);
                self.residue.clear();
                self.residue.extend(
                    outputs
                        .iter()
                        .zip(&exact_outputs)
                        .map(|(output, exact)| output - exact),
                );
                error_sums(self.kernels, &exact_outputs, &self.residue)
            }
        }
    }
}
