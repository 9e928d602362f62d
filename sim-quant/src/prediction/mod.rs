//! Predicted zeros in a running network: skipped outputs are +0 for all that reads them.

mod curves;
mod densities;
mod gating;
mod methods;
mod recalibrating;
pub mod training;

pub use curves::curves;
pub use densities::densities;
pub use gating::{Gating, MapGate, counts_by_place};
pub use methods::{Filling, PlaceMethods};
pub use recalibrating::RecalibratingGates;
