//! Texts of configuration files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::de::DeTable;

use crate::error::{ConfigError, Problem, into_result};

/// No configuration is longer; a model or an image named by mistake is.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a configuration file.
///
/// - Errors: no such file, a directory, a file that cannot be read, is not UTF-8 or is larger than 1 MiB.
pub fn read(path: &Path) -> Result<String, Box<ConfigError>> {
    let unreadable = |error: &std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            ConfigError::file(path, "there is no such file", "check the path")
        } else {
            ConfigError::file(
                path,
                format!("the file cannot be read: {error}"),
                "check the path and its permissions",
            )
        }
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(ConfigError::file(
            path,
            "this is a directory",
            "name a .toml file in it",
        ));
    }
    if !metadata.is_file() {
        return Err(ConfigError::file(
            path,
            "this is not a regular file",
            "name a .toml file",
        ));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    if MAX_BYTES < sim_core::shape::widen(bytes.len()) {
        return Err(ConfigError::file(
            path,
            "the file is larger than 1 MiB",
            "name a .toml file; models, images and traces are named inside it",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        ConfigError::file(
            path,
            format!("byte {} is not UTF-8 text", error.utf8_error().valid_up_to()),
            "name a .toml file; models, images and traces are named inside it",
        )
    })
}

/// The tables of a TOML text, with spans.
pub(crate) fn parse<'a>(path: &Path, text: &'a str) -> Result<DeTable<'a>, Box<ConfigError>> {
    let error = match DeTable::parse(text) {
        Ok(table) => return Ok(table.into_inner()),
        Err(error) => error,
    };
    let why = format!("this is not TOML: {}", error.message());
    let remedy = "write `key = value` lines under [section] headers; strings need quotes";
    match error.span() {
        Some(at) => {
            let problem = Problem {
                at,
                why,
                remedy: remedy.to_owned(),
            };
            into_result(path, text, vec![problem]).map(|()| DeTable::new())
        }
        None => Err(ConfigError::file(path, why, remedy)),
    }
}
