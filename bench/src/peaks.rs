//! What one core can do at most: loops in registers alone.

use crate::bench::Bench;
use crate::rounds;
use crate::row::{Better, Row};

/// Row of the integer peak.
pub(crate) const MADD: &str = "peak/vpmaddwd";
/// Row of the floating-point peak.
pub(crate) const FMA: &str = "peak/fma";

/// Passes through a loop's body in one timed call.
const N_PASSES: u32 = 20_000_000;
/// `vpmaddwd` in a pass: four factors with four.
const MADDS_PER_PASS: u32 = 16;
/// `vfmadd` in a pass: independent sums, enough to hide their latency.
const FMAS_PER_PASS: u32 = 10;
/// Multiply-accumulates of one `vpmaddwd`: two in each of eight lanes.
const MACS_PER_MADD: u32 = 16;
/// Of one FP32 `vfmadd`.
const MACS_PER_FMA: u32 = 8;

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    type Loop = fn(u32) -> Option<u64>;
    let rows: [(&str, &str, Loop, u32); 2] = [
        (
            MADD,
            "`vpmaddwd` and `vpaddd` in registers",
            madd,
            MADDS_PER_PASS * MACS_PER_MADD,
        ),
        (
            FMA,
            "FP32 `vfmadd231ps` in registers",
            fma,
            FMAS_PER_PASS * MACS_PER_FMA,
        ),
    ];
    for (name, work, run, macs) in rows {
        if !bench.wants(name) {
            continue;
        }
        if run(1).is_none() {
            let why = "this machine has no AVX2 with FMA";
            bench.add(Row::not_run(name, work.to_owned(), why));
            continue;
        }
        let seconds = rounds::seconds(bench.n_rounds, || {
            std::hint::black_box(run(std::hint::black_box(N_PASSES)));
            Ok(())
        })?;
        let n_macs = f64::from(N_PASSES) * f64::from(macs);
        bench.add(Row::new(
            name,
            work.to_owned(),
            n_macs / seconds / 1e9,
            "GMAC/s",
            Better::Neither,
        ));
    }
    Ok(())
}

#[cfg(target_arch = "x86_64")]
use x86::{fma, madd};

#[cfg(not(target_arch = "x86_64"))]
fn madd(_n_passes: u32) -> Option<u64> {
    None
}

#[cfg(not(target_arch = "x86_64"))]
fn fma(_n_passes: u32) -> Option<u64> {
    None
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![expect(
        unsafe_code,
        reason = "calls of functions that need AVX2 and FMA, and a barrier for the compiler"
    )]

    use std::arch::asm;
    use std::arch::x86_64::{
        _mm_cvtsi128_si32, _mm_cvtss_f32, _mm256_add_epi32, _mm256_add_ps, _mm256_castps256_ps128,
        _mm256_castsi256_si128, _mm256_fmadd_ps, _mm256_madd_epi16, _mm256_set1_epi16, _mm256_set1_ps,
        _mm256_setzero_ps, _mm256_setzero_si256,
    };

    use super::{FMAS_PER_PASS, MADDS_PER_PASS};

    const SIDE: usize = 4;
    const SUMS: usize = 10;
    const _: () = assert!(
        MADDS_PER_PASS == 16 && FMAS_PER_PASS == 10,
        "the same counts in two types"
    );

    pub(super) fn madd(n_passes: u32) -> Option<u64> {
        // SAFETY: AVX2 is there.
        is_x86_feature_detected!("avx2").then(|| unsafe { madd_avx2(n_passes) })
    }

    pub(super) fn fma(n_passes: u32) -> Option<u64> {
        let is_there = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        // SAFETY: AVX2 and FMA are there.
        is_there.then(|| unsafe { fma_avx2(n_passes) })
    }

    #[target_feature(enable = "avx2")]
    fn madd_avx2(n_passes: u32) -> u64 {
        let mut sums = [_mm256_setzero_si256(); SIDE];
        let mut rows = [1, 2, 3, 4].map(|value| _mm256_set1_epi16(value));
        let columns = [5, 6, 7, 8].map(|value| _mm256_set1_epi16(value));
        for _ in 0..n_passes {
            for row in &mut rows {
                // Nothing happens to it, but the compiler does not know and keeps its products in the loop.
                // SAFETY: an empty instruction has no effect.
                unsafe {
                    asm!(
                        "/* {0} */",
                        inout(ymm_reg) * row,
                        options(nomem, nostack, preserves_flags)
                    )
                };
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(*row, column));
                }
            }
        }
        let all = sums.into_iter().reduce(|a, b| _mm256_add_epi32(a, b));
        all.map_or(0, |all| {
            u64::from(_mm_cvtsi128_si32(_mm256_castsi256_si128(all)).cast_unsigned())
        })
    }

    #[target_feature(enable = "avx2,fma")]
    fn fma_avx2(n_passes: u32) -> u64 {
        let mut sums = [_mm256_setzero_ps(); SUMS];
        let (a, b) = (_mm256_set1_ps(0.5), _mm256_set1_ps(0.25));
        for _ in 0..n_passes {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, a, b);
            }
        }
        let all = sums.into_iter().reduce(|a, b| _mm256_add_ps(a, b));
        all.map_or(0, |all| {
            u64::from(_mm_cvtss_f32(_mm256_castps256_ps128(all)).to_bits())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_depend_on_their_length() {
        for run in [madd, fma] {
            assert_eq!(run(3).is_some(), run(4).is_some());
            assert_eq!(run(3), run(3));
        }
    }
}
