//! The plane of PEs in vectors of 32 bytes.
#![expect(
    unsafe_code,
    reason = "intrinsics of a feature that was detected, and loads and stores of whole vectors"
)]

use std::arch::x86_64::*;
use std::ops::{BitAnd, BitOr, BitXor, Not};

use bytemuck::Pod;
use sim_simd::HasAvx2;

use super::busy::Watch;
use super::word::Word;
use super::{Cuts, Lanes, PES_PER_GROUP, PeInputs, Words};
use crate::mask::{Flag, Mask};

#[inline(always)]
pub(super) fn steps<W: Watch>(
    _found: HasAvx2,
    n: usize,
    lanes: &mut Lanes,
    held: &PeInputs<'_>,
    sums: &mut [i32],
    watch: &mut W,
) {
    // SAFETY: the processor has AVX2, the only thing that the function asks for.
    unsafe { steps_avx2(n, lanes, held, sums, watch) }
}

#[target_feature(enable = "avx2")]
fn steps_avx2<W: Watch>(n: usize, lanes: &mut Lanes, held: &PeInputs<'_>, sums: &mut [i32], watch: &mut W) {
    for step in 0..n {
        let held = held.later(step);
        lanes.decide::<Wide, W>(&held, watch);
        add(&held, &lanes.cuts, sums);
    }
}

/// Add each PE's products to `sums`.
#[target_feature(enable = "avx2")]
#[inline]
fn add(held: &PeInputs<'_>, cuts: &[Cuts; 2], sums: &mut [i32]) {
    if held.n_beside == 1 {
        return add_single_products(held, sums);
    }
    match (held.n_pairs, cuts.each_ref().map(Cuts::n_forms)) {
        (1, [1, 1]) => add_products::<1, 1, 1>(held, cuts, sums),
        (1, [_, 1]) => add_products::<1, 2, 1>(held, cuts, sums),
        (1, [1, _]) => add_products::<1, 1, 2>(held, cuts, sums),
        (1, [_, _]) => add_products::<1, 2, 2>(held, cuts, sums),
        (_, [1, 1]) => add_products::<2, 1, 1>(held, cuts, sums),
        (_, [_, 1]) => add_products::<2, 2, 1>(held, cuts, sums),
        (_, [1, _]) => add_products::<2, 1, 2>(held, cuts, sums),
        (_, [_, _]) => add_products::<2, 2, 2>(held, cuts, sums),
    }
}

/// Numbers of a vector: sixteen PEs of one lane, or eight of two.
const N_NUMBERS: usize = 16;

/// The bit that a number goes by: those of PEs 0 to 7 and 8 to 15 of a group.
const PLACES: [[u16; N_NUMBERS]; 2] = {
    let mut places = [[0; N_NUMBERS]; 2];
    let mut number = 0;
    while number < N_NUMBERS {
        places[0][number] = 1 << (number / 2);
        places[1][number] = 1 << (8 + number / 2);
        number += 1;
    }
    places
};

/// Add each PE's product to `sums`, where a step has one lane: it fits 16 bits.
#[target_feature(enable = "avx2")]
#[inline]
fn add_single_products(held: &PeInputs<'_>, sums: &mut [i32]) {
    let [[x]] = rows(&held.activations, held, 1);
    let [[w]] = rows(&held.weights, held, 1);
    let sums = &mut sums[..held.n_rows * held.n_groups * PES_PER_GROUP];
    for group in 0..held.n_groups {
        for row in 0..held.n_rows {
            // SAFETY: `row` and `group` are below `held.n_rows` and `held.n_groups`, and one vector is a group.
            let (x, w) = unsafe { (x.vector(row, group), w.vector(row, group)) };
            let product = _mm256_mullo_epi16(x, w);
            let low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(product));
            let high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(product));
            // SAFETY: the slice above holds a group of sums for each row and group; nothing asks for alignment.
            unsafe {
                let first = (row * held.n_groups + group) * PES_PER_GROUP;
                let into: *mut __m256i = sums.as_mut_ptr().add(first).cast();
                _mm256_storeu_si256(into, _mm256_add_epi32(_mm256_loadu_si256(into), low));
                let into = into.add(1);
                _mm256_storeu_si256(into, _mm256_add_epi32(_mm256_loadu_si256(into), high));
            }
        }
    }
}

/// Add each PE's products to `sums`. An operand has one form, or a second one where it is reduced.
#[target_feature(enable = "avx2")]
#[inline]
fn add_products<const PAIRS: usize, const X_FORMS: usize, const W_FORMS: usize>(
    held: &PeInputs<'_>,
    [cut_x, cut_w]: &[Cuts; 2],
    sums: &mut [i32],
) {
    let places = [load(&PLACES[0]), load(&PLACES[1])];
    let x: [[Rows<'_>; X_FORMS]; PAIRS] = rows(&held.activations, held, 2);
    let w: [[Rows<'_>; W_FORMS]; PAIRS] = rows(&held.weights, held, 2);
    let n_groups = held.n_groups;
    let groups = sums.as_chunks_mut::<PES_PER_GROUP>().0;
    for group in 0..n_groups {
        let mut cut_rows: [[&[u32]; 2]; PAIRS] = [[&[]; 2]; PAIRS];
        for (pair, [x, w]) in cut_rows.iter_mut().enumerate() {
            if X_FORMS == 2 {
                *x = &cut_x.of(pair, group)[..held.n_rows];
            }
            if W_FORMS == 2 {
                *w = &cut_w.of(pair, group)[..held.n_rows];
            }
        }
        for (row, sums) in groups[group..]
            .iter_mut()
            .step_by(n_groups)
            .take(held.n_rows)
            .enumerate()
        {
            let (halves, _) = sums.as_chunks_mut::<8>();
            let mut products = [load(&halves[0]), load(&halves[1])];
            for pair in 0..PAIRS {
                // SAFETY: `row` and `group` are below `held.n_rows` and `held.n_groups`.
                let mut a = unsafe { x[pair][0].load(row, group) };
                if X_FORMS == 2 {
                    // SAFETY: as above.
                    let reduced = unsafe { x[pair][X_FORMS - 1].load(row, group) };
                    a = cut(a, reduced, cut_rows[pair][0][row], places);
                }
                // SAFETY: as above.
                let mut b = unsafe { w[pair][0].load(row, group) };
                if W_FORMS == 2 {
                    // SAFETY: as above.
                    let reduced = unsafe { w[pair][W_FORMS - 1].load(row, group) };
                    b = cut(b, reduced, cut_rows[pair][1][row], places);
                }
                // Both products of a pair fit 17 bits, so their sum is exact.
                products[0] = _mm256_add_epi32(products[0], _mm256_madd_epi16(a[0], b[0]));
                products[1] = _mm256_add_epi32(products[1], _mm256_madd_epi16(a[1], b[1]));
            }
            store(&mut halves[0], products[0]);
            store(&mut halves[1], products[1]);
        }
    }
}

/// Operands of a group of PEs as held, but reduced where their bit is set.
#[target_feature(enable = "avx2")]
#[inline]
fn cut(held: [__m256i; 2], reduced: [__m256i; 2], bits: u32, places: [__m256i; 2]) -> [__m256i; 2] {
    let bits = _mm256_set1_epi32(bits.cast_signed());
    let low = _mm256_cmpeq_epi16(_mm256_and_si256(bits, places[0]), places[0]);
    let high = _mm256_cmpeq_epi16(_mm256_and_si256(bits, places[1]), places[1]);
    [
        _mm256_blendv_epi8(held[0], reduced[0], low),
        _mm256_blendv_epi8(held[1], reduced[1], high),
    ]
}

/// Rows of operands that were found to lie within their cells.
#[derive(Clone, Copy)]
struct Rows<'a> {
    cells: &'a [i16],
    stride: usize,
}

impl Rows<'_> {
    /// A group of row `row`, where lanes are paired.
    ///
    /// # Safety
    /// `row` and `group` are below the numbers of rows and groups of `held`, and [`rows`] was asked for two vectors a
    /// group.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn load(&self, row: usize, group: usize) -> [__m256i; 2] {
        // SAFETY: a group of pairs is two vectors.
        unsafe { [self.vector(row, 2 * group), self.vector(row, 2 * group + 1)] }
    }

    /// A vector of row `row`.
    ///
    /// # Safety
    /// `row` is below the number of rows that [`rows`] was asked for, and `number` below the vectors of its groups.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn vector(&self, row: usize, number: usize) -> __m256i {
        // SAFETY: `rows` saw to it that all vectors of every such row are there; the load asks for no alignment.
        unsafe {
            _mm256_loadu_si256(
                self.cells
                    .as_ptr()
                    .add(row * self.stride + number * N_NUMBERS)
                    .cast(),
            )
        }
    }
}

/// The rows of every pair and form, each as many vectors long as `n_vectors` for a group.
#[target_feature(enable = "avx2")]
#[inline]
fn rows<'a, const FORMS: usize, const PAIRS: usize>(
    words: &Words<'a>,
    held: &PeInputs<'_>,
    n_vectors: usize,
) -> [[Rows<'a>; FORMS]; PAIRS] {
    let mut all = [[Rows {
        cells: &[],
        stride: 0,
    }; FORMS]; PAIRS];
    let len = (held.n_rows - 1) * words.strides.row + n_vectors * N_NUMBERS * held.n_groups;
    for (pair, forms) in all.iter_mut().enumerate() {
        for (form, rows) in forms.iter_mut().enumerate() {
            let first = words.first + form * words.strides.reduced + pair * words.strides.pair;
            *rows = Rows {
                cells: &words.cells[first..first + len],
                stride: words.strides.row,
            };
        }
    }
    all
}

/// A vector from 32 bytes.
#[target_feature(enable = "avx2")]
#[inline]
fn load<T: Pod, const N: usize>(from: &[T; N]) -> __m256i {
    const { assert!(size_of::<[T; N]>() == 32) };
    // SAFETY: 32 bytes of numbers are read from a reference to as many; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(std::ptr::from_ref(from).cast()) }
}

/// A vector to 32 bytes.
#[target_feature(enable = "avx2")]
#[inline]
fn store<T: Pod, const N: usize>(into: &mut [T; N], vector: __m256i) {
    const { assert!(size_of::<[T; N]>() == 32) };
    // SAFETY: 32 bytes, any of which make numbers, are written to a reference to as many, at any alignment.
    unsafe { _mm256_storeu_si256(std::ptr::from_mut(into).cast(), vector) }
}

/// Sixteen rows of a group. Only functions compiled for AVX2 make one: that is what every `SAFETY` below relies on.
#[derive(Clone, Copy)]
struct Wide(__m256i);

impl BitAnd for Wide {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        // SAFETY: see `Wide`.
        unsafe { Self(_mm256_and_si256(self.0, other.0)) }
    }
}

impl BitOr for Wide {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        // SAFETY: see `Wide`.
        unsafe { Self(_mm256_or_si256(self.0, other.0)) }
    }
}

impl BitXor for Wide {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        // SAFETY: see `Wide`.
        unsafe { Self(_mm256_xor_si256(self.0, other.0)) }
    }
}

impl Not for Wide {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        self ^ Self::everywhere(Flag::new(true))
    }
}

impl Mask for Wide {
    #[inline(always)]
    fn everywhere(flag: Flag) -> Self {
        // SAFETY: see `Wide`; nothing else calls this for it.
        unsafe { Self(_mm256_set1_epi8(flag.byte().cast_signed())) }
    }
}

impl Word for Wide {
    /// A count per byte.
    type Ones = __m256i;

    #[inline(always)]
    fn load(rows: &[u16; PES_PER_GROUP]) -> Self {
        // SAFETY: see `Wide`; nothing else calls this for it.
        unsafe { Self(load(rows)) }
    }

    #[inline(always)]
    fn store(self, into: &mut [u16; PES_PER_GROUP]) {
        // SAFETY: see `Wide`.
        unsafe { store(into, self.0) }
    }

    #[inline(always)]
    fn ones(self) -> __m256i {
        // SAFETY: see `Wide`.
        unsafe { ones(self.0) }
    }

    #[inline(always)]
    fn add(a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: see `Wide`. Seven counts of at most eight fit a byte.
        unsafe { _mm256_add_epi8(a, b) }
    }

    #[inline(always)]
    fn total(ones: __m256i, into: &mut [u64; 4]) {
        // SAFETY: see `Wide`.
        unsafe {
            let sums = _mm256_sad_epu8(ones, _mm256_setzero_si256());
            store(into, _mm256_add_epi64(load(into), sums));
        }
    }

    #[inline(always)]
    fn store_pairs(first: Self, second: Self, into: &mut [u32; PES_PER_GROUP]) {
        // SAFETY: see `Wide`.
        unsafe { store_pairs(first.0, second.0, into) }
    }
}

/// Bits set in every byte, by nibbles.
#[target_feature(enable = "avx2")]
#[inline]
fn ones(bits: __m256i) -> __m256i {
    let of_nibble =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    let low = _mm256_set1_epi8(15);
    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bits), low);
    _mm256_add_epi8(
        _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(bits, low)),
        _mm256_shuffle_epi8(of_nibble, high),
    )
}

#[target_feature(enable = "avx2")]
#[inline]
fn store_pairs(first: __m256i, second: __m256i, into: &mut [u32; PES_PER_GROUP]) {
    // Unpacking works within halves: rows 0 to 3 and 8 to 11, rows 4 to 7 and 12 to 15.
    let (low, high) = (
        _mm256_unpacklo_epi16(first, second),
        _mm256_unpackhi_epi16(first, second),
    );
    if let ([upper, lower], []) = into.as_chunks_mut::<8>() {
        store(upper, _mm256_permute2x128_si256::<0x20>(low, high));
        store(lower, _mm256_permute2x128_si256::<0x31>(low, high));
    }
}
