//! Kernels on `vpmaddwd`, which adds two 16-bit products into each of eight 32-bit lanes.
#![expect(
    unsafe_code,
    reason = "vector loads and stores, and calls of functions that need AVX2"
)]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_storeu_si256,
};

use super::portable;
use super::{Coefficients, N_PANELS, PANEL_ROWS, Pair, TILE_COLS, TILE_ROWS, Tile, pairs_per_step};

/// 32-bit lanes of a vector.
const LANES: usize = 8;
/// Vectors across a tile.
const TILE_VECTORS: usize = TILE_COLS / LANES;
/// Vectors down a panel.
const PANEL_VECTORS: usize = PANEL_ROWS / LANES;

/// Proof that this processor has AVX2; only [`Avx2::detect`] makes one.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2(());

impl Avx2 {
    /// The kernels, where the processor has them.
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    pub(super) fn tile(
        self,
        activations: &[[Pair; TILE_ROWS]],
        weights: &[[Pair; TILE_COLS]],
        tile: &mut Tile,
    ) {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { tile_avx2(activations, weights, tile) }
    }

    pub(super) fn column(
        self,
        panels: &[Coefficients],
        weights: &[Pair],
        picks: &[u8],
        sums: &mut [i32; PANEL_ROWS],
    ) {
        let n_pairs = pairs_per_step(panels, weights, picks);
        // SAFETY: `self` exists, so the processor has AVX2; `pairs_per_step` checked that the lengths fit together.
        unsafe {
            match n_pairs {
                1 => column_avx2::<1>(panels, weights, picks, sums),
                4 => column_avx2::<4>(panels, weights, picks, sums),
                6 => column_avx2::<6>(panels, weights, picks, sums),
                _ => portable::column(panels, weights, picks, sums),
            }
        }
    }

    pub(super) fn vectorized<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe { vectorized_avx2(work) }
    }
}

#[target_feature(enable = "avx2")]
fn vectorized_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// A pair in every lane.
#[target_feature(enable = "avx2")]
#[inline]
fn broadcast(pair: Pair) -> __m256i {
    let [low, high] = pair.map(i16::to_ne_bytes);
    _mm256_set1_epi32(i32::from_ne_bytes([low[0], low[1], high[0], high[1]]))
}

/// Eight pairs.
#[target_feature(enable = "avx2")]
#[inline]
fn load_pairs(pairs: &[Pair; LANES]) -> __m256i {
    // SAFETY: eight pairs are 32 readable bytes, and the load needs no alignment.
    unsafe { _mm256_loadu_si256(std::ptr::from_ref(pairs).cast()) }
}

/// Add a vector to eight sums.
#[target_feature(enable = "avx2")]
#[inline]
fn add_to(sums: &mut [i32; LANES], vector: __m256i) {
    let pointer = std::ptr::from_mut(sums).cast();
    // SAFETY: eight sums are 32 readable and writable bytes, and neither access needs alignment.
    unsafe { _mm256_storeu_si256(pointer, _mm256_add_epi32(_mm256_loadu_si256(pointer), vector)) }
}

#[target_feature(enable = "avx2")]
fn tile_avx2(activations: &[[Pair; TILE_ROWS]], weights: &[[Pair; TILE_COLS]], tile: &mut Tile) {
    // Twelve accumulators, two weight vectors and one broadcast: all sixteen registers but one.
    let mut accumulators = [[_mm256_setzero_si256(); TILE_VECTORS]; TILE_ROWS];
    for (activations, weights) in activations.iter().zip(weights) {
        let (chunks, _) = weights.as_chunks::<LANES>();
        let weights = [load_pairs(&chunks[0]), load_pairs(&chunks[1])];
        for (row, &a) in accumulators.iter_mut().zip(activations) {
            let a = broadcast(a);
            for (sum, w) in row.iter_mut().zip(weights) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(a, w));
            }
        }
    }
    for (sums, row) in tile.iter_mut().zip(accumulators) {
        let (chunks, _) = sums.as_chunks_mut::<LANES>();
        for (chunk, vector) in chunks.iter_mut().zip(row) {
            add_to(chunk, vector);
        }
    }
}

/// # Safety
/// `panels` is `[N_PANELS, picks.len(), PAIRS]` and `weights` is `[picks.len(), PAIRS]`.
#[target_feature(enable = "avx2")]
unsafe fn column_avx2<const PAIRS: usize>(
    panels: &[Coefficients],
    weights: &[Pair],
    picks: &[u8],
    sums: &mut [i32; PANEL_ROWS],
) {
    let mut accumulators = [_mm256_setzero_si256(); PANEL_VECTORS];
    let (weights, _) = weights.as_chunks::<PAIRS>();
    for (step, (&pick, weights)) in picks.iter().zip(weights).enumerate() {
        let panel = usize::from(pick) % N_PANELS;
        let first = (panel * picks.len() + step) * PAIRS;
        for (pair, &w) in weights.iter().enumerate() {
            // SAFETY: `panel < N_PANELS`, `step < picks.len()` and `pair < PAIRS`, so this is within `panels`, whose
            // length the caller vouches for.
            let coefficients = unsafe { panels.get_unchecked(first + pair) };
            let w = broadcast(w);
            let (chunks, _) = coefficients.as_chunks::<LANES>();
            for (sum, chunk) in accumulators.iter_mut().zip(chunks) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(load_pairs(chunk), w));
            }
        }
    }
    let (chunks, _) = sums.as_chunks_mut::<LANES>();
    for (chunk, vector) in chunks.iter_mut().zip(accumulators) {
        add_to(chunk, vector);
    }
}
