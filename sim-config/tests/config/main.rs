//! Configuration files, good and bad.

mod files;
mod keys;
mod layers;
mod messages;
mod prediction;
mod resolved;
mod sweeps;
