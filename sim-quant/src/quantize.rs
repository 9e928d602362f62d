//! From FP32 activations to codes of 2 to 8 bits.
#![expect(
    clippy::as_conversions,
    reason = "a clamped, rounded float becomes an integer code: std has no other conversion"
)]

use sim_core::quantization::CodeRange;
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

/// How the input of a layer becomes codes of b bits: `q = clamp(round_half_even(x / Δ) + z, 0, 2^b − 1)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationQuantizer {
    /// Δ, in FP32; 0 where the layer's calibrated range is empty.
    pub scale: f32,
    /// z, the code of zero.
    pub zero_point: u8,
    /// The largest code, 2^b − 1.
    pub largest: u8,
}

impl ActivationQuantizer {
    /// For inputs that cannot be negative: `Δ = max / D`, z = 0.
    ///
    /// - `max`: mean over calibration images of each image's maximum; of a negative one only zero is left.
    pub fn unsigned(max: f32, range: CodeRange) -> Self {
        Self {
            scale: max.max(0.0) / range.steps(),
            zero_point: 0,
            largest: range.largest(),
        }
    }

    /// For inputs that can be negative, this project's choice: `Δ = (max − min) / D`,
    /// `z = clamp(round_half_even(−min / Δ), 0, 2^b − 1)`, where the range always holds zero, as padding is zero.
    ///
    /// - `min`, `max`: means over calibration images of each image's extremes.
    pub fn shifted(min: f32, max: f32, range: CodeRange) -> Self {
        let (min, max) = (min.min(0.0), max.max(0.0));
        let scale = (max - min) / range.steps();
        let largest = range.largest();
        let zero_point = if scale == 0.0 {
            0
        } else {
            (-min / scale).round_ties_even().clamp(0.0, f32::from(largest)) as u8
        };
        Self {
            scale,
            zero_point,
            largest,
        }
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
        let (least, most) = (-zero_point, f32::from(self.largest) - zero_point);
        let quotient = x / self.scale;
        // Not `clamp`, which asks whether its limits are in order, and so keeps vectors away.
        let quotient = if quotient < least { least } else { quotient };
        let quotient = if most < quotient { most } else { quotient };
        low_byte_of_rounded(quotient).wrapping_add(self.zero_point)
    }
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
    use sim_core::quantization::{CodeBits, Divisor};

    use super::*;

    const D256: CodeRange = CodeRange {
        bits: CodeBits::EIGHT,
        divisor: Divisor::D256,
    };
    const D255: CodeRange = CodeRange {
        divisor: Divisor::D255,
        ..D256
    };

    #[test]
    fn activation_codes() {
        #[track_caller]
        fn check(quantizer: ActivationQuantizer, x: f32, want: u8) {
            assert_eq!(quantizer.codes(&[x]), Ok(vec![want]), "{quantizer:?} of {x}");
        }
        let two = ActivationQuantizer::unsigned(512.0, D256);
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
        check(ActivationQuantizer::unsigned(255.0, D255), 255.0, 255); // With D = 255 it does not.
        check(ActivationQuantizer::unsigned(0.0, D256), 3.0, 0); // Δ = 0 divides by nothing.
        check(ActivationQuantizer::unsigned(-3.0, D256), 3.0, 0);
        // 0.1 in FP32 is a little more, but the quotient rounds to 2.5: a tie.
        check(
            ActivationQuantizer {
                scale: 0.1,
                zero_point: 0,
                largest: 255,
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
            let quantizer = ActivationQuantizer::shifted(min, max, D256);
            let want = ActivationQuantizer {
                scale: want_scale,
                zero_point: want_zero,
                largest: 255,
            };
            assert_eq!(quantizer, want, "[{min}, {max}]");
        }
        check(-1.0, 1.0, 1.0 / 128.0, 128);
        check(0.0, 2.0, 1.0 / 128.0, 0); // Nothing negative after all.
        check(1.0, 2.0, 1.0 / 128.0, 0); // Zero joins the range.
        check(-2.0, -1.0, 1.0 / 128.0, 255); // 256 does not fit a code.
        check(0.0, 0.0, 0.0, 0);
        let quantizer = ActivationQuantizer::shifted(-1.0, 1.0, D256);
        // The tie is decided before z is added: −0.5 to 0, 1.5 to 2.
        let ties = [-0.5 / 128.0, 1.5 / 128.0, 0.0, -2.0, 2.0];
        assert_eq!(quantizer.codes(&ties), Ok(vec![128, 130, 128, 0, 255]));
    }

    #[test]
    fn few_bits_have_few_codes() {
        let range = CodeRange {
            bits: CodeBits::try_from(3).expect("are bits"),
            divisor: Divisor::D256,
        };
        let quantizer = ActivationQuantizer::unsigned(8.0, range);
        assert_eq!(quantizer.scale, 1.0);
        assert_eq!(
            quantizer.codes(&[0.5, 1.5, 6.5, 7.5, 8.0, 1e30]),
            Ok(vec![0, 2, 6, 7, 7, 7])
        );
        let shifted = ActivationQuantizer::shifted(-4.0, 4.0, range);
        assert_eq!((shifted.scale, shifted.zero_point), (1.0, 4));
        assert_eq!(
            shifted.codes(&[-9.0, -4.0, 0.0, 3.0, 9.0]),
            Ok(vec![0, 0, 4, 7, 7])
        );
        assert_eq!(ActivationQuantizer::shifted(-2.0, -1.0, range).zero_point, 7);
        let d255 = CodeRange {
            divisor: Divisor::D255,
            ..range
        };
        assert_eq!(ActivationQuantizer::unsigned(7.0, d255).scale, 1.0);
    }

    #[test]
    fn squared_errors() {
        let unsigned = ActivationQuantizer::unsigned(256.0, D256);
        assert_eq!(unsigned.squared_error(&[1.0, 7.0, 255.0]), 0.0);
        // 0.25 rounds to 0, 257 is clamped to 255.
        assert_eq!(unsigned.squared_error(&[0.25, 257.0]), 0.0625 + 4.0);
        let shifted = ActivationQuantizer::shifted(-128.0, 128.0, D256);
        assert_eq!(shifted.squared_error(&[-128.0, 0.0, 127.0]), 0.0);
        assert_eq!(shifted.squared_error(&[-130.0, 127.5]), 4.0 + 0.25);
        let nothing = ActivationQuantizer::unsigned(0.0, D256);
        assert_eq!(nothing.squared_error(&[0.0, 3.0]), 9.0);
    }

    #[test]
    fn values_that_are_not_finite_are_errors() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let values = [0.0, value];
            let quantizer = ActivationQuantizer::unsigned(1.0, D256);
            let at = quantizer.codes(&values).expect_err("is not finite");
            assert_eq!(at.index, 1);
        }
    }
}
