//! Ratios, each made once from integer sums.

use sim_core::counters::{ErrorSums, PeCycles};
use sim_core::units::{Cycles, count_as_f64, cycles_as_f64};

/// Baseline cycles per cycle, whatever the clocks.
pub fn speedup(baseline: Cycles, cycles: Cycles) -> f64 {
    cycles_as_f64(baseline) / cycles_as_f64(cycles)
}

/// PE-steps with at least one active thread, as a fraction of all PE-cycles.
///
/// For the sparq kinds these are pairs with a non-zero activation: not comparable with threads.
pub fn utilization(pe_cycles: &PeCycles) -> f64 {
    let busy: u64 = pe_cycles.active.counts().iter().skip(1).sum();
    count_as_f64(busy) / count_as_f64(pe_cycles.total())
}

/// PE-steps of one PE with at least one active thread, as a fraction of its cycles.
pub fn utilization_of_pe(busy: u64, cycles: Cycles) -> f64 {
    count_as_f64(busy) / cycles_as_f64(cycles)
}

/// Mean over outputs of the squared error, in squared accumulator units.
pub fn mse(error: &ErrorSums, n_outputs: u64) -> f64 {
    sum_as_f64(error.squared_error) / count_as_f64(n_outputs)
}

/// Signal to noise, 10·log10(Σ exact² / Σ error²), in dB; `None` where either sum is zero.
pub fn snr_db(error: &ErrorSums) -> Option<f64> {
    (error.squared_error != 0 && error.squared_exact != 0)
        .then(|| 10.0 * (sum_as_f64(error.squared_exact) / sum_as_f64(error.squared_error)).log10())
}

/// Squared error over squared exact outputs, of a signal-to-noise ratio in dB.
pub fn relative_error_of(snr_db: f64) -> f64 {
    10.0_f64.powf(-snr_db / 10.0)
}

/// Geometric mean; `None` of nothing.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    let n = count_as_f64(sim_core::shape::widen(values.len()));
    (!values.is_empty()).then(|| (values.iter().map(|value| value.ln()).sum::<f64>() / n).exp())
}

/// A part of a whole, in per cent; `None` of an empty whole.
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole != 0).then(|| 100.0 * count_as_f64(part) / count_as_f64(whole))
}

#[expect(
    clippy::as_conversions,
    reason = "std has no lossy From for u128; rounding above 2^53 is meant"
)]
fn sum_as_f64(sum: u128) -> f64 {
    sum as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_divided_once() {
        let error = ErrorSums {
            squared_error: 7 << 70, // Beyond 64 bits.
            squared_exact: 700 << 70,
        };
        assert_eq!(mse(&error, 1 << 62).to_bits(), 1792.0_f64.to_bits());
        assert!((snr_db(&error).unwrap() - 20.0).abs() < 1e-12);
    }

    #[test]
    fn no_error_has_no_signal_to_noise() {
        let exact = ErrorSums {
            squared_error: 0,
            squared_exact: 7,
        };
        assert_eq!(snr_db(&exact), None);
        assert_eq!(mse(&exact, 3).to_bits(), 0.0_f64.to_bits());
        let silent = ErrorSums {
            squared_error: 7,
            squared_exact: 0,
        };
        assert_eq!(snr_db(&silent), None);
    }

    #[test]
    fn means_and_parts() {
        assert!((geometric_mean(&[1.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(percent(1, 4), Some(25.0));
        assert_eq!(percent(0, 0), None);
    }
}
