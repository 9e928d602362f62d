//! What chance alone could have made of counts.

use sim_core::shape::widen;
use sim_core::units::count_as_f64;

/// A part of a whole and where the true one lies with a probability of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The quantile of the normal distribution that leaves 2.5 % above it.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's interval of `n_right` of `n`, at 95 %; all of it for no trials.
pub fn wilson(n_right: usize, n: usize) -> Interval {
    wilson_of_share(count_as_f64(widen(n_right)) / count_as_f64(widen(n.max(1))), n)
}

/// Wilson's interval of a share of `n`, at 95 %; all of it for no trials.
pub fn wilson_of_share(share: f64, n: usize) -> Interval {
    if n == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let n = count_as_f64(widen(n));
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
    }
}

/// Interval of a difference of two shares of the same `n` images, (gained − lost) / n, at 95 %: normal, from the
/// variance of a paired difference. It is for readers; the test is [`mcnemar`].
pub fn paired_difference(lost: usize, gained: usize, n: usize) -> Interval {
    if n == 0 {
        return Interval { low: -1.0, high: 1.0 };
    }
    let [lost, gained, n] = [lost, gained, n].map(|count| count_as_f64(widen(count)));
    let difference = (gained - lost) / n;
    let variance = (lost + gained) / n - difference * difference;
    let half = Z * (variance.max(0.0) / n).sqrt();
    Interval {
        low: (difference - half).max(-1.0),
        high: (difference + half).min(1.0),
    }
}

/// Exact two-sided McNemar test: the probability that of `lost + gained` flips, each as likely one way as the other,
/// at least so many go the same way. 1 when nothing flipped.
pub fn mcnemar(lost: usize, gained: usize) -> f64 {
    let (n, least) = (lost + gained, lost.min(gained));
    if n == 0 {
        return 1.0;
    }
    // Σ over k ≤ least of C(n, k) / 2^n. Logarithms, because 2^-n leaves the floats where n is large.
    let mut log_term = -count_as_f64(widen(n)) * std::f64::consts::LN_2;
    let mut sum = log_term.exp();
    for k in 1..=least {
        log_term += (count_as_f64(widen(n - k + 1)) / count_as_f64(widen(k))).ln();
        sum += log_term.exp();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_test_of_paired_flips() {
        #[track_caller]
        fn check(lost: usize, gained: usize, want: f64) {
            let found = mcnemar(lost, gained);
            assert!((found / want - 1.0).abs() < 1e-10, "{lost}, {gained}: {found}");
            assert_eq!(found.to_bits(), mcnemar(gained, lost).to_bits());
        }
        check(0, 0, 1.0);
        check(0, 1, 1.0); // One flip says nothing.
        check(0, 5, 2.0 / 32.0);
        check(1, 5, 2.0 * 7.0 / 64.0);
        check(3, 3, 1.0);
        check(2, 10, 2.0 * (1.0 + 12.0 + 66.0) / 4096.0);
        // 2^-2000 is below the least float.
        assert_eq!(mcnemar(0, 2000).to_bits(), 0.0_f64.to_bits());
        assert!(
            (mcnemar(950, 1050) - 0.0267).abs() < 0.0005,
            "{}",
            mcnemar(950, 1050)
        );
    }

    #[test]
    fn intervals_of_shares() {
        #[track_caller]
        fn check(found: Interval, low: f64, high: f64) {
            assert!(
                (found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5,
                "{found:?}"
            );
        }
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        check(wilson(81, 263), 0.2553, 0.3662);
        check(wilson(15, 148), 0.0624, 0.1605);
        check(wilson(0, 20), 0.0, 0.1611);
        check(wilson(1, 29), 0.0061, 0.1718);
        check(wilson(0, 0), 0.0, 1.0);
        check(paired_difference(0, 0, 10), 0.0, 0.0);
        check(
            paired_difference(10, 30, 1000),
            0.02 - 0.012_335,
            0.02 + 0.012_335,
        );
    }
}
