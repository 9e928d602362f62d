//! FP32 networks: ONNX import, layer graph, operators, and execution with hooks between layers.

pub mod execute;
pub mod graph;
pub mod network;
pub mod ops;
pub mod recalibrate;
pub mod save;
