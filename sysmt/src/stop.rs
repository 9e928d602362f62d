//! Ctrl-C: the first ends the run after the products at hand, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static STOP: AtomicBool = AtomicBool::new(false);
/// Exit code of a program that a signal ended.
const STOPPED: i32 = 130;

/// Set by Ctrl-C from now on.
///
/// Files and folders get their names when they are whole, so nothing half-written is left in either case.
pub(crate) fn flag() -> Result<&'static AtomicBool, Failure> {
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(STOPPED);
        }
    })
    .map_err(|error| {
        Failure::User(format!(
            "Ctrl-C cannot be caught: {error}; start sysmt from a shell"
        ))
    })?;
    Ok(&STOP)
}
