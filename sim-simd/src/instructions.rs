//! Sets of vector instructions: which there are, which this process runs on, and loops compiled for them.

use std::sync::OnceLock;

use sim_core::named;

named! {
    /// A set of instructions, by name; the slowest first.
    pub enum Simd {
        /// Plain Rust.
        Portable = "portable",
        /// AVX2.
        Avx2 = "avx2",
        /// AVX2 with AVX-VNNI, or with AVX-512 VNNI and VL.
        Vnni = "vnni",
    }
}

/// Why a set of instructions is not selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The processor does not have it.
    #[error("this processor does not have `{}` instructions", .0.name())]
    Unavailable(Simd),
    /// Something runs on another set already.
    #[error("this process runs on `{}` instructions already; select before the first product", .0.name())]
    Another(Simd),
}

/// Invariant: this processor has it.
static SELECTED: OnceLock<Simd> = OnceLock::new();

/// Make all that this process computes run on `simd`; for the first caller, before the first product.
///
/// - Errors: the processor does not have it, or the process runs on another set already.
pub fn select(simd: Simd) -> Result<(), SelectError> {
    if !simd.is_available() {
        return Err(SelectError::Unavailable(simd));
    }
    match *SELECTED.get_or_init(|| simd) {
        chosen if chosen == simd => Ok(()),
        other => Err(SelectError::Another(other)),
    }
}

/// The set selected, else the fastest that this processor has.
pub fn selected() -> Simd {
    let fastest = || Simd::ALL.into_iter().rfind(|simd| simd.is_available());
    *SELECTED.get_or_init(|| fastest().unwrap_or(Simd::Portable))
}

/// Run code compiled for the instructions selected, as far as it is inlined; the results are the same.
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    match selected() {
        Simd::Portable => work(),
        Simd::Avx2 | Simd::Vnni => match HasAvx2::detect() {
            Some(found) => found.vectorized(work),
            None => work(),
        },
    }
}

impl Simd {
    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => HasAvx2::detect().is_some(),
            Self::Vnni => HasVnni::detect().is_some(),
        }
    }
}

/// Proof that this processor has AVX2: only [`HasAvx2::detect`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasAvx2(());

impl HasAvx2 {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Self(()))
    }

    /// Run code compiled for AVX2, as far as it is inlined; the results are the same.
    #[inline]
    pub fn vectorized<R>(self, work: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "a call of a function that needs AVX2")]
        // SAFETY: `self` exists, so the processor has AVX2.
        unsafe {
            with_avx2(work)
        }
        #[cfg(not(target_arch = "x86_64"))]
        work()
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Proof that this processor has AVX2 and VNNI: only [`HasVnni::detect`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasVnni {
    avx2: HasAvx2,
    encoding: VnniEncoding,
}

/// How the instructions of VNNI are encoded: they exist twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VnniEncoding {
    /// For AVX.
    Avx,
    /// For AVX-512, on vectors of 256 bits.
    Avx512,
}

impl HasVnni {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let encoding = if is_x86_feature_detected!("avxvnni") {
            Some(VnniEncoding::Avx)
        } else if is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl") {
            Some(VnniEncoding::Avx512)
        } else {
            None
        };
        #[cfg(not(target_arch = "x86_64"))]
        let encoding = None;
        Some(Self {
            avx2: HasAvx2::detect()?,
            encoding: encoding?,
        })
    }

    /// AVX2 is there as well.
    pub const fn avx2(self) -> HasAvx2 {
        self.avx2
    }

    /// The encoding that this processor has.
    pub const fn encoding(self) -> VnniEncoding {
        self.encoding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_set_is_selected() {
        let first = selected();
        assert_eq!(select(first), Ok(()));
        for other in Simd::ALL.into_iter().filter(|&simd| simd != first) {
            let refused = if other.is_available() {
                SelectError::Another(first)
            } else {
                SelectError::Unavailable(other)
            };
            assert_eq!(select(other), Err(refused));
        }
    }
}
