//! Units as types.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Ticks of the array clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cycles(pub u64);

impl Add for Cycles {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Cycles {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sum for Cycles {
    fn sum<I: Iterator<Item = Self>>(cycles: I) -> Self {
        Self(cycles.map(|c| c.0).sum())
    }
}

/// Frequency of the array clock in whole megahertz, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Megahertz(pub u32);

impl Megahertz {
    /// How long `cycles` take, in microseconds. A ratio, for reports only.
    pub fn microseconds(self, cycles: Cycles) -> f64 {
        cycles_as_f64(cycles) / f64::from(self.0)
    }
}

/// Cycles as a float for a ratio; exact below 2^53.
#[expect(
    clippy::as_conversions,
    reason = "std has no lossy From for u64; rounding above 2^53 is meant"
)]
pub fn cycles_as_f64(cycles: Cycles) -> f64 {
    cycles.0 as f64
}

/// The double that is written as the single is, shortest: 0.1 for 0.1, where widening gives 0.10000000149011612.
pub fn as_written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// A count as a float for a ratio; exact below 2^53.
pub fn count_as_f64(count: u64) -> f64 {
    cycles_as_f64(Cycles(count))
}
