//! Integer kernels: products of tiles, sums over picked panels, look-ups and transpositions.
//!
//! Everything above packs operands into the layouts of this module and never asks which instructions run. No sum can
//! overflow: K is limited so that K·256·128 fits an accumulator, and every packed value stays within those bounds.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod columns;
mod portable;
mod runs;
mod table;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vnni;

use bytemuck::Pod;

pub use columns::{ROWS_TRANSPOSED, each_column};
pub use runs::Runs;
pub use table::{Base, ByteTable, Class};

use crate::{HasAvx2, HasVnni, Simd};

/// Two neighbouring terms of a sum of 16-bit products.
pub type Pair = [i16; 2];
/// Four neighbouring weights of a sum of 8-bit products.
pub type Quad = [i8; 4];

/// Rows of a tile of outputs.
pub const TILE_ROWS: usize = 6;
/// Columns of a tile of outputs.
pub const TILE_COLS: usize = 16;
/// One word of weights for each column of a tile; in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct TileWords<W>(pub [W; TILE_COLS]);

/// Where a tile of outputs lies in a matrix.
#[derive(Debug)]
pub struct Outputs<'o> {
    /// From the tile's first output on.
    pub values: &'o mut [i32],
    /// From row to row.
    pub stride: usize,
}

/// Rows of activations in a panel.
pub const PANEL_ROWS: usize = 32;
/// One word of coefficients for each row of a panel; in whole cache lines.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Panel<C>(pub [C; PANEL_ROWS]);
/// Four 8-bit coefficients for each row.
pub type QuadPanel = Panel<[u8; 4]>;
/// Two 16-bit coefficients for each row.
pub type PairPanel = Panel<Pair>;

/// The weights of one column that meet one panel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<W> {
    /// Which panel.
    pub panel: u32,
    /// One weight for each coefficient of a row.
    pub weights: W,
}

/// The kernels of a set of instructions; a value exists only where the processor has them. All give the same sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// Plain Rust, for any processor.
    Portable,
    /// `vpmaddwd` and `vpmaddubsw` on 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    /// AVX2 with `vpdpwssd` and `vpdpbusd`.
    #[cfg(target_arch = "x86_64")]
    Vnni(vnni::Vnni),
}

impl Kernels {
    /// Those of `simd`, where this processor has it.
    pub fn of(simd: Simd) -> Option<Self> {
        match simd {
            Simd::Portable => Some(Self::Portable),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => HasAvx2::detect().map(|found| Self::Avx2(avx2::Avx2(found))),
            #[cfg(target_arch = "x86_64")]
            Simd::Vnni => HasVnni::detect().map(|found| Self::Vnni(vnni::Vnni(found))),
            #[cfg(not(target_arch = "x86_64"))]
            Simd::Avx2 | Simd::Vnni => None,
        }
    }

    /// The fastest of this processor.
    pub fn fastest() -> Self {
        Simd::ALL
            .into_iter()
            .rev()
            .find_map(Self::of)
            .unwrap_or(Self::Portable)
    }

    /// Proof of AVX2, where these kernels use it.
    pub const fn avx2(self) -> Option<HasAvx2> {
        match self {
            Self::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => Some(avx2.0),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => Some(vnni.avx2().0),
        }
    }

    /// Proof of VNNI, where these kernels use it.
    pub const fn vnni(self) -> Option<HasVnni> {
        match self {
            Self::Portable => None,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => None,
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => Some(vnni.0),
        }
    }

    /// Add a product to a tile of outputs: `outputs[r][c] += Σ rows[r][2i..2i+2] · w[i][c]`.
    ///
    /// `rows` holds [`TILE_ROWS`] rows, `stride` apart.
    #[inline]
    pub fn wide_tile(
        self,
        rows: &[i16],
        stride: usize,
        weights: &[TileWords<Pair>],
        outputs: &mut Outputs<'_>,
    ) {
        check_rows(rows.len(), stride, 2 * weights.len());
        match self {
            Self::Portable => portable::wide_tile(rows, stride, weights, outputs),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.wide_tile(rows, stride, weights, outputs),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.wide_tile(rows, stride, weights, outputs),
        }
    }

    /// Add a product of bytes to a tile of outputs: `outputs[r][c] += Σ rows[r][4i..4i+4] · w[i][c]`.
    ///
    /// - `rows` holds [`TILE_ROWS`] rows, `stride` apart.
    /// - `runs`: how many steps i can be summed in 16 bits, one run after the other.
    #[inline]
    pub fn small_tile(
        self,
        rows: &[u8],
        stride: usize,
        weights: &[TileWords<Quad>],
        runs: &Runs,
        outputs: &mut Outputs<'_>,
    ) {
        check_rows(rows.len(), stride, 4 * weights.len());
        assert_eq!(runs.lengths().iter().sum::<usize>(), weights.len());
        match self {
            Self::Portable => portable::small_tile(rows, stride, weights, outputs),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.small_tile(rows, stride, weights, runs, outputs),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.small_tile(rows, stride, weights, outputs),
        }
    }

    /// Add the panels that a column's weights pick: `sums[r] += Σ panels[entry.panel][r] · entry.weights`.
    ///
    /// `max_run`: how many entries can be summed in 16 bits, at least 1.
    #[inline]
    pub fn small_column(
        self,
        panels: &[QuadPanel],
        entries: &[Entry<Quad>],
        max_run: usize,
        sums: &mut [i32; PANEL_ROWS],
    ) {
        match self {
            Self::Portable => portable::small_column(panels, entries, sums),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.small_column(panels, entries, max_run, sums),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.small_column(panels, entries, sums),
        }
    }

    /// [`Kernels::small_column`] with 16-bit operands.
    #[inline]
    pub fn wide_column(self, panels: &[PairPanel], entries: &[Entry<Pair>], sums: &mut [i32; PANEL_ROWS]) {
        match self {
            Self::Portable => portable::wide_column(panels, entries, sums),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.wide_column(panels, entries, sums),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.avx2().wide_column(panels, entries, sums),
        }
    }

    /// Look every byte up.
    #[inline]
    pub fn look_up(self, table: &ByteTable, bytes: &[u8], out: &mut [u8]) {
        assert_eq!(bytes.len(), out.len());
        match self {
            Self::Portable => portable::look_up(table, bytes, out),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.look_up(table, bytes, out),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.avx2().look_up(table, bytes, out),
        }
    }

    /// Look every byte up in the table that its count picks: that of `by_count` for at most one, for two, for more.
    #[inline]
    pub fn look_up_by_count(
        self,
        tables: &[ByteTable],
        by_count: [usize; 3],
        bytes: &[u8],
        counts: &[u8],
        out: &mut [u8],
    ) {
        assert!(bytes.len() == out.len() && bytes.len() == counts.len());
        assert!(by_count.iter().all(|&table| table < tables.len()));
        match self {
            Self::Portable => portable::look_up_by_count(tables, by_count, bytes, counts, out),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.look_up_by_count(tables, by_count, bytes, counts, out),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.avx2().look_up_by_count(tables, by_count, bytes, counts, out),
        }
    }

    /// Add the places of bytes that are zero, in order.
    #[inline]
    pub fn zeros(self, bytes: &[i8], places: &mut Vec<usize>) {
        match self {
            Self::Portable => portable::zeros(bytes, 0, places),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.zeros(bytes, places),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.avx2().zeros(bytes, places),
        }
    }

    /// `out[i][lane] = rows[lane][i]` for the rows there are; missing ones are left as they were.
    ///
    /// Every row is at least as long as `out`; there are at most `LANES` rows.
    #[inline]
    pub fn transpose<T: Dword, L: AsMut<[T; LANES]>, const LANES: usize>(self, rows: &[&[T]], out: &mut [L]) {
        assert!(rows.len() <= LANES && rows.iter().all(|row| out.len() <= row.len()));
        match self {
            Self::Portable => portable::transpose(rows, out),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.transpose(rows, out),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(vnni) => vnni.avx2().transpose(rows, out),
        }
    }

    /// Run code without kernels of its own, compiled for these instructions as far as it is inlined.
    #[inline]
    pub fn vectorized<R>(self, work: impl FnOnce() -> R) -> R {
        match self.avx2() {
            Some(found) => found.vectorized(work),
            None => work(),
        }
    }
}

/// The panel of an entry.
#[inline]
pub fn panel_of<W, P>(entry: &Entry<W>, panels: &[P]) -> usize {
    let panel = usize::try_from(entry.panel).unwrap_or(usize::MAX);
    assert!(panel < panels.len(), "an entry picks one of the panels");
    panel
}

impl<W> AsMut<[W; TILE_COLS]> for TileWords<W> {
    fn as_mut(&mut self) -> &mut [W; TILE_COLS] {
        &mut self.0
    }
}

impl<C> AsMut<[C; PANEL_ROWS]> for Panel<C> {
    fn as_mut(&mut self) -> &mut [C; PANEL_ROWS] {
        &mut self.0
    }
}

/// Four bytes, whatever they are called.
pub trait Dword: Pod {}

impl Dword for [i16; 2] {}
impl Dword for [i8; 4] {}
impl Dword for [u8; 4] {}
impl Dword for i32 {}

/// The kernels read this far without asking again.
fn check_rows(len: usize, stride: usize, n_terms: usize) {
    let end = (TILE_ROWS - 1)
        .checked_mul(stride)
        .and_then(|last| last.checked_add(n_terms));
    assert!(
        n_terms <= stride && end.is_some_and(|end| end <= len),
        "rows that are too short"
    );
}
