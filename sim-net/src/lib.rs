//! Networks: ONNX import, layer graph, execution, quantization and lowering.

pub mod calibrate;
pub mod capture;
mod capture_error;
pub mod check;
pub mod execute;
pub mod graph;
pub mod images;
mod layer_weights;
pub mod lowering;
pub mod machines;
pub mod network;
pub mod onnx;
pub mod ops;
mod pass;
mod plan;
pub mod preprocess;
pub mod progress;
pub mod prune;
pub mod quantize;
mod ranges;
pub mod recalibrate;
pub mod reorder;
pub mod selection;
pub mod share;
pub mod simulate;
pub mod tensor;
