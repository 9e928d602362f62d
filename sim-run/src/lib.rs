//! Traces and networks on arrays, layer by layer: counts of a trace, and the accuracy of a network that is prepared once and
//! evaluated on any number of designs.

pub mod check;
pub mod design;
pub mod error;
pub mod evaluate;
pub mod inputs;
mod layer_weights;
pub mod machines;
pub mod open;
mod plan;
pub mod prepare;
pub mod simulate;
pub mod throttle;
pub mod trace;
pub mod training;
