//! Kernels on `vpdpwssd` and `vpdpbusd`, which add products straight into 32-bit lanes; neither saturates, so sums of
//! bytes need no 16-bit stage. Everything else runs as on AVX2.
//!
//! The instructions exist twice, encoded for AVX and for AVX-512.
#![expect(unsafe_code, reason = "vector loads, and calls of functions that need VNNI")]

use std::arch::x86_64::{
    __m256i, _mm256_dpbusd_avx_epi32, _mm256_dpbusd_epi32, _mm256_dpwssd_avx_epi32, _mm256_dpwssd_epi32,
    _mm256_setzero_si256,
};

use super::avx2::{Avx2, LANES, PANEL_VECTORS, TILE_VECTORS, add_panel, add_tile, broadcast, load};
use super::{Entry, Outputs, PANEL_ROWS, Pair, Quad, QuadPanel, TILE_ROWS, TileWords, panel_of};
use crate::{HasVnni, VnniEncoding};

/// The kernels of a processor with AVX2 and VNNI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vnni(pub(super) HasVnni);

impl Vnni {
    pub(super) const fn avx2(self) -> Avx2 {
        Avx2(self.0.avx2())
    }

    pub(super) fn wide_tile(
        self,
        rows: &[i16],
        stride: usize,
        weights: &[TileWords<Pair>],
        outputs: &mut Outputs<'_>,
    ) {
        // SAFETY: `self` exists, so the processor has this encoding; `Kernels` checked the lengths.
        unsafe {
            match self.0.encoding() {
                VnniEncoding::Avx => avx::wide_tile(rows, stride, weights, outputs),
                VnniEncoding::Avx512 => avx512::wide_tile(rows, stride, weights, outputs),
            }
        }
    }

    pub(super) fn small_tile(
        self,
        rows: &[u8],
        stride: usize,
        weights: &[TileWords<Quad>],
        outputs: &mut Outputs<'_>,
    ) {
        // SAFETY: as above.
        unsafe {
            match self.0.encoding() {
                VnniEncoding::Avx => avx::small_tile(rows, stride, weights, outputs),
                VnniEncoding::Avx512 => avx512::small_tile(rows, stride, weights, outputs),
            }
        }
    }

    pub(super) fn small_column(
        self,
        panels: &[QuadPanel],
        entries: &[Entry<Quad>],
        sums: &mut [i32; PANEL_ROWS],
    ) {
        // SAFETY: `self` exists, so the processor has this encoding.
        unsafe {
            match self.0.encoding() {
                VnniEncoding::Avx => avx::small_column(panels, entries, sums),
                VnniEncoding::Avx512 => avx512::small_column(panels, entries, sums),
            }
        }
    }
}

/// The kernels in one encoding.
macro_rules! kernels {
    ($encoding:ident, $features:literal, $dpwssd:ident, $dpbusd:ident) => {
        mod $encoding {
            use super::*;

            /// # Safety
            /// `rows` holds [`TILE_ROWS`] rows of `2·weights.len()`, `stride` apart.
            #[target_feature(enable = $features)]
            pub(super) unsafe fn wide_tile(
                rows: &[i16],
                stride: usize,
                weights: &[TileWords<Pair>],
                outputs: &mut Outputs<'_>,
            ) {
                let mut accumulators: [[__m256i; TILE_VECTORS]; TILE_ROWS] =
                    [[_mm256_setzero_si256(); TILE_VECTORS]; TILE_ROWS];
                for (i, TileWords(weights)) in weights.iter().enumerate() {
                    let (chunks, _) = weights.as_chunks::<LANES>();
                    let weights = [load(&chunks[0]), load(&chunks[1])];
                    for (r, row) in accumulators.iter_mut().enumerate() {
                        // SAFETY: row r and terms 2i and 2i + 1 are within `rows`, as the caller vouches.
                        let a = unsafe { broadcast(rows.as_ptr().add(2 * i + r * stride)) };
                        for (sum, w) in row.iter_mut().zip(weights) {
                            *sum = $dpwssd(*sum, a, w);
                        }
                    }
                }
                add_tile(outputs, accumulators);
            }

            /// # Safety
            /// `rows` holds [`TILE_ROWS`] rows of `4·weights.len()`, `stride` apart.
            #[target_feature(enable = $features)]
            pub(super) unsafe fn small_tile(
                rows: &[u8],
                stride: usize,
                weights: &[TileWords<Quad>],
                outputs: &mut Outputs<'_>,
            ) {
                let mut accumulators: [[__m256i; TILE_VECTORS]; TILE_ROWS] =
                    [[_mm256_setzero_si256(); TILE_VECTORS]; TILE_ROWS];
                for (i, TileWords(weights)) in weights.iter().enumerate() {
                    let (chunks, _) = weights.as_chunks::<LANES>();
                    let weights = [load(&chunks[0]), load(&chunks[1])];
                    for (r, row) in accumulators.iter_mut().enumerate() {
                        // SAFETY: row r and its four terms from 4i on are within `rows`, as the caller vouches.
                        let a = unsafe { broadcast(rows.as_ptr().add(4 * i + r * stride)) };
                        for (sum, w) in row.iter_mut().zip(weights) {
                            // The unsigned operand comes first.
                            *sum = $dpbusd(*sum, a, w);
                        }
                    }
                }
                add_tile(outputs, accumulators);
            }

            #[target_feature(enable = $features)]
            pub(super) fn small_column(
                panels: &[QuadPanel],
                entries: &[Entry<Quad>],
                sums: &mut [i32; PANEL_ROWS],
            ) {
                let mut accumulators = [_mm256_setzero_si256(); PANEL_VECTORS];
                for entry in entries {
                    // SAFETY: a quad is four bytes.
                    let w = unsafe { broadcast(entry.weights.as_ptr()) };
                    let (chunks, _) = panels[panel_of(entry, panels)].0.as_chunks::<LANES>();
                    for (sum, chunk) in accumulators.iter_mut().zip(chunks) {
                        *sum = $dpbusd(*sum, load(chunk), w);
                    }
                }
                add_panel(sums, accumulators);
            }
        }
    };
}

kernels!(
    avx,
    "avx2,avxvnni",
    _mm256_dpwssd_avx_epi32,
    _mm256_dpbusd_avx_epi32
);
kernels!(
    avx512,
    "avx2,avx512vnni,avx512vl",
    _mm256_dpwssd_epi32,
    _mm256_dpbusd_epi32
);
