//! Exact sums of products of small integers, by FP32 products.
//!
//! FP32 holds every integer up to 2^24, so a product is exact in any order of its sums as long as none of them can be
//! larger. Where one could, the left operand is cut into digits, each with a product of its own.

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor};

use crate::ops::fault::Fault;
use crate::ops::number::int64_of_float;

/// The integers up to which all are FP32 numbers.
const EXACT: f32 = 16_777_216.0;

/// Bits of the magnitude of a code less its zero point.
const BITS: u32 = 8;

/// Sums of products, an array of `shape`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<i64>,
}

impl Sums {
    /// As the 32 bits of an accumulator hold them.
    pub(crate) fn into_int32(self) -> Result<IntTensor, Fault> {
        let data = self
            .data
            .into_iter()
            .map(|sum| IntKind::Int32.wrap(sum))
            .collect();
        Ok(IntTensor::new(self.shape, data, IntKind::Int32)?)
    }
}

/// Σ |x|.
pub(crate) fn magnitude(values: &[f32]) -> f32 {
    values.iter().map(|x| x.abs()).sum()
}

/// The sums of `product`, which is linear in what it is given.
///
/// - `left`: integers in −255..=255.
/// - `largest`: the largest sum of the magnitudes of the integers that one output is multiplied with.
/// - Errors: sums that 32 bits do not hold.
pub(crate) fn exact(
    left: &Tensor,
    largest: f32,
    product: impl Fn(Tensor) -> Result<Tensor, Fault>,
) -> Result<Sums, Fault> {
    let fits = |bits: &u32| largest * (exp2(*bits) - 1.0) < EXACT;
    let bits = (1..=BITS).rev().find(fits).ok_or(Fault::Accumulator)?;
    let mut sums = Sums {
        shape: Vec::new(),
        data: Vec::new(),
    };
    for first in (0..BITS).step_by(usize::try_from(bits).unwrap_or(1)) {
        let (place, base) = (exp2(first), exp2(bits));
        // Towards zero, so that a digit has the sign of its number.
        let digit = |x: f32| {
            let shifted = (x / place).trunc();
            shifted - (shifted / base).trunc() * base
        };
        let digits = if bits == BITS {
            left.clone()
        } else {
            Tensor::new(left.shape.clone(), left.data.iter().map(|&x| digit(x)).collect())?
        };
        let Tensor { shape, data } = product(digits)?;
        sums.shape = shape;
        sums.data.resize(data.len(), 0);
        for (sum, part) in sums.data.iter_mut().zip(data) {
            *sum += int64_of_float(part) << first;
        }
    }
    Ok(sums)
}

/// 2^`power`, for the few bits of a code.
fn exp2(power: u32) -> f32 {
    f32::from(1_u16 << power)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One output: the sum of all, each times `weight`.
    #[track_caller]
    fn check(values: &[i16], weight: i16, want_products: usize) {
        let left = Tensor::new(vec![values.len()], values.iter().map(|&x| f32::from(x)).collect())
            .expect("a vector");
        let n_products = std::cell::Cell::new(0);
        let product = |digit: Tensor| {
            n_products.set(n_products.get() + 1);
            let sum: f32 = digit.data.iter().map(|x| x * f32::from(weight)).sum();
            Ok(Tensor::new(vec![1], vec![sum])?)
        };
        let largest = magnitude(&vec![f32::from(weight); values.len()]);
        let found = exact(&left, largest, product).expect("sums");
        let want: i64 = values.iter().map(|&x| i64::from(x) * i64::from(weight)).sum();
        assert_eq!(found.data, [want], "{} times {weight}", values.len());
        assert_eq!(n_products.get(), want_products);
    }

    #[test]
    fn sums_are_exact_where_one_product_is_not() {
        check(&[255, -255, 3], -255, 1);
        check(&vec![255; 258], 255, 1);
        check(&vec![255; 259], 255, 2);
        check(&vec![-255; 4387], 255, 3);
        let mixed: Vec<i16> = (0..8000).map(|x| x % 511 - 255).collect();
        check(&mixed, -127, 2);
        check(&vec![253; 65_000], 255, 8);
    }

    #[test]
    fn sums_that_an_accumulator_does_not_hold_are_refused() {
        let left = Tensor::new(vec![1], vec![1.0]).expect("a vector");
        let fault = exact(&left, EXACT, |_| Ok(Tensor::default())).expect_err("is too large");
        assert_eq!(fault.to_string(), "sums of its products do not fit 32 bits");
    }
}
