//! The layer trace: quantized operands of a network's convolutions in one file.

mod check;
mod container;
pub mod error;
pub mod hash;
pub mod prediction;
mod read;
pub mod trace;
mod write;

pub use error::TraceError;
pub use read::{is_captured, read};
pub use write::write;
