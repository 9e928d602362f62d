//! Results on stdout, timings on stderr.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reports::whole;

use crate::failure::Failure;

/// Print results. A reader that has gone away, as `head` does, is not an error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::User(format!(
            "the results cannot be printed: {error}; check where stdout goes"
        ))),
    }
}

/// Write a text, whole or not at all.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    whole::write(path, |new| std::fs::write(new, text)).map_err(|error| unwritten(path, &error))
}

/// The results folder `out`, else one in `results` with the name of `file`.
pub(crate) fn folder(out: Option<&PathBuf>, file: &Path) -> PathBuf {
    out.cloned()
        .unwrap_or_else(|| Path::new("results").join(file.file_stem().unwrap_or_default()))
}

/// A file that the file system refuses.
pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::User(format!(
        "{}: cannot be written: {error}; check the path, its permissions and free space",
        path.display()
    ))
}

/// Tell how long the work took. It depends on the machine, so it is never part of a result.
pub(crate) fn tell_time(n_macs: u64, took: Duration) {
    let seconds = took.as_secs_f64();
    let rate = sim_core::units::count_as_f64(n_macs) / seconds.max(1e-9) / 1e6;
    note(&format!(
        "{n_macs} MACs in {seconds:.3} s, {rate:.1} million MACs/s"
    ));
}

/// A line for the person at the terminal.
pub(crate) fn note(text: &str) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
