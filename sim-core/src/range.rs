//! How the range of a layer's input is found over calibration images.

use serde::{Deserialize, Serialize};

use crate::decimal::Millionths;
use crate::named;

named! {
    /// The ways to find a range, without their parameters.
    pub enum RangeMethod {
        /// The mean over images of each image's maximum.
        MeanOfMax = "mean-of-max",
        /// The largest value of all images.
        Max = "max",
        /// The mean over images of a percentile of each image's values.
        Percentile = "percentile",
        /// The range with the least squared quantization error over all images.
        LeastSquares = "least-squares",
    }
}

/// How the range of a layer's input is found.
///
/// An input that cannot be negative has the range from 0 to the value found. One that can (shifted by a zero point)
/// also has a lower end, found the same way: the mean of each image's minimum, the least value, the percentile from
/// below (as many values lie below it as above the upper end), and both ends shrunk by one factor for least squares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationRange {
    /// The mean over images of each image's maximum.
    #[default]
    MeanOfMax,
    /// The largest value of all images.
    Max,
    /// The mean over images of this percentile of each image's values, zeros included.
    Percentile(Percentile),
    /// Of the ranges max·i/64, i = 16..=64, max the largest value of all images, the one with the least sum of squared
    /// quantization errors over all values of all images; of equal ones the largest.
    LeastSquares,
}

impl ActivationRange {
    /// The way without its parameters.
    pub const fn method(self) -> RangeMethod {
        match self {
            Self::MeanOfMax => RangeMethod::MeanOfMax,
            Self::Max => RangeMethod::Max,
            Self::Percentile(_) => RangeMethod::Percentile,
            Self::LeastSquares => RangeMethod::LeastSquares,
        }
    }

    /// The way `method`; `percentile` is used by that of its name only.
    pub const fn new(method: RangeMethod, percentile: Percentile) -> Self {
        match method {
            RangeMethod::MeanOfMax => Self::MeanOfMax,
            RangeMethod::Max => Self::Max,
            RangeMethod::Percentile => Self::Percentile(percentile),
            RangeMethod::LeastSquares => Self::LeastSquares,
        }
    }
}

/// A percentile by nearest rank, 0 < p ≤ 100, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percentile(Millionths);

impl Percentile {
    /// p as it is written.
    ///
    /// - Errors: outside 0 < p ≤ 100, or more than six decimals.
    pub fn new(percentile: f64) -> Result<Self, PercentileError> {
        Millionths::from_f64(percentile)
            .filter(|_| 0.0 < percentile && percentile <= 100.0)
            .map(Self)
            .ok_or(PercentileError { found: percentile })
    }

    /// p.
    pub fn value(self) -> f64 {
        self.0.to_f64()
    }

    /// The rank r = ⌈p/100 · count⌉: the percentile of `count` values is the r-th smallest of them.
    ///
    /// At least 1 and at most `count`, where there are values.
    pub fn rank(self, count: usize) -> usize {
        self.0.percent_ceil_of(count)
    }
}

impl Default for Percentile {
    fn default() -> Self {
        Self(Millionths::from_millionths(99_900_000))
    }
}

impl TryFrom<f64> for Percentile {
    type Error = PercentileError;

    fn try_from(percentile: f64) -> Result<Self, PercentileError> {
        Self::new(percentile)
    }
}

impl From<Percentile> for f64 {
    fn from(percentile: Percentile) -> Self {
        percentile.value()
    }
}

/// A percentile that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{found} is not a percentile: give p with 0 < p ≤ 100 and at most six decimals, such as 99.9")]
pub struct PercentileError {
    /// What was given.
    pub found: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        #[track_caller]
        fn check(percentile: f64, count: usize, want: usize) {
            let percentile = Percentile::new(percentile).expect("is one");
            assert_eq!(percentile.rank(count), want, "{percentile:?} of {count}");
        }
        check(50.0, 5, 3);
        check(50.0, 4, 2);
        check(30.0, 5, 2); // 1.5, up.
        check(100.0, 5, 5);
        check(0.000_001, 5, 1);
        check(99.9, 1000, 999);
        check(99.9, 10, 10);
    }

    #[test]
    fn percentiles_outside_the_range_are_errors() {
        for value in [0.0, -1.0, 100.000_001, 99.999_999_9, f64::NAN, f64::INFINITY] {
            let error = Percentile::new(value).expect_err("is none");
            assert!(error.to_string().contains("0 < p ≤ 100"), "{error}");
        }
        assert_eq!(Percentile::new(99.9), Ok(Percentile::default()));
    }

    #[test]
    fn every_method_is_a_range() {
        for method in RangeMethod::ALL {
            assert_eq!(
                ActivationRange::new(method, Percentile::default()).method(),
                method
            );
        }
    }
}
