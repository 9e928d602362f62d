//! Sums of squares over outputs.

use sim_core::counters::ErrorSums;
use sim_simd::integer::Kernels;

/// Error sums of some outputs: `residue` is what a machine adds to `exact`; empty where it adds nothing.
pub(super) fn error_sums(kernels: Kernels, exact: &[i32], residue: &[i32]) -> ErrorSums {
    kernels.vectorized(
        #[inline(always)]
        || ErrorSums {
            squared_error: sum_of_squares(residue),
            squared_exact: sum_of_squares(exact),
        },
    )
}

/// Low and high halves of the squares are summed apart: neither sum can overflow, and vectors can do it.
#[inline(always)]
fn sum_of_squares(values: &[i32]) -> u128 {
    let low_half = u64::from(u32::MAX);
    let (mut low, mut high) = (0_u64, 0_u64);
    for value in values {
        let magnitude = u64::from(value.unsigned_abs());
        let square = magnitude * magnitude;
        low += square & low_half;
        high += square >> 32;
    }
    u128::from(low) + (u128::from(high) << 32)
}
