//! Pruning: which weights become zero, and how many there were.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::Millionths;
use crate::named;

named! {
    /// Among which weights the smallest are looked for.
    pub enum PruneScope {
        /// Those of each layer.
        Layer = "layer",
        /// Those of all simulated layers together.
        Global = "global",
    }
}

/// Which part of the weights is pruned, 0 ≤ P < 1, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct PruneFraction(Millionths);

impl PruneFraction {
    /// P as it is written.
    ///
    /// - Errors: outside 0 ≤ P < 1, or more than six decimals.
    pub fn new(fraction: f64) -> Result<Self, PruneError> {
        Millionths::from_f64(fraction)
            .filter(|_| fraction < 1.0)
            .map(Self)
            .ok_or_else(|| PruneError {
                found: fraction.to_string(),
            })
    }

    /// P.
    pub fn value(self) -> f64 {
        self.0.to_f64()
    }

    /// ⌊P · count⌋, exactly.
    pub fn of(self, count: usize) -> usize {
        self.0.floor_of(count)
    }
}

impl TryFrom<f64> for PruneFraction {
    type Error = PruneError;

    fn try_from(fraction: f64) -> Result<Self, PruneError> {
        Self::new(fraction)
    }
}

impl From<PruneFraction> for f64 {
    fn from(fraction: PruneFraction) -> Self {
        fraction.value()
    }
}

/// What pruning makes zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum PruneSpec {
    /// The ⌊P · count⌋ smallest |w|; of equal ones those with the lower index.
    Magnitude {
        /// P.
        fraction: PruneFraction,
        /// Of which weights.
        scope: PruneScope,
    },
    /// All but the two largest |w| of every four along K, `(kh, kw, c)` with the channel fastest, per output channel
    /// and group; of equal ones the lower k stays.
    #[serde(rename = "2:4")]
    TwoOfFour,
}

impl PruneSpec {
    /// The name of [`Self::TwoOfFour`] in configuration files.
    pub const TWO_OF_FOUR: &'static str = "2:4";

    /// The same over `scope`; `None` for 2:4, which has none.
    pub const fn with_scope(self, scope: PruneScope) -> Option<Self> {
        match self {
            Self::Magnitude { fraction, .. } => Some(Self::Magnitude { fraction, scope }),
            Self::TwoOfFour => None,
        }
    }
}

impl fmt::Display for PruneSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magnitude { fraction, scope } => {
                let of = match scope {
                    PruneScope::Layer => "each layer's weights",
                    PruneScope::Global => "the weights of all layers together",
                };
                write!(f, "the smallest {} of {of}", fraction.value())
            }
            Self::TwoOfFour => f.write_str("2:4, all but the two largest of four weights"),
        }
    }
}

impl FromStr for PruneSpec {
    type Err = PruneError;

    /// `2:4`, or a fraction such as `0.4` of each layer.
    fn from_str(text: &str) -> Result<Self, PruneError> {
        if text == Self::TWO_OF_FOUR {
            return Ok(Self::TwoOfFour);
        }
        let wrong = || PruneError {
            found: text.to_owned(),
        };
        let fraction = PruneFraction::new(text.parse().map_err(|_| wrong())?).map_err(|_| wrong())?;
        Ok(Self::Magnitude {
            fraction,
            scope: PruneScope::Layer,
        })
    }
}

/// A pruning that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a way to prune: give a fraction P with 0 ≤ P < 1 and at most six decimals, such as 0.4, or 2:4"
)]
pub struct PruneError {
    /// What was given.
    pub found: String,
}

/// Zeros among the weights of a layer, before and after pruning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerSparsity {
    /// The layer's name in its network.
    pub name: String,
    /// How many weights it has.
    pub weights: usize,
    /// How many of them were zero before.
    pub zeros_before: usize,
    /// How many of them are zero now.
    pub zeros_after: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_fraction_or_two_of_four() {
        #[track_caller]
        fn good(text: &str, want: &str) {
            assert_eq!(
                text.parse().map(|spec: PruneSpec| spec.to_string()),
                Ok(want.to_owned())
            );
        }
        #[track_caller]
        fn bad(text: &str) {
            let error = text.parse::<PruneSpec>().expect_err("is not a way to prune");
            assert!(error.to_string().contains("0 ≤ P < 1"), "{error}");
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
        good("0.4", "the smallest 0.4 of each layer's weights");
        good("0", "the smallest 0 of each layer's weights");
        good("0.999999", "the smallest 0.999999 of each layer's weights");
        good("2:4", "2:4, all but the two largest of four weights");
        for text in [
            "1",
            "1.5",
            "-0.1",
            "0.1234567",
            "3:4",
            "2:4 ",
            "",
            "nan",
            "inf",
            "40%",
        ] {
            bad(text);
        }
    }

    #[test]
    fn only_a_fraction_has_a_scope() {
        let half: PruneSpec = "0.5".parse().expect("is a fraction");
        let global = half.with_scope(PruneScope::Global).expect("has a scope");
        assert_eq!(
            global.to_string(),
            "the smallest 0.5 of the weights of all layers together"
        );
        assert_eq!(PruneSpec::TwoOfFour.with_scope(PruneScope::Layer), None);
    }
}
