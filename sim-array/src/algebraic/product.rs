//! Values of a whole product, and their error.

use sim_core::counters::ErrorSums;
use sim_core::spec::Pe;

use super::dense::Dense;
use super::kernels::Kernels;
use super::panels::Panels;
use super::plan::{Plan, Term};
use crate::engine::{Mse, Operands};

/// C, `[m, n]`, and its error sums where asked for.
pub(super) fn product(
    kernels: Kernels,
    pe: Pe,
    operands: &Operands<'_>,
    mse: Mse,
) -> (Vec<i32>, Option<ErrorSums>) {
    let plan = Plan::new(pe);
    let exact_term = Term::exact();
    let zeros = || vec![0; operands.shape().m() * operands.shape().n()];
    let dense = |n_threads, terms| Dense::new(kernels, operands, n_threads, terms);
    let exact = || {
        let mut exact = zeros();
        dense(1, vec![&exact_term]).add_to(&mut exact);
        exact
    };
    let exact_if_measured = || match mse {
        Mse::Measure => Some(exact()),
        Mse::Skip => None,
    };
    let (product, exact) = match &plan {
        Plan::Exact => {
            let product = exact();
            let error = match mse {
                Mse::Measure => Some(error_sums(&product, &product)),
                Mse::Skip => None,
            };
            return (product, error);
        }
        Plan::Corrected { term, n_threads } => match exact_if_measured() {
            Some(exact) => {
                let mut product = exact.clone();
                dense(*n_threads, vec![term]).add_to(&mut product);
                (product, Some(exact))
            }
            None => {
                let mut product = zeros();
                dense(*n_threads, vec![&exact_term, term]).add_to(&mut product);
                (product, None)
            }
        },
        Plan::Replaced(term) => {
            let mut product = zeros();
            dense(1, vec![term]).add_to(&mut product);
            (product, exact_if_measured())
        }
        Plan::FourThreads(rule) => {
            let mut product = zeros();
            Panels::new(kernels, operands, rule).add_to(&mut product);
            (product, exact_if_measured())
        }
        Plan::SparsePairs(rule) => {
            let mut product = zeros();
            Panels::new(kernels, operands, rule).add_to(&mut product);
            (product, exact_if_measured())
        }
    };
    let error = exact.map(|exact| error_sums(&exact, &product));
    (product, error)
}

/// Error sums of some outputs.
fn error_sums(exact: &[i32], outputs: &[i32]) -> ErrorSums {
    let squared = |value: i64| {
        let magnitude = u128::from(value.unsigned_abs());
        magnitude * magnitude
    };
    let mut sums = ErrorSums::default();
    for (&exact, &output) in exact.iter().zip(outputs) {
        sums.squared_error += squared(i64::from(output) - i64::from(exact));
        sums.squared_exact += squared(i64::from(exact));
    }
    sums
}
