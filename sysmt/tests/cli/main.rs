//! The binary, run as a user runs it.

mod bad_inputs;
mod class_lists;
mod commands;
mod coverage;
mod designs;
mod eval;
mod eval_images;
mod exports;
mod help;
mod image_arrays;
mod image_folders;
mod image_preprocessing;
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
mod wave;
