//! The ONNX file format: messages, attributes, stored tensors, and copies of a file with new values.

pub(crate) mod attributes;
pub mod error;
#[expect(unreachable_pub, reason = "generated")]
pub(crate) mod proto;
pub mod save;
pub(crate) mod stored;
mod wire;
