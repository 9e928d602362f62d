//! Figures against their points.

mod csv_text;
mod plots;
#[expect(dead_code, reason = "tests of `reports` read more of an SVG by the same file")]
mod svg;
