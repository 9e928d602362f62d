//! Work on images with a bar on stderr.

use std::sync::atomic::AtomicBool;

use reports::accuracy::images::SkippedSet;
use sim_run::error::RunError;
use sim_run::trace::PreparedTrace;
use sim_run::workers::{Engines, Workers};

use crate::output;
use crate::progress::Bar;

/// Show how far `prepare` is, and say what it left out.
pub(crate) fn told(
    jobs: usize,
    engines: &Engines,
    stop: &AtomicBool,
    prepare: impl FnOnce(&Workers<'_>) -> Result<PreparedTrace, RunError>,
) -> Result<PreparedTrace, RunError> {
    let bar = Bar::of_images();
    let prepared = prepare(&Workers {
        jobs,
        engines,
        stop,
        progress: &bar,
    });
    bar.finish();
    let prepared = prepared?;
    for (names, what) in [
        (&prepared.skipped, "images"),
        (&prepared.skipped_calibration, "calibration images"),
    ] {
        if let Some(sentence) = SkippedSet::of(names).sentence(what) {
            output::note(&sentence);
        }
    }
    Ok(prepared)
}
