//! Sums of products of bytes, kept side by side: adding them up is left for the end.
#![expect(
    unsafe_code,
    reason = "intrinsics of a feature that was detected, and loads and stores of whole vectors"
)]

use crate::HasAvx2;

/// Bytes that are multiplied at a time.
pub const N_BYTES: usize = 32;
/// Sums side by side; each takes four products at a time.
const N_SUMS: usize = 8;

/// A sum under way. It holds some 150 000 additions of products as large as they may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteSum([i32; N_SUMS]);

impl ByteSum {
    /// Nothing.
    pub const ZERO: Self = Self([0; N_SUMS]);

    /// Add counts times factors, which are at most 64, so that two products fit 16 bits with a sign. Inlined into code that
    /// was compiled for AVX2 where there is proof of it.
    #[inline(always)]
    pub fn add_products(&mut self, avx2: Option<HasAvx2>, counts: &[u8; N_BYTES], factors: &[u8; N_BYTES]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(found) = avx2 {
            return self.add_vectors(found, counts, factors);
        }
        let _ = avx2;
        for (index, sum) in self.0.iter_mut().enumerate() {
            for byte in 4 * index..4 * index + 4 {
                *sum += i32::from(counts[byte]) * i32::from(factors[byte]);
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn add_vectors(&mut self, _found: HasAvx2, counts: &[u8; N_BYTES], factors: &[u8; N_BYTES]) {
        use std::arch::x86_64::{
            __m256i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
            _mm256_set1_epi16, _mm256_storeu_si256,
        };
        // SAFETY: the processor has AVX2. All three are vectors of 32 bytes, and nothing asks for alignment.
        unsafe {
            let counts = _mm256_loadu_si256(counts.as_ptr().cast::<__m256i>());
            let factors = _mm256_loadu_si256(factors.as_ptr().cast::<__m256i>());
            let pairs = _mm256_maddubs_epi16(counts, factors);
            let quads = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
            let into: *mut __m256i = self.0.as_mut_ptr().cast();
            _mm256_storeu_si256(into, _mm256_add_epi32(_mm256_loadu_si256(into), quads));
        }
    }

    /// The sum.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|&sum| u64::from(sum.unsigned_abs())).sum()
    }
}

/// Add bytes to sums that they leave within bytes. Inlined into code that was compiled for AVX2 where there is proof of it.
#[inline(always)]
pub fn add_bytes(avx2: Option<HasAvx2>, sums: &mut [u8; N_BYTES], bytes: &[u8; N_BYTES]) {
    #[cfg(target_arch = "x86_64")]
    if avx2.is_some() {
        use std::arch::x86_64::{__m256i, _mm256_add_epi8, _mm256_loadu_si256, _mm256_storeu_si256};
        // SAFETY: the processor has AVX2. Both are vectors of 32 bytes, and nothing asks for alignment.
        unsafe {
            let bytes = _mm256_loadu_si256(bytes.as_ptr().cast::<__m256i>());
            let into: *mut __m256i = sums.as_mut_ptr().cast();
            _mm256_storeu_si256(into, _mm256_add_epi8(_mm256_loadu_si256(into), bytes));
        }
        return;
    }
    let _ = avx2;
    for (sum, byte) in sums.iter_mut().zip(bytes) {
        *sum = sum.wrapping_add(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same_sums() {
        let mut sums = [ByteSum::ZERO; 2];
        let mut want = 0;
        for round in 0..50_u8 {
            let counts = std::array::from_fn(|byte| u8::MAX - round * u8::try_from(byte % 5).expect("small"));
            let factors =
                std::array::from_fn(|byte| u8::try_from((byte + usize::from(round)) % 65).expect("small"));
            sums[0].add_products(None, &counts, &factors);
            match HasAvx2::detect() {
                Some(found) => found.vectorized(|| sums[1].add_products(Some(found), &counts, &factors)),
                None => sums[1].add_products(None, &counts, &factors),
            }
            want += counts
                .iter()
                .zip(&factors)
                .map(|(&count, &factor)| u64::from(count) * u64::from(factor))
                .sum::<u64>();
        }
        assert_eq!(sums.map(|sum| sum.total()), [want; 2]);
        assert_eq!(sums[0], sums[1]);
    }
}
