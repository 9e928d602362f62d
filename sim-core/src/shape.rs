//! Shapes of products and of their tiles.

use serde::{Deserialize, Serialize};

/// One matrix product `C[m, n] = A[m, k] · W[n, k]ᵀ`; no dimension is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gemm {
    m: usize,
    n: usize,
    k: usize,
}

/// A product with an empty dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{dimension} is zero: a product needs M, N and K of at least 1")]
pub struct EmptyDimension {
    /// `M`, `N` or `K`.
    pub dimension: &'static str,
}

impl Gemm {
    /// A product of `m` rows of activations, `n` rows of weights and `k` terms each.
    pub fn new(m: usize, n: usize, k: usize) -> Result<Self, EmptyDimension> {
        for (dimension, size) in [("M", m), ("N", n), ("K", k)] {
            if size == 0 {
                return Err(EmptyDimension { dimension });
            }
        }
        Ok(Self { m, n, k })
    }

    /// Output pixels.
    pub const fn m(self) -> usize {
        self.m
    }

    /// Output channels.
    pub const fn n(self) -> usize {
        self.n
    }

    /// Terms of each output.
    pub const fn k(self) -> usize {
        self.k
    }

    /// M·N.
    pub const fn n_outputs(self) -> u64 {
        widen(self.m) * widen(self.n)
    }

    /// M·N·K, zeros included.
    pub const fn macs(self) -> u64 {
        self.n_outputs() * widen(self.k)
    }
}

/// A size as a counter; lossless on every supported target.
#[expect(
    clippy::as_conversions,
    reason = "usize is at most 64 bits wide on every supported target"
)]
pub const fn widen(size: usize) -> u64 {
    size as u64
}

/// A size that multiplies; `None` where it leaves `usize`.
pub fn checked_product(sizes: &[usize]) -> Option<usize> {
    sizes
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
}
