//! Networks: ONNX import, layer graph, execution, quantization and lowering.

pub mod calibrate;
pub mod capture;
mod capture_error;
pub mod check;
pub mod evaluate;
pub mod execute;
pub mod graph;
mod layer_weights;
pub mod lowering;
pub mod machines;
pub mod network;
pub mod ops;
mod pass;
mod plan;
pub mod prune;
pub mod quantize;
pub mod quantized;
mod ranges;
pub mod recalibrate;
pub mod reorder;
pub mod save;
pub mod selection;
pub mod simulate;
pub mod synthetic;
