//! Networks and images in, 8-bit operands out.

mod capture;
mod kure;
mod lowered_rows;
mod lowering;
mod prediction;
mod prune;
mod ranges;
