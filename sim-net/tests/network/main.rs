//! Networks: images in, traces and records out.

mod capture;
mod common;
mod lowered_rows;
mod lowering;
mod machines;
mod prune;
mod ranges;
mod reorder;
mod simulate;
