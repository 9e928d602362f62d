//! The kernels of a set of instructions.

#[cfg(target_arch = "x86_64")]
use sim_core::simd::{HasAvx2, HasVnni};
use sim_core::simd::{Simd, selected};
use sim_pe::lanes;

use super::Kernels;
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, vnni::Vnni};

/// What the clock of the stepped engine runs on where products run on the instructions selected.
pub(crate) fn of_clock() -> lanes::Simd {
    match selected() {
        Simd::Portable => lanes::Simd::Portable,
        Simd::Avx2 | Simd::Vnni => lanes::Simd::fastest(),
    }
}

impl Kernels {
    /// Those of `simd`, where this processor has it.
    #[cfg(target_arch = "x86_64")]
    pub(in super::super) fn of(simd: Simd) -> Option<Self> {
        match simd {
            Simd::Portable => Some(Self::Portable),
            Simd::Avx2 => HasAvx2::detect().map(|found| Self::Avx2(Avx2(found))),
            Simd::Vnni => HasVnni::detect().map(|found| Self::Vnni(Vnni(found))),
        }
    }

    /// Those of `simd`, where this processor has it.
    #[cfg(not(target_arch = "x86_64"))]
    pub(in super::super) fn of(simd: Simd) -> Option<Self> {
        match simd {
            Simd::Portable => Some(Self::Portable),
            Simd::Avx2 | Simd::Vnni => None,
        }
    }

    /// Those selected, else the fastest that this processor runs.
    pub(in super::super) fn selected() -> Self {
        Self::of(selected()).unwrap_or(Self::Portable)
    }
}
