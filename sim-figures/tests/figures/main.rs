//! Figures, folders and pages of made-up results.

#[path = "../../../sim-draw/tests/draw/csv_text.rs"]
mod csv_text;
mod evaluations;
mod figure_sets;
mod figure_troubles;
mod folder;
mod of_runs;
mod page;
mod stored_data;
mod stored_figures;
#[path = "../../../reports/tests/reports/support.rs"]
mod support;
#[expect(
    dead_code,
    reason = "tests of `sim-draw` read more of an SVG by the same file"
)]
#[path = "../../../sim-draw/tests/draw/svg.rs"]
mod svg;
