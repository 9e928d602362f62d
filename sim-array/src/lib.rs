//! The array: which operands meet where, two engines that run a product on it, and their comparison.

pub mod engine;
