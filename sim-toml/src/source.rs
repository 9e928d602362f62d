//! Texts of configuration files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use crate::complaint::Complaint;
use crate::error::ConfigError;
use crate::text;

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
    if usize::try_from(MAX_BYTES).is_ok_and(|most| most < bytes.len()) {
        return Err(ConfigError::file(
            path,
            "the file is larger than 1 MiB",
            "name a .toml file; models, images and traces are named inside it",
        ));
    }
    text::decode(path, bytes)
}

/// The tables of the text of the configuration file at `path`, with spans.
///
/// - Errors: a text that is not TOML.
pub fn parse<'a>(path: &Path, text: &'a str) -> Result<DeTable<'a>, Box<ConfigError>> {
    tables(text, "[section] headers").map_err(|complaint| ConfigError::of(path, text, complaint))
}

/// The tables of a TOML text, with spans. `headers` are what keys of the file stand under.
///
/// - Errors: a text that is not TOML.
pub fn tables<'a>(text: &'a str, headers: &str) -> Result<DeTable<'a>, Complaint> {
    DeTable::parse(text).map(Spanned::into_inner).map_err(|error| {
        Complaint::new(
            error.span().unwrap_or(0..0),
            format!("this is not TOML: {}", error.message()),
            format!("write `key = value` lines under {headers}; strings need quotes"),
        )
    })
}
