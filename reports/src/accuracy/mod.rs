//! Evaluations of networks: how many answers are right, and whether a difference is more than chance.

pub mod images;
pub mod object;
pub mod significance;
pub mod summary;
pub mod tables;
pub mod throttling;
