//! The layer trace: quantized operands of a network's convolutions in one file.

pub mod trace;
