//! From weights to codes of 2 to 8 bits.
#![expect(
    clippy::as_conversions,
    reason = "a clamped, rounded float becomes an integer code, and a double is rounded to a single once: std has no other \
              conversion"
)]

use sim_core::quantization::{
    CodeBits, CodeRange, Divisor, Levels, QuantizationSpec, StepScale, WeightScales, WeightStep,
};

use crate::quantize::{NotFinite, check};

/// Parts of the largest magnitude that the search for the least squared error tries, of this many.
const PARTS: std::ops::RangeInclusive<u8> = 8..=64;
const N_PARTS: f64 = 64.0;

/// How weights become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightRule {
    codes: CodeRange,
    scales: WeightScales,
    step: WeightStep,
    step_scale: StepScale,
    levels: Levels,
}

/// Codes of a layer's weights and their Δ per output channel.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedWeights {
    /// Codes, in the order of the weights.
    pub codes: Vec<i8>,
    /// Δ per output channel; 0 for a filter of zeros.
    pub scales: Vec<f32>,
}

impl WeightRule {
    /// That of a quantization.
    pub const fn of(spec: &QuantizationSpec) -> Self {
        Self {
            codes: spec.of_weights(),
            scales: spec.weights,
            step: spec.weight_step,
            step_scale: spec.step_scale,
            levels: spec.levels,
        }
    }

    /// Quantize the weights of `n_filters` output channels, `[n_filters, …]` row-major, Δ found over each channel or over
    /// all of them.
    ///
    /// - Mid-tread: `Δ = 2·max|w| / D`, `q = clamp(round_half_even(w / Δ), −2^(b−1), 2^(b−1) − 1)`.
    /// - Mid-rise: `Δ = max|w| / (2^b − 1)`, `k = clamp(round_half_even((w / Δ + 2^b − 1) / 2), 0, 2^b − 1)`,
    ///   `q = 2k − (2^b − 1)`.
    /// - Steps other than the largest's take a part of the maximum; Δ is a double until it is found, and then multiplied by
    ///   the step scale. Where Δ is 0, the codes are too.
    /// - Errors: NaN and infinities.
    pub fn quantize(&self, weights: &[f32], n_filters: usize) -> Result<QuantizedWeights, NotFinite> {
        check(weights)?;
        let n_per_filter = weights.len() / n_filters.max(1);
        let filters = weights.chunks(n_per_filter.max(1));
        let scales: Vec<f32> = match self.scales {
            WeightScales::PerChannel => filters.clone().map(|filter| self.scale(filter)).collect(),
            WeightScales::PerTensor => vec![self.scale(weights); filters.len()],
        };
        let codes = filters
            .zip(&scales)
            .flat_map(|(filter, &scale)| filter.iter().map(move |&w| self.code(w, scale)))
            .collect();
        Ok(QuantizedWeights { codes, scales })
    }

    /// Δ of some weights.
    fn scale(&self, weights: &[f32]) -> f32 {
        let max = weights.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
        let step = match self.step {
            WeightStep::Max => max / self.steps_to_max(),
            WeightStep::LeastSquares => self.least_squares(weights, max) as f32,
            WeightStep::PowerOfTwo => {
                let exponent = self.least_squares(weights, max).log2().round_ties_even();
                exponent.exp2() as f32
            }
        };
        step * self.step_scale.get()
    }

    /// Of steps to parts of the maximum the one that loses least; of equal ones the largest.
    fn least_squares(&self, weights: &[f32], max: f32) -> f64 {
        let mut best = (f64::INFINITY, 0.0);
        for part in PARTS.rev() {
            let step = f64::from(max) * f64::from(part) / N_PARTS / f64::from(self.steps_to_max());
            if step == 0.0 {
                break;
            }
            let lost = |&w: &f32| {
                let w = f64::from(w);
                (w - self.rounded(w / step) * step).powi(2)
            };
            let lost = weights.iter().map(lost).sum::<f64>();
            if lost < best.0 {
                best = (lost, step);
            }
        }
        best.1
    }

    /// How many Δ the largest magnitude is; halving D is exact and, unlike doubling the magnitude, cannot overflow.
    fn steps_to_max(&self) -> f32 {
        match self.levels {
            Levels::MidTread => self.codes.steps() / 2.0,
            Levels::MidRise => f32::from(self.codes.largest()),
        }
    }

    /// The code of a weight that is so many Δ, as a number.
    fn rounded(&self, quotient: f64) -> f64 {
        match self.levels {
            Levels::MidTread => {
                let half = f64::from(self.codes.half());
                quotient.round_ties_even().clamp(-half, half - 1.0)
            }
            Levels::MidRise => {
                let largest = f64::from(self.codes.largest());
                let k = ((quotient + largest) / 2.0).round_ties_even().clamp(0.0, largest);
                2.0 * k - largest
            }
        }
    }

    fn code(&self, value: f32, scale: f32) -> i8 {
        if scale == 0.0 {
            return 0;
        }
        match self.levels {
            Levels::MidTread => {
                let half = self.codes.half();
                (value / scale).round_ties_even().clamp(-half, half - 1.0) as i8
            }
            Levels::MidRise => {
                let largest = f32::from(self.codes.largest());
                let k = ((value / scale + largest) / 2.0)
                    .round_ties_even()
                    .clamp(0.0, largest);
                (2.0 * k - largest) as i8
            }
        }
    }
}

/// The values that an 8-bit bias stands for: symmetric, one Δ per tensor, from the largest magnitude.
///
/// - Errors: NaN and infinities.
pub fn bias(bias: &[f32], divisor: Divisor) -> Result<Vec<f32>, NotFinite> {
    let rule = WeightRule {
        codes: CodeRange {
            bits: CodeBits::EIGHT,
            divisor,
        },
        scales: WeightScales::PerTensor,
        step: WeightStep::Max,
        step_scale: StepScale::default(),
        levels: Levels::MidTread,
    };
    let QuantizedWeights { codes, scales } = rule.quantize(bias, 1)?;
    let scale = scales.first().copied().unwrap_or_default();
    Ok(codes.iter().map(|&code| f32::from(code) * scale).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(
        weights: &[f32],
        n_filters: usize,
        divisor: Divisor,
        scales: WeightScales,
    ) -> Result<QuantizedWeights, NotFinite> {
        let spec = QuantizationSpec {
            divisor,
            weights: scales,
            ..QuantizationSpec::default()
        };
        WeightRule::of(&spec).quantize(weights, n_filters)
    }

    fn few_bits(bits: u8, change: impl Fn(&mut QuantizationSpec), weights: &[f32]) -> (Vec<i8>, f32) {
        let mut spec = QuantizationSpec {
            weight_bits: bits.try_into().expect("2 to 8"),
            ..QuantizationSpec::default()
        };
        change(&mut spec);
        let quantized = WeightRule::of(&spec).quantize(weights, 1).expect("are finite");
        (quantized.codes, quantized.scales[0])
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
    fn few_bits_have_few_codes() {
        let tensor = [1.0, -1.0, 0.5, 0.25, 0.125, 0.0];
        let plain = |_: &mut QuantizationSpec| {};
        assert_eq!(few_bits(4, plain, &tensor), (vec![7, -8, 4, 2, 1, 0], 1.0 / 8.0));
        assert_eq!(few_bits(2, plain, &tensor), (vec![1, -2, 1, 0, 0, 0], 1.0 / 2.0)); // 0.5 goes to even.
        let d255 = |spec: &mut QuantizationSpec| spec.divisor = Divisor::D255;
        assert_eq!(few_bits(2, d255, &[1.5, -1.5, 1.0]), (vec![1, -2, 1], 1.0)); // Three steps; ties to even.
        let wider = |spec: &mut QuantizationSpec| spec.step_scale = 2.0.try_into().expect("a factor");
        assert_eq!(few_bits(4, wider, &tensor), (vec![4, -4, 2, 1, 0, 0], 1.0 / 4.0));
    }

    #[test]
    fn mid_rise_codes_are_odd() {
        let rise = |spec: &mut QuantizationSpec| spec.levels = Levels::MidRise;
        // Four values from −3Δ to 3Δ; zero rises.
        assert_eq!(
            few_bits(2, rise, &[3.0, -3.0, 1.0, -0.5, 0.0, 2.0]),
            (vec![3, -3, 1, -1, 1, 1], 1.0)
        );
        let (codes, scale) = few_bits(7, rise, &[127.0, -127.0, 0.0, -0.25]);
        assert_eq!((codes, scale), (vec![127, -127, 1, -1], 1.0));
        assert_eq!(few_bits(3, rise, &[0.0, 0.0]), (vec![0, 0], 0.0)); // A filter of zeros has no step.
    }

    #[test]
    fn steps_that_lose_least_and_powers_of_two() {
        let least = |spec: &mut QuantizationSpec| spec.weight_step = WeightStep::LeastSquares;
        // One that stands out is cut for the sake of the others.
        let mut tensor = vec![0.1_f32; 60];
        tensor.extend([-0.1; 60]);
        tensor.push(0.3);
        let (_, whole) = few_bits(2, |_| {}, &tensor);
        let (_, cut) = few_bits(2, least, &tensor);
        assert!(cut < whole, "{cut} {whole}");
        // Equal errors: the largest.
        assert_eq!(few_bits(8, least, &[0.0, -1.0]), (vec![0, -128], 1.0 / 128.0));
        let power = |spec: &mut QuantizationSpec| spec.weight_step = WeightStep::PowerOfTwo;
        let (_, step) = few_bits(4, power, &tensor);
        assert_eq!(step.log2().fract(), 0.0);
        assert_eq!(few_bits(4, power, &[0.0]), (vec![0], 0.0));
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
        }
    }
}
