//! Figures against their points.

mod csv_text;
mod plots;
#[expect(
    dead_code,
    reason = "tests of `sim-figures` read more of an SVG by the same file"
)]
mod svg;
