//! Loops over the pixels of a block. Sums have lanes, whose order is the same whatever vectors the processor has.

use crate::predictor::TAPS;

/// Numbers that are added side by side.
pub(super) const LANES: usize = 8;

/// A sum over a block of pixels, in FP32.
pub(super) type Lanes = [f32; LANES];

/// Lanes together, first to last.
#[inline(always)]
pub(super) fn total(lanes: Lanes) -> f64 {
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

/// The output of a filter of 3×3 for every place of a block.
#[inline(always)]
pub(super) fn filter(window: &[f32], taps: &[usize; TAPS], weight: &[f32; TAPS], output: &mut [f32]) {
    let n = output.len();
    let inputs = taps.map(|tap| &window[tap..][..n]);
    for (at, output) in output.iter_mut().enumerate() {
        let mut sum = 0.0;
        for (input, weight) in inputs.iter().zip(weight) {
            sum += weight * input[at];
        }
        *output = sum;
    }
}

/// For every tap of a filter, the sum of what it read times `delta`, what was to change at its output.
#[inline(always)]
pub(super) fn tap_sums(window: &[f32], taps: &[usize; TAPS], delta: &[f32]) -> [f64; TAPS] {
    let inputs = taps.map(|tap| window[tap..][..delta.len()].as_chunks::<LANES>().0);
    let mut sums = [[0.0; LANES]; TAPS];
    for (at, delta) in delta.as_chunks::<LANES>().0.iter().enumerate() {
        for (sums, input) in sums.iter_mut().zip(&inputs) {
            let input = &input[at];
            for lane in 0..LANES {
                sums[lane] += delta[lane] * input[lane];
            }
        }
    }
    sums.map(total)
}

/// The sum of `term` over the places of a block, given the numbers of two lists there.
#[inline(always)]
pub(super) fn sum_of(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut sums = [0.0; LANES];
    let chunks = left
        .as_chunks::<LANES>()
        .0
        .iter()
        .zip(right.as_chunks::<LANES>().0);
    for (left, right) in chunks {
        for lane in 0..LANES {
            sums[lane] += term(left[lane], right[lane]);
        }
    }
    total(sums)
}
