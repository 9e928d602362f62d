//! Reports of made-up runs.

mod csv_files;
mod evaluations;
mod figures;
mod folder;
mod json;
mod page;
mod plots;
mod pruning;
mod summary;
mod support;
mod svg;
mod totals;
