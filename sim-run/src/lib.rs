//! Accuracy of a network that is prepared once and evaluated on any number of designs.

pub mod design;
pub mod error;
pub mod inputs;
pub mod open;
pub mod prepare;
pub mod throttle;
pub mod trace;
pub mod training;
