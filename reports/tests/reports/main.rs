//! Reports of made-up runs.

mod csv_files;
mod evaluations;
mod exports;
mod exports_tex;
mod figure_sets;
mod figure_troubles;
mod figures;
mod folder;
mod json;
mod page;
mod pe_map;
mod plots;
mod pruning;
mod stored_data;
mod stored_figures;
mod summary;
mod support;
mod svg;
mod totals;
