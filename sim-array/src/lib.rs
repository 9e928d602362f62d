//! The array: which operands meet where and when, three engines that run a product on it, and their comparison.

pub mod algebraic;
pub mod clock;
pub mod engine;
pub mod lockstep;
pub mod mapping;
pub mod stepped;
mod switching;
