//! Inputs that points share, prepared before the first point.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sim_run::error::{ErrorKind, RunError};

/// Prepare inputs in turn until one is there, and give what became of them so far, in order.
///
/// So a sweep of whose inputs none can be prepared fails once, and not in each of its points.
///
/// - Errors: the first, where all are mistakes of the user's.
pub(crate) fn until_one<K, T>(
    keys: impl IntoIterator<Item = K>,
    prepare: impl Fn(K) -> Result<T, RunError>,
) -> Result<Vec<Result<T, RunError>>, RunError> {
    let mut all = Vec::new();
    for key in keys {
        let prepared = caught(|| prepare(key));
        let is_mistake = prepared
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::User);
        all.push(prepared);
        if !is_mistake {
            return Ok(all);
        }
    }
    match all.first() {
        Some(Err(error)) => Err(error.clone()),
        Some(Ok(_)) | None => Ok(all),
    }
}

/// What `prepare` gives; a panic is an error, so that it ends no other point.
pub(crate) fn caught<T>(prepare: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    catch_unwind(AssertUnwindSafe(prepare)).unwrap_or_else(|panic| Err(RunError::of_panic(panic.as_ref())))
}
