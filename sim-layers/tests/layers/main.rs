//! Traces in, records of layers out.

mod common;
mod machines;
mod reorder;
mod simulate;
