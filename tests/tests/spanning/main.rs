//! What spans crates: engines, oracle, golden operands, ONNX, the page in a browser.

mod clocks;
mod equivalence;
mod fake_quantization;
mod golden;
mod onnx;
mod onnx_models;
mod onnx_nodes;
mod onnx_quantized;
mod page;
mod predicted_outputs;
mod recalibrated_model;
