//! Throttling to an accuracy: how far it may fall, and what each step lowered.

use std::str::FromStr;

use crate::counters::ErrorSums;
use crate::decimal::Millionths;
use crate::policy::Threads;
use crate::units::Cycles;

/// How many points of top-1 an array may lose against exact 8-bit, from 0 to 100, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxDrop(Millionths);

/// Points that are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a drop of top-1; write points from 0 to 100 with at most six decimals, as in 1.0")]
pub struct MaxDropError {
    /// What there is instead.
    found: String,
}

impl MaxDrop {
    /// Points.
    pub fn points(self) -> f64 {
        self.0.to_f64()
    }

    /// Whether `found` right answers of `n_images` are at most so many points below `exact` ones; exactly.
    pub fn allows(self, exact: usize, found: usize, n_images: usize) -> bool {
        exact.saturating_sub(found) <= self.0.percent_floor_of(n_images)
    }
}

impl Default for MaxDrop {
    /// One point.
    fn default() -> Self {
        Self(Millionths::from_millionths(1_000_000))
    }
}

impl FromStr for MaxDrop {
    type Err = MaxDropError;

    fn from_str(text: &str) -> Result<Self, MaxDropError> {
        let points = text.parse::<f64>().ok().filter(|points| *points <= 100.0);
        points
            .and_then(Millionths::from_f64)
            .map(Self)
            .ok_or_else(|| MaxDropError {
                found: text.to_owned(),
            })
    }
}

/// A layer at one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottledLayer {
    /// Its name in the network.
    pub name: String,
    /// The threads it runs with.
    pub threads: Threads,
    /// Its error over the images of the step.
    pub error: ErrorSums,
}

/// The array at one step, as measured on the images that throttling learns from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleStep {
    /// The layer that was lowered to get here; `None`: none yet.
    pub lowered: Option<String>,
    /// Every simulated layer.
    pub layers: Vec<ThrottledLayer>,
    /// Right answers of exact 8-bit, which predicts zeros as the array does.
    pub int8_right: usize,
    /// Right answers of the array.
    pub array_right: usize,
    /// Cycles over the images.
    pub cycles: Cycles,
    /// Cycles on the baseline.
    pub baseline_cycles: Cycles,
}

impl ThrottleStep {
    /// The layer with the largest error relative to its output among those that have more than one thread, the first of
    /// equal ones, and the threads it has next.
    pub fn worst(&self) -> Option<(&str, Threads)> {
        let mut worst: Option<(&ThrottledLayer, Threads)> = None;
        for layer in &self.layers {
            let Some(fewer) = layer.threads.fewer() else {
                continue;
            };
            if worst.is_none_or(|(other, _)| layer.error.cmp_relative(&other.error).is_gt()) {
                worst = Some((layer, fewer));
            }
        }
        worst.map(|(layer, fewer)| (layer.name.as_str(), fewer))
    }
}

/// Throttling from the array as built, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// What was asked for; `None`: all steps, down to one thread in every layer.
    pub max_drop: Option<MaxDrop>,
    /// Images that it was measured on.
    pub n_images: usize,
    /// At least one; the first is the array as built, the last one the array that is used.
    pub steps: Vec<ThrottleStep>,
}

impl Throttling {
    /// Whether the last step is within the drop that was asked for.
    pub fn is_reached(&self) -> bool {
        self.max_drop.is_none_or(|max_drop| {
            self.steps
                .last()
                .is_some_and(|step| max_drop.allows(step.int8_right, step.array_right, self.n_images))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_counted_exactly() {
        let one: MaxDrop = "1.0".parse().unwrap();
        assert_eq!(one, MaxDrop::default());
        assert!(one.allows(900, 890, 1000) && !one.allows(900, 889, 1000));
        assert!(one.allows(5, 9, 10), "a gain is not a drop");
        let none: MaxDrop = "0".parse().unwrap();
        assert!(none.allows(7, 7, 1000) && !none.allows(7, 6, 1000));
        let hundredth: MaxDrop = "0.29".parse().unwrap();
        assert!(hundredth.allows(29, 0, 10_000) && !hundredth.allows(30, 0, 10_000));
        for wrong in ["-1", "101", "x", "", "1.0000001", "NaN", "inf"] {
            assert!(wrong.parse::<MaxDrop>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_worst_layer_is_that_of_the_largest_relative_error() {
        let layer = |name: &str, threads, squared_error, squared_exact| ThrottledLayer {
            name: name.to_owned(),
            threads,
            error: ErrorSums {
                squared_error,
                squared_exact,
            },
        };
        let step = |layers| ThrottleStep {
            lowered: None,
            layers,
            int8_right: 0,
            array_right: 0,
            cycles: Cycles::default(),
            baseline_cycles: Cycles::default(),
        };
        let layers = vec![
            layer("large", Threads::Two, 900, 1_000_000),
            layer("relative", Threads::Four, 5, 1000),
            layer("equal", Threads::Four, 50, 10_000),
            layer("done", Threads::One, 9, 10),
        ];
        assert_eq!(step(layers).worst(), Some(("relative", Threads::Two)));
        assert_eq!(step(vec![layer("done", Threads::One, 9, 10)]).worst(), None);
    }

    #[test]
    fn relative_errors_are_compared_without_rounding() {
        let sums = |squared_error, squared_exact| ErrorSums {
            squared_error,
            squared_exact,
        };
        let big = u128::MAX - 1;
        // From the least to the largest.
        let ordered = [
            sums(0, 5),
            sums(1, big),
            sums(1, big - 1),
            sums(2, 5),
            sums(3, 7),
            sums(big - 1, big),
            sums(9, 9),
            sums(big, big - 1),
            sums(7, 3),
            sums(1, 0),
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(a.cmp_relative(b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
        assert!(sums(2, 4).cmp_relative(&sums(3, 6)).is_eq());
        assert!(sums(0, 0).cmp_relative(&sums(0, 3)).is_eq());
    }
}
