//! Networks: ONNX import, layer graph, execution, quantization and lowering.
