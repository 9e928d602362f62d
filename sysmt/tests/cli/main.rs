//! The binary, run as a user runs it.

mod bad_inputs;
mod cases_formats;
mod cases_outputs;
mod cases_traces;
mod commands;
mod designs;
mod eval;
mod eval_images;
mod exports;
mod help;
mod layers;
mod plot;
mod pruning;
mod report;
mod resume;
mod shards;
mod simd;
mod stop;
mod studies;
mod support;
mod sweep;
mod sweep_inputs;
mod wave;
