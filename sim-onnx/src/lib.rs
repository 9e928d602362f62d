//! The ONNX file format: messages, stored tensors, and copies of a file with new values.

pub mod error;
pub mod external;
#[expect(missing_docs, reason = "generated")]
pub mod proto;
pub mod rewrite;
pub mod stored;
pub mod value;
pub mod wire;
