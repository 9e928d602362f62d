//! The products in vectors of 32 bytes.
//!
//! Every function is inlined into its caller, and with it into code that was compiled for AVX2: a call for each step would
//! cost a twentieth of the step.
#![expect(
    unsafe_code,
    reason = "intrinsics of a feature that was detected, and loads and stores of whole vectors"
)]

use std::arch::x86_64::*;

use bytemuck::Pod;

use super::{Cuts, PES_PER_GROUP, PlaneOperands, Words};
use crate::HasAvx2;

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

/// Add each PE's products to `sums`.
#[inline(always)]
pub(super) fn add_products(found: HasAvx2, plane: &PlaneOperands<'_>, cuts: &[Cuts; 2], sums: &mut [i32]) {
    if plane.n_beside == 1 {
        return add_single_products(found, plane, sums);
    }
    match (plane.n_pairs, cuts.each_ref().map(Cuts::n_forms)) {
        (1, [1, 1]) => add_paired_products::<1, 1, 1>(found, plane, cuts, sums),
        (1, [_, 1]) => add_paired_products::<1, 2, 1>(found, plane, cuts, sums),
        (1, [1, _]) => add_paired_products::<1, 1, 2>(found, plane, cuts, sums),
        (1, [_, _]) => add_paired_products::<1, 2, 2>(found, plane, cuts, sums),
        (_, [1, 1]) => add_paired_products::<2, 1, 1>(found, plane, cuts, sums),
        (_, [_, 1]) => add_paired_products::<2, 2, 1>(found, plane, cuts, sums),
        (_, [1, _]) => add_paired_products::<2, 1, 2>(found, plane, cuts, sums),
        (_, [_, _]) => add_paired_products::<2, 2, 2>(found, plane, cuts, sums),
    }
}

/// Where a step has one lane: a product fits 16 bits.
#[inline(always)]
fn add_single_products(found: HasAvx2, plane: &PlaneOperands<'_>, sums: &mut [i32]) {
    let [[x]] = rows(&plane.activations, plane, 1);
    let [[w]] = rows(&plane.weights, plane, 1);
    let n_sums = bounded(plane.n_rows, bounded(plane.n_groups, PES_PER_GROUP));
    let sums = &mut sums[..n_sums];
    for group in 0..plane.n_groups {
        for row in 0..plane.n_rows {
            // SAFETY: the processor has AVX2. `row` and `group` are below `plane.n_rows` and `plane.n_groups`, and one vector
            // is a group; the slice above holds a group of sums for each of them, and nothing asks for alignment.
            unsafe {
                let product = _mm256_mullo_epi16(x.vector(found, row, group), w.vector(found, row, group));
                let low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(product));
                let high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(product));
                let first = (row * plane.n_groups + group) * PES_PER_GROUP;
                let into: *mut __m256i = sums.as_mut_ptr().add(first).cast();
                _mm256_storeu_si256(into, _mm256_add_epi32(_mm256_loadu_si256(into), low));
                let into = into.add(1);
                _mm256_storeu_si256(into, _mm256_add_epi32(_mm256_loadu_si256(into), high));
            }
        }
    }
}

/// Where steps have pairs of lanes. An operand has one form, or a second one where it is reduced.
#[inline(always)]
fn add_paired_products<const PAIRS: usize, const X_FORMS: usize, const W_FORMS: usize>(
    found: HasAvx2,
    plane: &PlaneOperands<'_>,
    [cut_x, cut_w]: &[Cuts; 2],
    sums: &mut [i32],
) {
    let places = [load(found, &PLACES[0]), load(found, &PLACES[1])];
    let x: [[OperandRows<'_>; X_FORMS]; PAIRS] = rows(&plane.activations, plane, 2);
    let w: [[OperandRows<'_>; W_FORMS]; PAIRS] = rows(&plane.weights, plane, 2);
    let n_groups = plane.n_groups;
    let groups = sums.as_chunks_mut::<PES_PER_GROUP>().0;
    for group in 0..n_groups {
        let mut cut_rows: [[&[u32]; 2]; PAIRS] = [[&[]; 2]; PAIRS];
        for (pair, [x, w]) in cut_rows.iter_mut().enumerate() {
            if X_FORMS == 2 {
                *x = &cut_x.rows(pair, group)[..plane.n_rows];
            }
            if W_FORMS == 2 {
                *w = &cut_w.rows(pair, group)[..plane.n_rows];
            }
        }
        for (row, sums) in groups[group..]
            .iter_mut()
            .step_by(n_groups)
            .take(plane.n_rows)
            .enumerate()
        {
            let (halves, _) = sums.as_chunks_mut::<8>();
            let mut products = [load(found, &halves[0]), load(found, &halves[1])];
            for pair in 0..PAIRS {
                // SAFETY: `row` and `group` are below `plane.n_rows` and `plane.n_groups`.
                let (a, b) = unsafe {
                    (
                        operands(found, &x[pair], cut_rows[pair][0], (row, group), places),
                        operands(found, &w[pair], cut_rows[pair][1], (row, group), places),
                    )
                };
                for (product, (a, b)) in products.iter_mut().zip(a.into_iter().zip(b)) {
                    // SAFETY: the processor has AVX2. Both products of a pair fit 17 bits, so their sum is exact.
                    *product = unsafe { _mm256_add_epi32(*product, _mm256_madd_epi16(a, b)) };
                }
            }
            store(found, &mut halves[0], products[0]);
            store(found, &mut halves[1], products[1]);
        }
    }
}

/// Operands of a group of PEs as held, but reduced where their bit is set.
///
/// # Safety
/// `row` and `group` are below the numbers of rows and groups of the plane that [`rows`] was asked for, with two vectors a
/// group.
#[inline(always)]
unsafe fn operands<const FORMS: usize>(
    found: HasAvx2,
    forms: &[OperandRows<'_>; FORMS],
    cuts: &[u32],
    (row, group): (usize, usize),
    places: [__m256i; 2],
) -> [__m256i; 2] {
    // SAFETY: the processor has AVX2. A group of pairs is two vectors, and the caller vouches for row and group.
    unsafe {
        let held = forms[0].vectors(found, row, group);
        if FORMS == 1 {
            return held;
        }
        let reduced = forms[FORMS - 1].vectors(found, row, group);
        let bits = _mm256_set1_epi32(cuts[row].cast_signed());
        let low = _mm256_cmpeq_epi16(_mm256_and_si256(bits, places[0]), places[0]);
        let high = _mm256_cmpeq_epi16(_mm256_and_si256(bits, places[1]), places[1]);
        [
            _mm256_blendv_epi8(held[0], reduced[0], low),
            _mm256_blendv_epi8(held[1], reduced[1], high),
        ]
    }
}

/// Rows of operands that were found to lie within their cells.
#[derive(Clone, Copy)]
struct OperandRows<'a> {
    cells: &'a [i16],
    stride: usize,
}

impl OperandRows<'_> {
    /// A group of row `row`, where lanes are paired.
    ///
    /// # Safety
    /// As for [`operands`].
    #[inline(always)]
    unsafe fn vectors(&self, found: HasAvx2, row: usize, group: usize) -> [__m256i; 2] {
        // SAFETY: a group of pairs is two vectors.
        unsafe {
            [
                self.vector(found, row, 2 * group),
                self.vector(found, row, 2 * group + 1),
            ]
        }
    }

    /// A vector of row `row`.
    ///
    /// # Safety
    /// `row` is below the number of rows that [`rows`] was asked for, and `number` below the vectors of its groups.
    #[inline(always)]
    unsafe fn vector(&self, _found: HasAvx2, row: usize, number: usize) -> __m256i {
        // SAFETY: the processor has AVX2. `rows` saw to it that all vectors of every such row are there; the load asks for
        // no alignment.
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
#[inline(always)]
fn rows<'a, const FORMS: usize, const PAIRS: usize>(
    words: &Words<'a>,
    plane: &PlaneOperands<'_>,
    n_vectors: usize,
) -> [[OperandRows<'a>; FORMS]; PAIRS] {
    let mut all = [[OperandRows {
        cells: &[],
        stride: 0,
    }; FORMS]; PAIRS];
    let last_row = bounded(plane.n_rows - 1, words.strides.row);
    let len =
        (last_row.checked_add(bounded(n_vectors * N_NUMBERS, plane.n_groups))).expect("a plane in memory");
    for (pair, forms) in all.iter_mut().enumerate() {
        for (form, rows) in forms.iter_mut().enumerate() {
            let first = words.first + form * words.strides.reduced + pair * words.strides.pair;
            *rows = OperandRows {
                cells: &words.cells[first..first + len],
                stride: words.strides.row,
            };
        }
    }
    all
}

/// A product that is a number of cells: a wrong one must not wrap around to a bound that holds.
#[inline(always)]
fn bounded(a: usize, b: usize) -> usize {
    a.checked_mul(b).expect("a plane in memory")
}

/// A vector from 32 bytes.
#[inline(always)]
fn load<T: Pod, const N: usize>(_found: HasAvx2, from: &[T; N]) -> __m256i {
    const { assert!(size_of::<[T; N]>() == 32) };
    // SAFETY: the processor has AVX2. 32 bytes of numbers are read from a reference to as many, at any alignment.
    unsafe { _mm256_loadu_si256(std::ptr::from_ref(from).cast()) }
}

/// A vector to 32 bytes.
#[inline(always)]
fn store<T: Pod, const N: usize>(_found: HasAvx2, into: &mut [T; N], vector: __m256i) {
    const { assert!(size_of::<[T; N]>() == 32) };
    // SAFETY: the processor has AVX2. 32 bytes, any of which make numbers, are written to a reference to as many.
    unsafe { _mm256_storeu_si256(std::ptr::from_mut(into).cast(), vector) }
}
