//! Integer operands of networks: calibration, ranges, quantization, traces, lowering, reordering of K, pruning,
//! and how many multiplications there are.

pub mod calibrate;
pub mod capture;
mod capture_error;
pub mod coverage;
pub mod feed;
pub mod kurtosis;
pub mod lowering;
mod pass;
pub mod prediction;
pub mod prune;
pub mod quantize;
pub mod quantized;
mod ranges;
pub mod reorder;
pub mod selection;
pub mod synthetic;
pub mod weights;
pub mod wide_operands;
