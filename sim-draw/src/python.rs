//! A script beside each figure that draws it with matplotlib, for who wants it to look otherwise.

use crate::Made;
use crate::figure::{Figure, Mark};

/// What all scripts begin with.
const BEGIN: &str = include_str!("python/begin.py");
/// What all scripts end with.
const END: &str = include_str!("python/end.py");

/// The script of a figure.
pub(crate) fn script(figure: &Figure, made: &Made) -> String {
    let body = match figure.mark {
        Mark::Scatter | Mark::Line => include_str!("python/points.py"),
        Mark::Bar => include_str!("python/bars.py"),
        Mark::Stacked => include_str!("python/stacked.py"),
        Mark::HeatMap => include_str!("python/heat_map.py"),
    };
    let join = match figure.mark {
        Mark::Line => "-",
        Mark::Scatter | Mark::Bar | Mark::Stacked | Mark::HeatMap => "none",
    };
    let [x_scale, y_scale] = figure
        .scales
        .map(|scale| if scale.is_log() { "log" } else { "linear" });
    // Names are plain; what comes from results stands in comments, on one line.
    let line = |text: &str| text.replace(['\n', '\r'], " ");
    let begin = BEGIN
        .replace("@JOIN@", join)
        .replace("@X_SCALE@", x_scale)
        .replace("@Y_SCALE@", y_scale)
        .replace("@NAME@", figure.picture.name())
        .replace("@MADE@", &line(&made.sentence()))
        .replace("@TITLE@", &line(&made.title));
    format!("{begin}\n{body}\n{END}")
}
