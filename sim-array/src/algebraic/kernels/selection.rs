//! Which set of instructions runs.

use std::sync::OnceLock;

use sim_pe::lanes;

use super::Kernels;
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, vnni::Vnni};

/// A set of instructions, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simd {
    /// Plain Rust.
    Portable,
    /// AVX2.
    Avx2,
    /// AVX2 with AVX-VNNI, or with AVX-512 VNNI and VL.
    Vnni,
}

/// An instruction set that this processor does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this processor has no {0:?} instructions")]
pub struct Unavailable(pub Simd);

static SELECTED: OnceLock<Kernels> = OnceLock::new();

/// Make all products of this process run on `simd`; for the first caller, before the first product.
///
/// - Errors: the processor does not have it.
pub fn select(simd: Simd) -> Result<(), Unavailable> {
    let kernels = simd.kernels().ok_or(Unavailable(simd))?;
    SELECTED.get_or_init(|| kernels);
    Ok(())
}

/// What the clock of the stepped engine runs on where products run on the instructions selected.
#[cfg(target_arch = "x86_64")]
pub(crate) fn of_clock() -> lanes::Simd {
    match Kernels::selected() {
        Kernels::Portable => lanes::Simd::Portable,
        Kernels::Avx2(_) | Kernels::Vnni(_) => lanes::Simd::fastest(),
    }
}

/// What the clock of the stepped engine runs on where products run on the instructions selected.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn of_clock() -> lanes::Simd {
    match Kernels::selected() {
        Kernels::Portable => lanes::Simd::Portable,
    }
}

impl Simd {
    /// All sets, the slowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Vnni];

    /// What a user writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Vnni => "vnni",
        }
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        self.kernels().is_some()
    }

    /// The kernels, where the processor has them.
    #[cfg(target_arch = "x86_64")]
    pub(in super::super) fn kernels(self) -> Option<Kernels> {
        match self {
            Self::Portable => Some(Kernels::Portable),
            Self::Avx2 => Avx2::detect().map(Kernels::Avx2),
            Self::Vnni => Vnni::detect().map(Kernels::Vnni),
        }
    }

    /// The kernels, where the processor has them.
    #[cfg(not(target_arch = "x86_64"))]
    pub(in super::super) fn kernels(self) -> Option<Kernels> {
        match self {
            Self::Portable => Some(Kernels::Portable),
            Self::Avx2 | Self::Vnni => None,
        }
    }
}

impl Kernels {
    /// Those selected, else the fastest that this processor runs.
    pub(in super::super) fn selected() -> Self {
        let fastest = || Simd::ALL.into_iter().rev().find_map(Simd::kernels);
        *SELECTED.get_or_init(|| fastest().unwrap_or(Self::Portable))
    }
}
