//! Synthetic sparsity: zeros that no image gave, for questions about sparsity that no real network answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decimal::Millionths;

/// The probability with which an activation becomes zero, 0 ≤ P < 1, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct ActivationZeros(Millionths);

/// A probability that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is not a probability from 0 to below 1 with at most six decimals")]
pub struct ActivationZerosError {
    found: String,
}

impl ActivationZeros {
    /// P as it is written.
    ///
    /// - Errors: outside 0 ≤ P < 1, or more than six decimals.
    pub fn new(probability: f64) -> Result<Self, ActivationZerosError> {
        Millionths::from_f64(probability)
            .filter(|_| probability < 1.0)
            .map(Self)
            .ok_or_else(|| ActivationZerosError {
                found: probability.to_string(),
            })
    }

    /// P.
    pub fn value(self) -> f64 {
        self.0.to_f64()
    }

    /// Whether nothing becomes zero.
    pub fn is_none(self) -> bool {
        self.0 == Millionths::from_millionths(0)
    }

    /// Whether an activation becomes zero for which `draw` was drawn, evenly among all 64-bit numbers.
    ///
    /// What becomes zero for some P also does for every larger one.
    pub fn covers(self, draw: u64) -> bool {
        self.0.is_above(draw)
    }
}

impl fmt::Display for ActivationZeros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}

impl TryFrom<f64> for ActivationZeros {
    type Error = ActivationZerosError;

    fn try_from(probability: f64) -> Result<Self, ActivationZerosError> {
        Self::new(probability)
    }
}

impl From<ActivationZeros> for f64 {
    fn from(zeros: ActivationZeros) -> Self {
        zeros.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_checked_and_cover_their_share() {
        for wrong in [-0.1, 1.0, 0.123_456_7, f64::NAN] {
            assert!(ActivationZeros::new(wrong).is_err(), "{wrong}");
        }
        let quarter = ActivationZeros::new(0.25).unwrap();
        assert!(quarter.covers((1 << 62) - 1) && !quarter.covers(1 << 62));
        let none = ActivationZeros::new(0.0).unwrap();
        assert!(none.is_none() && !none.covers(0));
    }
}
