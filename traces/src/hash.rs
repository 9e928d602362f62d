//! The fingerprint of a file.

use std::path::Path;

use crate::error::{Fault, TraceError};

/// BLAKE3 of the bytes of the file at `path`, as 64 hexadecimal digits.
///
/// - Errors: the file cannot be read.
pub fn of_file(path: &Path) -> Result<String, TraceError> {
    let hash = || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(std::fs::File::open(path)?)?;
        Ok(hasher.finalize().to_hex().to_string())
    };
    hash().map_err(|error| {
        TraceError::new(
            path,
            Fault::Io {
                action: "read the file",
                error,
            },
        )
    })
}
