//! Traces and networks on arrays, layer by layer: the array of each layer, the counts of a trace, the answers of a network
//! whose layers run on arrays, and engines beside one another on every product.

pub mod check;
pub mod engines;
pub mod evaluate;
mod layer_weights;
pub mod machines;
mod plan;
pub mod predicted;
pub mod simulate;
mod sums;
