//! Sets of vector instructions: which there are, which this process runs on, and loops compiled for them.

use std::sync::OnceLock;

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

/// Invariant: this processor has it.
static SELECTED: OnceLock<Simd> = OnceLock::new();

/// Make all that this process computes run on `simd`; for the first caller, before the first product.
///
/// - Errors: the processor does not have it.
pub fn select(simd: Simd) -> Result<(), Unavailable> {
    if !simd.is_available() {
        return Err(Unavailable(simd));
    }
    SELECTED.get_or_init(|| simd);
    Ok(())
}

/// The set selected, else the fastest that this processor has.
pub fn selected() -> Simd {
    let fastest = || Simd::ALL.into_iter().rfind(|simd| simd.is_available());
    *SELECTED.get_or_init(|| fastest().unwrap_or(Simd::Portable))
}

/// Run code compiled for the instructions selected, as far as it is inlined; the results are the same.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a call of a function that needs AVX2")]
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    match selected() {
        Simd::Portable => work(),
        // SAFETY: only sets that this processor has are selected, and both of these have AVX2.
        Simd::Avx2 | Simd::Vnni => unsafe { with_avx2(work) },
    }
}

/// Run code compiled for the instructions selected, as far as it is inlined; the results are the same.
#[cfg(not(target_arch = "x86_64"))]
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
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
    #[cfg(target_arch = "x86_64")]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Vnni => {
                Self::Avx2.is_available()
                    && (is_x86_feature_detected!("avxvnni")
                        || is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl"))
            }
        }
    }

    /// Whether this processor has it.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 | Self::Vnni => false,
        }
    }
}
