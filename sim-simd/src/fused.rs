//! Sums of FP32 products, each term fused into its sum: a tile of filters and pixels.

/// Filters of a tile.
pub const FILTERS: usize = 4;
/// Pixels of a tile.
pub const PIXELS: usize = 24;

/// Proof that this processor has AVX2 and FMA; only [`HasFma::detect`] makes one.
#[derive(Clone, Copy)]
pub struct HasFma(());

#[cfg(target_arch = "x86_64")]
impl HasFma {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    /// Add what pixels that read `patch` at `taps` and behind sum up, with a weight for each tap, to `sums`, for the
    /// first `n_filters` filters, whose sums are `stride` apart.
    pub fn add_tile(
        self,
        patch: &[f32],
        taps: &[usize],
        weights: [&[f32]; FILTERS],
        sums: &mut [f32],
        n_filters: usize,
        stride: usize,
    ) {
        #[expect(unsafe_code, reason = "a function that needs AVX2 and FMA")]
        // SAFETY: `self` exists, so the processor has both.
        unsafe {
            add_tile(patch, taps, weights, sums, n_filters, stride);
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl HasFma {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        None
    }

    /// Nothing: there is no proof on this processor.
    pub fn add_tile(
        self,
        _patch: &[f32],
        _taps: &[usize],
        _weights: [&[f32]; FILTERS],
        _sums: &mut [f32],
        _n_filters: usize,
        _stride: usize,
    ) {
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn add_tile(
    patch: &[f32],
    taps: &[usize],
    weights: [&[f32]; FILTERS],
    sums: &mut [f32],
    n_filters: usize,
    stride: usize,
) {
    use std::arch::x86_64::{
        _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    };

    const LANES: usize = 8;
    const VECTORS: usize = PIXELS / LANES;

    let [a, b, c, d] = weights.map(|weights| &weights[..taps.len()]);
    let mut own = [[_mm256_setzero_ps(); VECTORS]; FILTERS];
    for (index, &tap) in taps.iter().enumerate() {
        let (pixels, _) = patch[tap..tap + PIXELS].as_chunks::<LANES>();
        #[expect(unsafe_code, reason = "vector loads")]
        // SAFETY: each chunk holds as many values as a vector.
        let pixels: [_; VECTORS] =
            std::array::from_fn(|vector| unsafe { _mm256_loadu_ps(pixels[vector].as_ptr()) });
        for (own, weight) in own.iter_mut().zip([a[index], b[index], c[index], d[index]]) {
            let weight = _mm256_set1_ps(weight);
            for (sum, pixels) in own.iter_mut().zip(pixels) {
                *sum = _mm256_fmadd_ps(weight, pixels, *sum);
            }
        }
    }
    for (sums, own) in sums.chunks_mut(stride).zip(own).take(n_filters) {
        let (chunks, _) = sums.as_chunks_mut::<LANES>();
        for (chunk, own) in chunks.iter_mut().zip(own) {
            #[expect(unsafe_code, reason = "vector loads and stores")]
            // SAFETY: the chunk holds as many values as a vector.
            unsafe {
                let sum = _mm256_add_ps(_mm256_loadu_ps(chunk.as_ptr()), own);
                _mm256_storeu_ps(chunk.as_mut_ptr(), sum);
            }
        }
    }
}
