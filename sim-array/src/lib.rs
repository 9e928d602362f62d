//! The array: which operands meet where and when, the two clocks that run a product on it, and the comparison of engines.

pub mod clock;
pub mod engine;
pub mod kept_sums;
pub mod lockstep;
pub mod mapping;
mod phases;
pub mod stepped;
pub mod switching;
