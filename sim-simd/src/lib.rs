//! Vector instructions: which sets a processor has, and everything that needs them or raw memory.
//!
//! Every other crate is safe Rust. What is here gives the same bits on every processor.

pub mod byte_sums;
pub mod fused;
mod instructions;
pub mod integer;
pub mod pages;
pub mod plane;
pub mod sgemm;

pub use instructions::*;
