//! From FP32 tensors to 8-bit codes.
#![expect(
    clippy::as_conversions,
    reason = "a clamped, rounded float becomes an integer code: std has no other conversion"
)]

use sim_core::quantization::{Divisor, WeightScales};
use sim_simd::vectorized;

/// A value that no code stands for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("value {index} is {value}: only finite values can be quantized")]
pub struct NotFinite {
    /// Where in the tensor, row-major.
    pub index: usize,
    /// NaN or an infinity.
    pub value: f32,
}

/// How the input of a layer becomes codes: `q = clamp(round_half_even(x / Δ) + z, 0, 255)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationQuantizer {
    /// Δ, in FP32; 0 where the layer's calibrated range is empty.
    pub scale: f32,
    /// z, the code of zero.
    pub zero_point: u8,
}

impl ActivationQuantizer {
    /// For inputs that cannot be negative: `Δ = max / D`, z = 0.
    ///
    /// - `max`: mean over calibration images of each image's maximum; of a negative one only zero is left.
    pub fn unsigned(max: f32, divisor: Divisor) -> Self {
        Self {
            scale: max.max(0.0) / divisor.value(),
            zero_point: 0,
        }
    }

    /// For inputs that can be negative, this project's choice: `Δ = (max − min) / D`,
    /// `z = clamp(round_half_even(−min / Δ), 0, 255)`, where the range always holds zero, as padding is zero.
    ///
    /// - `min`, `max`: means over calibration images of each image's extremes.
    pub fn shifted(min: f32, max: f32, divisor: Divisor) -> Self {
        let (min, max) = (min.min(0.0), max.max(0.0));
        let scale = (max - min) / divisor.value();
        let zero_point = if scale == 0.0 { 0 } else { code(-min / scale) };
        Self { scale, zero_point }
    }

    /// Codes of `values`; all z where Δ is 0.
    ///
    /// - Errors: NaN and infinities.
    pub fn codes(&self, values: &[f32]) -> Result<Vec<u8>, NotFinite> {
        let mut codes = Vec::new();
        self.append_codes(values, &mut codes)?;
        Ok(codes)
    }

    /// [`Self::codes`] behind others.
    ///
    /// - Errors: NaN and infinities.
    pub fn append_codes(&self, values: &[f32], codes: &mut Vec<u8>) -> Result<(), NotFinite> {
        check(values)?;
        let first = codes.len();
        codes.resize(first + values.len(), self.zero_point);
        if self.scale != 0.0 {
            let this = *self;
            let codes = &mut codes[first..];
            vectorized(
                #[inline(always)]
                || {
                    for (code, &x) in codes.iter_mut().zip(values) {
                        *code = this.code(x);
                    }
                },
            );
        }
        Ok(())
    }

    /// Σ (x − (q − z)·Δ)² over finite `values`, in their order.
    pub(crate) fn squared_error(&self, values: &[f32]) -> f64 {
        let (scale, zero_point) = (f64::from(self.scale), f64::from(self.zero_point));
        if scale == 0.0 {
            return values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        }
        values
            .iter()
            .map(|&x| {
                let error = f64::from(x) - (f64::from(self.code(x)) - zero_point) * scale;
                error * error
            })
            .sum()
    }

    /// The code of `x`; Δ is not 0.
    #[inline(always)]
    fn code(&self, x: f32) -> u8 {
        let zero_point = f32::from(self.zero_point);
        // The ends are whole numbers, so the clamp may come before the rounding.
        let (least, most) = (-zero_point, 255.0 - zero_point);
        let quotient = x / self.scale;
        // Not `clamp`, which asks whether its limits are in order, and so keeps vectors away.
        let quotient = if quotient < least { least } else { quotient };
        let quotient = if most < quotient { most } else { quotient };
        low_byte_of_rounded(quotient).wrapping_add(self.zero_point)
    }
}

/// Codes of a layer's weights and their Δ per output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedWeights {
    /// Codes, in the order of the weights.
    pub codes: Vec<i8>,
    /// Δ per output channel; 0 for a filter of zeros.
    pub scales: Vec<f32>,
}

/// Quantize the weights of `n_filters` output channels, `[n_filters, …]` row-major: `Δ = 2·max|w| / D`,
/// `q = clamp(round_half_even(w / Δ), −128, 127)`, the maximum over each channel or over all of them as `scales` says.
/// Where it is zero, Δ and the codes are 0.
///
/// - Errors: NaN and infinities.
pub fn weights(
    weights: &[f32],
    n_filters: usize,
    divisor: Divisor,
    scales: WeightScales,
) -> Result<QuantizedWeights, NotFinite> {
    check(weights)?;
    let n_per_filter = weights.len() / n_filters.max(1);
    let filters = weights.chunks(n_per_filter.max(1));
    let scales: Vec<f32> = match scales {
        WeightScales::PerChannel => filters
            .clone()
            .map(|filter| symmetric_scale(filter, divisor))
            .collect(),
        WeightScales::PerTensor => vec![symmetric_scale(weights, divisor); filters.len()],
    };
    let codes = filters
        .zip(&scales)
        .flat_map(|(filter, &scale)| filter.iter().map(move |&w| signed_code(w, scale)))
        .collect();
    Ok(QuantizedWeights { codes, scales })
}

/// The values that an 8-bit bias stands for: symmetric, one Δ per tensor, the weights' rules.
///
/// - Errors: NaN and infinities.
pub fn bias(bias: &[f32], divisor: Divisor) -> Result<Vec<f32>, NotFinite> {
    check(bias)?;
    let scale = symmetric_scale(bias, divisor);
    Ok(bias
        .iter()
        .map(|&b| f32::from(signed_code(b, scale)) * scale)
        .collect())
}

/// `2·max|w| / D`. Halving D is exact and, unlike doubling max|w|, cannot overflow.
fn symmetric_scale(values: &[f32], divisor: Divisor) -> f32 {
    values.iter().fold(0.0_f32, |max, w| max.max(w.abs())) / (divisor.value() / 2.0)
}

fn signed_code(value: f32, scale: f32) -> i8 {
    if scale == 0.0 {
        return 0;
    }
    (value / scale).round_ties_even().clamp(-128.0, 127.0) as i8
}

/// The low byte of the nearest whole number, of two the even one, for values far below 2^22.
///
/// Next to 1.5·2^23 floats are whole numbers, so adding rounds, and the low bits of the sum are those of the number.
/// Unlike the library's function it is a few instructions that vectors have.
#[inline(always)]
fn low_byte_of_rounded(value: f32) -> u8 {
    const WHOLE: f32 = 12_582_912.0;
    (value + WHOLE).to_bits().to_le_bytes()[0]
}

fn code(value: f32) -> u8 {
    value.round_ties_even().clamp(0.0, 255.0) as u8
}

/// Whether all values are finite.
///
/// - Errors: the first that is not.
pub fn check(values: &[f32]) -> Result<(), NotFinite> {
    // All at once, because vectors do that; where is asked only when there is one.
    let is_finite = vectorized(
        #[inline(always)]
        || values.iter().fold(true, |all, value| all & value.is_finite()),
    );
    if is_finite {
        return Ok(());
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(NotFinite {
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activation_codes() {
        #[track_caller]
        fn check(quantizer: ActivationQuantizer, x: f32, want: u8) {
            assert_eq!(quantizer.codes(&[x]), Ok(vec![want]), "{quantizer:?} of {x}");
        }
        let two = ActivationQuantizer::unsigned(512.0, Divisor::D256);
        assert_eq!(two.scale, 2.0);
        check(two, 1.0, 0); // 0.5: the tie goes to even.
        check(two, 3.0, 2); // 1.5.
        check(two, 5.0, 2); // 2.5.
        check(two, 5.000_001, 3); // Just above a tie.
        check(two, 509.0, 254); // 254.5.
        check(two, 512.0, 255); // The calibrated maximum itself saturates with D = 256.
        check(two, 1e38, 255);
        check(two, -1.0, 0);
        check(two, -0.0, 0);
        check(ActivationQuantizer::unsigned(255.0, Divisor::D255), 255.0, 255); // With D = 255 it does not.
        check(ActivationQuantizer::unsigned(0.0, Divisor::D256), 3.0, 0); // Δ = 0 divides by nothing.
        check(ActivationQuantizer::unsigned(-3.0, Divisor::D256), 3.0, 0);
        // 0.1 in FP32 is a little more, but the quotient rounds to 2.5: a tie.
        check(
            ActivationQuantizer {
                scale: 0.1,
                zero_point: 0,
            },
            0.25,
            2,
        );
    }

    #[test]
    fn rounding_by_addition_is_that_of_the_library() {
        for step in -4096..=4096_i16 {
            for nudge in [-1.0e-4, 0.0, 1.0e-4] {
                let value = f32::from(step) / 8.0 + nudge;
                let want = value.round_ties_even().rem_euclid(256.0) + 0.0;
                let found = f32::from(low_byte_of_rounded(value));
                assert_eq!(found.to_bits(), want.to_bits(), "{value}");
            }
        }
    }

    #[test]
    fn shifted_codes() {
        #[track_caller]
        fn check(min: f32, max: f32, want_scale: f32, want_zero: u8) {
            let quantizer = ActivationQuantizer::shifted(min, max, Divisor::D256);
            let want = ActivationQuantizer {
                scale: want_scale,
                zero_point: want_zero,
            };
            assert_eq!(quantizer, want, "[{min}, {max}]");
        }
        check(-1.0, 1.0, 1.0 / 128.0, 128);
        check(0.0, 2.0, 1.0 / 128.0, 0); // Nothing negative after all.
        check(1.0, 2.0, 1.0 / 128.0, 0); // Zero joins the range.
        check(-2.0, -1.0, 1.0 / 128.0, 255); // 256 does not fit a code.
        check(0.0, 0.0, 0.0, 0);
        let quantizer = ActivationQuantizer::shifted(-1.0, 1.0, Divisor::D256);
        // The tie is decided before z is added: −0.5 to 0, 1.5 to 2.
        let ties = [-0.5 / 128.0, 1.5 / 128.0, 0.0, -2.0, 2.0];
        assert_eq!(quantizer.codes(&ties), Ok(vec![128, 130, 128, 0, 255]));
    }

    #[test]
    fn weight_codes() {
        let quantized = weights(
            &[1.0, -1.0, 0.5, 0.0, 0.0, 0.0, 3.0e38, -3.0e38, 0.0],
            3,
            Divisor::D256,
            WeightScales::PerChannel,
        );
        let QuantizedWeights { codes, scales } = quantized.expect("are finite");
        assert_eq!(scales, [2.0 / 256.0, 0.0, 3.0e38 / 128.0]); // The largest float does not overflow.
        assert_eq!(codes, [127, -128, 64, 0, 0, 0, 127, -128, 0]); // Only the positive end saturates.
        let scaled = weights(
            &[255.0, -255.0, 1.0, 3.0, 5.0],
            1,
            Divisor::D255,
            WeightScales::PerChannel,
        )
        .expect("are finite");
        assert_eq!(scaled.scales, [2.0]);
        assert_eq!(scaled.codes, [127, -128, 0, 2, 2]); // ±127.5, then ties to even.
        let tiny = weights(&[1e-45, -1e-45], 1, Divisor::D256, WeightScales::PerChannel).expect("are finite");
        assert_eq!((tiny.codes, tiny.scales), (vec![0, 0], vec![0.0])); // Δ underflows to 0.
    }

    #[test]
    fn one_scale_for_the_whole_tensor() {
        let tensor = [1.0, -0.25, 0.0, 0.0, -2.0, 0.5];
        let per_tensor = weights(&tensor, 3, Divisor::D256, WeightScales::PerTensor).expect("are finite");
        assert_eq!(per_tensor.scales, [2.0 / 128.0; 3]);
        assert_eq!(per_tensor.codes, [64, -16, 0, 0, -128, 32]);
        let per_channel = weights(&tensor, 3, Divisor::D256, WeightScales::PerChannel).expect("are finite");
        assert_eq!(per_channel.scales, [1.0 / 128.0, 0.0, 2.0 / 128.0]);
        let zeros = weights(&[0.0; 4], 2, Divisor::D255, WeightScales::PerTensor).expect("are finite");
        assert_eq!((zeros.codes, zeros.scales), (vec![0; 4], vec![0.0; 2]));
    }

    #[test]
    fn squared_errors() {
        let unsigned = ActivationQuantizer::unsigned(256.0, Divisor::D256);
        assert_eq!(unsigned.squared_error(&[1.0, 7.0, 255.0]), 0.0);
        // 0.25 rounds to 0, 257 is clamped to 255.
        assert_eq!(unsigned.squared_error(&[0.25, 257.0]), 0.0625 + 4.0);
        let shifted = ActivationQuantizer::shifted(-128.0, 128.0, Divisor::D256);
        assert_eq!(shifted.squared_error(&[-128.0, 0.0, 127.0]), 0.0);
        assert_eq!(shifted.squared_error(&[-130.0, 127.5]), 4.0 + 0.25);
        let nothing = ActivationQuantizer::unsigned(0.0, Divisor::D256);
        assert_eq!(nothing.squared_error(&[0.0, 3.0]), 9.0);
    }

    #[test]
    fn bias_values() {
        assert_eq!(
            bias(&[1.0, -1.0, 0.003], Divisor::D256),
            Ok(vec![127.0 / 128.0, -1.0, 0.0])
        );
        assert_eq!(bias(&[0.0, 0.0], Divisor::D256), Ok(vec![0.0, 0.0]));
    }

    #[test]
    fn values_that_are_not_finite_are_errors() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let values = [0.0, value];
            let at = weights(&values, 2, Divisor::D256, WeightScales::PerTensor).expect_err("is not finite");
            assert_eq!(at.index, 1);
            bias(&values, Divisor::D256).expect_err("is not finite");
            let quantizer = ActivationQuantizer::unsigned(1.0, Divisor::D256);
            quantizer.codes(&values).expect_err("is not finite");
        }
    }
}
