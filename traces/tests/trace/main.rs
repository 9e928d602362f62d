//! The layer-trace file.

mod common;
mod hostile;
mod prediction;
mod round_trip;
