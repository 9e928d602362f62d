//! Sets of vector instructions: which there are, proofs that this processor has one, and loops compiled for them.

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

/// Run code compiled for the widest vectors that this processor has, as far as it is inlined; the results are the same.
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    match HasAvx2::detect() {
        Some(found) => found.vectorized(work),
        None => work(),
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

/// Proof that this processor has AVX-512 with operations on bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasAvx512(());

impl HasAvx512 {
    /// The proof, where there is one.
    pub fn detect() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Self(()))
    }
}
