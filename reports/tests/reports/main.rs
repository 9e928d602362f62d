//! Reports of made-up runs.

mod csv_files;
#[path = "../../../sim-draw/tests/draw/csv_text.rs"]
mod csv_text;
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
mod pruning;
mod stored_data;
mod stored_figures;
mod summary;
mod support;
#[expect(
    dead_code,
    reason = "tests of `sim-draw` read more of an SVG by the same file"
)]
#[path = "../../../sim-draw/tests/draw/svg.rs"]
mod svg;
mod totals;
