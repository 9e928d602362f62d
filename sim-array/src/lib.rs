//! The array: which operands meet where and when, the two clocks that run a product on it, and the comparison of engines.

pub mod clock;
pub mod engine;
pub mod lockstep;
pub mod mapping;
pub mod stepped;
pub mod switching;
