//! The vocabulary of the simulator: units, shapes, checked specs, counters and records.
//!
//! Nothing here reads a file, has randomness of its own or knows an engine. What is built from good input
//! cannot fail later.

// What `named!` writes calls this crate by its name, here as in others.
extern crate self as sim_core;

pub mod busy;
pub mod convolution;
pub mod counters;
mod decimal;
pub mod draws;
pub mod evaluation;
pub mod fixed;
pub mod ids;
pub mod input_constant;
pub mod layer_rules;
pub mod mutant;
pub mod named;
pub mod parallel_map;
pub mod patch;
mod pe;
pub mod pe_keys;
pub mod policy;
pub mod prediction;
pub mod preprocessing;
pub mod progress;
pub mod prune;
pub mod quantization;
pub mod range;
pub mod recalibration;
pub mod record;
pub mod reorder;
pub mod shape;
pub mod spec;
pub mod synthetic;
pub mod tensor;
pub mod throttle;
pub mod units;
