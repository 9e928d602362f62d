//! The figures that a sweep file asks for.

use std::path::Path;

use reports::stored::Stored;
use sim_figures::spec::{self, FigureSpec};
use sim_toml::error::ConfigError;

/// The `[[figure]]` tables of a sweep file with this text; none where it has none.
///
/// - Errors: what is wrong with them, by line.
pub fn read(path: &Path, text: &str) -> Result<Vec<FigureSpec>, Box<ConfigError>> {
    spec::read_beside(text)
        .or_else(|complaints| ConfigError::check(path, text, complaints).map(|()| Vec::new()))
}

/// The figures that the file of a stored sweep asked for.
///
/// - Errors: as [`read`]; a file of an older version, for one.
pub fn of(stored: &Stored) -> Result<Vec<FigureSpec>, Box<ConfigError>> {
    let file = stored.configuration.first();
    file.map_or(Ok(Vec::new()), |file| read(Path::new(&file.name), &file.text))
}
