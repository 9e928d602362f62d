//! Reports of made-up runs.

mod csv_files;
#[path = "../../../sim-draw/tests/draw/csv_text.rs"]
mod csv_text;
mod exports;
mod exports_tex;
mod json;
mod pe_map;
mod pruning;
mod summary;
mod support;
mod totals;
