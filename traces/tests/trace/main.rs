//! The layer-trace file.

mod common;
mod hostile;
mod round_trip;
