//! Predicted zeros in a running network: skipped outputs are +0 for all that reads them.

mod curves;
mod gating;
mod recalibrating;
pub mod training;

pub use curves::curves;
pub use gating::Gating;
pub(crate) use gating::MapGate;
pub use recalibrating::RecalibratingGates;
