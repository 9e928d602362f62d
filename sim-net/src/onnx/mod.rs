//! The ONNX file format: messages, attributes and stored tensors.

pub(crate) mod attributes;
pub mod error;
#[expect(unreachable_pub, reason = "generated")]
pub(crate) mod proto;
pub(crate) mod stored;
