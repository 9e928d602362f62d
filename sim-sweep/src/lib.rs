//! Sweeps: a grid of runs is planned, run, and stored point by point, so that nothing that ends it loses a point.

mod cache;
mod curves;
mod early;
pub mod error;
pub mod estimate;
mod evaluate;
pub mod figures;
pub mod folder;
pub mod identity;
pub mod lock;
mod measure;
pub mod plan;
pub mod run;
pub mod shards;
pub mod store;
pub mod stored;
mod traces;
