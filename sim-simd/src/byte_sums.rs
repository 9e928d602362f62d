//! Sums of bytes that are picked from tables, and their products with factors.
#![expect(
    unsafe_code,
    reason = "calls of functions that need features that were detected, and loads and stores of whole vectors"
)]

use crate::integer::Kernels;
#[cfg(target_arch = "x86_64")]
use crate::{HasAvx512, VnniEncoding};

/// Bytes of a plane.
pub const N_BYTES: usize = 32;
/// Planes whose sums are kept in registers together.
pub const N_PLANES: usize = 4;
/// Sums of a set of rows, one for each of its subsets.
pub const N_SUBSETS: usize = 16;
/// The largest factor, up or down: four columns of products of it and a byte fit 16 bits.
pub const MAX_FACTOR: i8 = 16;
/// The most columns whose products 32 bits hold, four places to a sum.
const MAX_COLS: usize = 1 << 16;
/// Columns whose products are added in 16 bits.
const N_COLS_IN_WORDS: usize = 4;

/// Counts at as many places.
pub type Plane = [u8; N_BYTES];
/// What such counts are multiplied by.
pub type FactorPlane = [i8; N_BYTES];
/// Planes side by side, in whole cache lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Planes(pub [Plane; N_PLANES]);
/// The sums of every subset of a set of rows.
pub type SubsetSums = [Planes; N_SUBSETS];

/// Which subset a column picks of each set: four bits of a word for each, from the low end up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Picks(u64);

impl Picks {
    /// Sets that a word has room for.
    pub const MAX_SETS: usize = 16;

    /// Pick a subset, below [`N_SUBSETS`], of a set that has none yet.
    #[inline]
    pub fn put(&mut self, set: usize, subset: u8) {
        self.0 |= u64::from(subset) << (4 * set);
    }

    /// The subset of each set.
    #[inline]
    fn subsets(self) -> impl Iterator<Item = usize> {
        let mut word = self.0;
        std::iter::repeat_with(move || {
            let subset = usize::from(word.to_le_bytes()[0]) % N_SUBSETS;
            word >>= 4;
            subset
        })
    }
}

impl Planes {
    /// Nothing.
    pub const ZERO: Self = Self([[0; N_BYTES]; N_PLANES]);
}

/// For each column, the sum of the planes that it picks: of each set one. No sum exceeds a byte.
pub fn sum_picked(kernels: Kernels, sets: &[SubsetSums], picks: &[Picks], sums: &mut [Planes]) {
    assert!(picks.len() == sums.len() && sets.len() <= Picks::MAX_SETS);
    #[cfg(target_arch = "x86_64")]
    if kernels.vnni().is_some() && HasAvx512::detect().is_some() {
        // SAFETY: the processor has AVX-512 with bytes.
        return unsafe { vectors::sum_picked_512(sets, picks, sums) };
    } else if kernels.avx2().is_some() {
        // SAFETY: the processor has AVX2.
        return unsafe { vectors::sum_picked(sets, picks, sums) };
    }
    let _ = kernels;
    for (picks, sums) in picks.iter().zip(sums) {
        *sums = Planes::ZERO;
        for (set, subset) in sets.iter().zip(picks.subsets()) {
            let picked = &set[subset].0;
            for (sum, &byte) in sums.0.as_flattened_mut().iter_mut().zip(picked.as_flattened()) {
                *sum += byte;
            }
        }
    }
}

/// Σ over columns and places of a plane of counts times a plane of factors, which are at most [`MAX_FACTOR`].
///
/// # Panics
/// Where there are more than some 65,000 columns.
pub fn dot<const F: usize>(
    kernels: Kernels,
    (counts, plane): (&[Planes], usize),
    (factors, factor): (&[[FactorPlane; F]], usize),
) -> i64 {
    assert!(counts.len() == factors.len() && counts.len() <= MAX_COLS && plane < N_PLANES && factor < F);
    #[cfg(target_arch = "x86_64")]
    if let Some(found) = kernels.vnni() {
        // SAFETY: the processor has AVX2 and VNNI in this encoding.
        return unsafe {
            match found.encoding() {
                VnniEncoding::Avx => vectors::dot_vnni((counts, plane), (factors, factor)),
                VnniEncoding::Avx512 => vectors::dot_vnni_512((counts, plane), (factors, factor)),
            }
        };
    } else if kernels.avx2().is_some() {
        // SAFETY: the processor has AVX2.
        return unsafe { vectors::dot((counts, plane), (factors, factor)) };
    }
    let _ = kernels;
    let cols = counts.iter().zip(factors);
    cols.map(|(counts, factors)| {
        let places = counts.0[plane].iter().zip(&factors[factor]);
        places
            .map(|(&count, &factor)| i64::from(count) * i64::from(factor))
            .sum::<i64>()
    })
    .sum()
}

#[cfg(target_arch = "x86_64")]
mod vectors {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_dpbusd_avx_epi32,
        _mm256_dpbusd_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16,
        _mm256_setzero_si256, _mm256_storeu_si256, _mm512_add_epi8, _mm512_loadu_si512, _mm512_setzero_si512,
        _mm512_storeu_si512,
    };

    use super::{FactorPlane, N_BYTES, N_COLS_IN_WORDS, N_PLANES, Picks, Planes, SubsetSums};

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load<B>(plane: &[B; N_BYTES]) -> __m256i {
        const { assert!(size_of::<B>() == 1) };
        // SAFETY: 32 bytes are readable, and the load needs no alignment.
        unsafe { _mm256_loadu_si256(std::ptr::from_ref(plane).cast()) }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn sum_picked(sets: &[SubsetSums], picks: &[Picks], sums: &mut [Planes]) {
        for (picks, sums) in picks.iter().zip(sums) {
            let mut vectors = [_mm256_setzero_si256(); N_PLANES];
            for (set, subset) in sets.iter().zip(picks.subsets()) {
                let picked = &set[subset].0;
                for (vector, plane) in vectors.iter_mut().zip(picked) {
                    *vector = _mm256_add_epi8(*vector, load(plane));
                }
            }
            for (plane, vector) in sums.0.iter_mut().zip(vectors) {
                // SAFETY: 32 bytes are writable, and the store needs no alignment.
                unsafe { _mm256_storeu_si256(std::ptr::from_mut(plane).cast(), vector) };
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn dot<const F: usize>(
        (counts, plane): (&[Planes], usize),
        (factors, factor): (&[[FactorPlane; F]], usize),
    ) -> i64 {
        let mut quads = _mm256_setzero_si256();
        let few = |counts: &[Planes], factors: &[[FactorPlane; F]]| {
            let mut pairs = _mm256_setzero_si256();
            for (counts, factors) in counts.iter().zip(factors) {
                let products = _mm256_maddubs_epi16(load(&counts.0[plane]), load(&factors[factor]));
                pairs = _mm256_add_epi16(pairs, products);
            }
            _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))
        };
        let (counts, last_counts) = counts.as_chunks::<N_COLS_IN_WORDS>();
        let (factors, last_factors) = factors.as_chunks::<N_COLS_IN_WORDS>();
        for (counts, factors) in counts.iter().zip(factors) {
            quads = _mm256_add_epi32(quads, few(counts, factors));
        }
        quads = _mm256_add_epi32(quads, few(last_counts, last_factors));
        sum_of_lanes(quads)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn sum_of_lanes(quads: __m256i) -> i64 {
        let mut lanes = [0_i32; 8];
        // SAFETY: 32 bytes are writable, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), quads) };
        lanes.iter().map(|&lane| i64::from(lane)).sum()
    }

    /// As `sum_picked`, with two planes to a vector.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn sum_picked_512(sets: &[SubsetSums], picks: &[Picks], sums: &mut [Planes]) {
        for (picks, sums) in picks.iter().zip(sums) {
            let mut vectors = [_mm512_setzero_si512(); N_PLANES / 2];
            for (set, subset) in sets.iter().zip(picks.subsets()) {
                let picked = set[subset].0.as_chunks::<2>().0;
                for (vector, planes) in vectors.iter_mut().zip(picked) {
                    // SAFETY: 64 bytes are readable, and the load needs no alignment.
                    let planes = unsafe { _mm512_loadu_si512(std::ptr::from_ref(planes).cast()) };
                    *vector = _mm512_add_epi8(*vector, planes);
                }
            }
            for (planes, vector) in sums.0.as_chunks_mut::<2>().0.iter_mut().zip(vectors) {
                // SAFETY: 64 bytes are writable, and the store needs no alignment.
                unsafe { _mm512_storeu_si512(std::ptr::from_mut(planes).cast(), vector) };
            }
        }
    }

    /// `dot` with `vpdpbusd`, in one encoding.
    macro_rules! dot_vnni {
        ($name:ident, $features:literal, $dpbusd:ident) => {
            #[target_feature(enable = $features)]
            pub(super) fn $name<const F: usize>(
                (counts, plane): (&[Planes], usize),
                (factors, factor): (&[[FactorPlane; F]], usize),
            ) -> i64 {
                // Two sums, since each addition waits for the one before.
                let mut quads = [_mm256_setzero_si256(); 2];
                let (counts, last_counts) = counts.as_chunks::<2>();
                let (factors, last_factors) = factors.as_chunks::<2>();
                let mut add = |sum: usize, counts: &Planes, factors: &[FactorPlane; F]| {
                    quads[sum] = $dpbusd(quads[sum], load(&counts.0[plane]), load(&factors[factor]));
                };
                for (counts, factors) in counts.iter().zip(factors) {
                    add(0, &counts[0], &factors[0]);
                    add(1, &counts[1], &factors[1]);
                }
                for (counts, factors) in last_counts.iter().zip(last_factors) {
                    add(0, counts, factors);
                }
                sum_of_lanes(_mm256_add_epi32(quads[0], quads[1]))
            }
        };
    }

    dot_vnni!(dot_vnni, "avx2,avxvnni", _mm256_dpbusd_avx_epi32);
    dot_vnni!(dot_vnni_512, "avx2,avx512vnni,avx512vl", _mm256_dpbusd_epi32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Simd;

    /// Bytes that differ, below `limit`.
    fn byte(at: usize, limit: usize) -> u8 {
        u8::try_from(at * 7919 % limit).expect("limits are bytes")
    }

    #[test]
    fn all_kernels_give_the_same_sums() {
        let (n_sets, n_cols) = (13, 9);
        let sets: Vec<SubsetSums> = (0..n_sets)
            .map(|set| {
                std::array::from_fn(|subset| {
                    Planes(std::array::from_fn(|plane| {
                        std::array::from_fn(|place| byte(set + 3 * subset + 5 * plane + place, 20))
                    }))
                })
            })
            .collect();
        let subset = |col: usize, set: usize| byte(7 * col + set, N_SUBSETS);
        let mut picks = vec![Picks::default(); n_cols];
        for (col, picks) in picks.iter_mut().enumerate() {
            for set in 0..n_sets {
                picks.put(set, subset(col, set));
            }
        }
        for kernels in Simd::ALL.into_iter().filter_map(Kernels::of) {
            let mut sums = vec![Planes([[1; N_BYTES]; N_PLANES]); n_cols];
            sum_picked(kernels, &sets, &picks, &mut sums);
            for (col, sums) in sums.iter().enumerate() {
                let mut want = Planes::ZERO;
                for (index, set) in sets.iter().enumerate() {
                    for plane in 0..N_PLANES {
                        for place in 0..N_BYTES {
                            want.0[plane][place] += set[usize::from(subset(col, index))].0[plane][place];
                        }
                    }
                }
                assert_eq!(*sums, want, "{kernels:?}, column {col}");
            }
        }
    }

    #[test]
    fn all_kernels_give_the_same_products() {
        #[track_caller]
        fn check(n_cols: usize, factor: i8) {
            let counts = vec![Planes([[0; N_BYTES], [1; N_BYTES], [2; N_BYTES], [u8::MAX; N_BYTES]]); n_cols];
            let factors = vec![[[0; N_BYTES], [factor; N_BYTES]]; n_cols];
            let want = i64::from(u8::MAX) * i64::from(factor) * i64::try_from(n_cols * N_BYTES).unwrap();
            for kernels in Simd::ALL.into_iter().filter_map(Kernels::of) {
                assert_eq!(dot(kernels, (&counts, 3), (&factors, 1)), want, "{kernels:?}");
                assert_eq!(dot(kernels, (&counts, 3), (&factors, 0)), 0, "{kernels:?}");
            }
        }
        check(4, MAX_FACTOR); // The most that 16 bits hold.
        check(4, -MAX_FACTOR);
        check(7, MAX_FACTOR); // Columns behind whole groups.
        check(0, 1);
    }
}
