//! A script beside each figure that draws it with matplotlib, for who wants it to look otherwise.

use super::Made;
use super::spec::Mark;

/// What all scripts begin with.
const BEGIN: &str = include_str!("python/begin.py");
/// What all scripts end with.
const END: &str = include_str!("python/end.py");

/// The script of a figure.
pub(crate) fn script(name: &str, mark: Mark, made: &Made) -> String {
    let body = match mark {
        Mark::Scatter | Mark::Line => include_str!("python/points.py"),
        Mark::Bar => include_str!("python/bars.py"),
        Mark::Stacked => include_str!("python/stacked.py"),
        Mark::HeatMap => include_str!("python/heat_map.py"),
    };
    // Names are plain; what comes from results stands in comments, on one line.
    let comment = made.sentence().replace(['\n', '\r'], " ");
    let title = made.title.replace(['\n', '\r'], " ");
    let begin = BEGIN
        .replace("@TITLE@", &title)
        .replace("@MADE@", &comment)
        .replace("@NAME@", name)
        .replace("@JOINED@", if mark == Mark::Line { "\"-\"" } else { "\"\"" });
    format!("{begin}\n{body}\n{END}")
}
