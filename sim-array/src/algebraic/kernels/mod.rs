//! Integer kernels: sums of products of 16-bit pairs in 32-bit accumulators.
//!
//! Everything above packs operands into the layouts of this module and never asks which instructions run. No sum can
//! overflow: K is limited so that K·256·128 fits an accumulator, and every packed value stays within those bounds.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;
#[cfg(test)]
mod tests;

/// Two neighbouring terms of a sum.
pub(super) type Pair = [i16; 2];

/// Rows of a tile of outputs.
pub(super) const TILE_ROWS: usize = 6;
/// Columns of a tile of outputs.
pub(super) const TILE_COLS: usize = 16;
/// Outputs that one call of [`Kernels::tile`] adds to.
pub(super) type Tile = [[i32; TILE_COLS]; TILE_ROWS];

/// Rows of activations in a coefficient panel.
pub(super) const PANEL_ROWS: usize = 32;
/// Panels that a weight pattern can pick.
pub(super) const N_PANELS: usize = 16;
/// One pair of coefficients for each row of a panel.
pub(super) type Coefficients = [Pair; PANEL_ROWS];

/// A set of instructions. All sets give the same sums.
#[derive(Clone, Copy)]
pub(super) enum Kernels {
    /// Plain Rust, for any processor.
    Portable,
    /// `vpmaddwd` on 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
}

impl Kernels {
    /// Those that this processor runs, the fastest last.
    pub(super) fn available() -> impl DoubleEndedIterator<Item = Self> {
        let portable = std::iter::once(Self::Portable);
        #[cfg(target_arch = "x86_64")]
        let all = portable.chain(avx2::Avx2::detect().map(Self::Avx2));
        #[cfg(not(target_arch = "x86_64"))]
        let all = portable;
        all
    }

    /// The fastest that this processor runs.
    pub(super) fn fastest() -> Self {
        Self::available().next_back().unwrap_or(Self::Portable)
    }

    /// Add a product to a tile: `tile[r][c] += Σ a[i][r]·w[i][c]`, both terms of each pair.
    ///
    /// Both slices are equally long.
    pub(super) fn tile(
        self,
        activations: &[[Pair; TILE_ROWS]],
        weights: &[[Pair; TILE_COLS]],
        tile: &mut Tile,
    ) {
        assert_eq!(activations.len(), weights.len());
        match self {
            Self::Portable => portable::tile(activations, weights, tile),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.tile(activations, weights, tile),
        }
    }

    /// Add a column of outputs whose weights pick the coefficients they meet:
    /// `sums[r] += Σ_i Σ_j panels[pick_i][i][j][r]·w[i][j]`, where only the low four bits of a pick count.
    ///
    /// `panels` is `[N_PANELS, steps, pairs]`, `weights` is `[steps, pairs]`, `picks` is `[steps]`.
    pub(super) fn column(
        self,
        panels: &[Coefficients],
        weights: &[Pair],
        picks: &[u8],
        sums: &mut [i32; PANEL_ROWS],
    ) {
        match self {
            Self::Portable => portable::column(panels, weights, picks, sums),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.column(panels, weights, picks, sums),
        }
    }

    /// Run code without kernels of its own, compiled for these instructions as far as it is inlined.
    pub(super) fn vectorized<R>(self, work: impl FnOnce() -> R) -> R {
        match self {
            Self::Portable => work(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(avx2) => avx2.vectorized(work),
        }
    }
}

/// The lengths that the layouts of [`Kernels::column`] imply; returns pairs per step.
///
/// # Panics
/// Where the slices do not fit together, which is a fault of the caller.
fn pairs_per_step(panels: &[Coefficients], weights: &[Pair], picks: &[u8]) -> usize {
    let n_pairs = weights.len() / picks.len().max(1);
    assert_eq!(weights.len(), picks.len() * n_pairs);
    assert_eq!(panels.len(), N_PANELS * weights.len());
    n_pairs
}
