//! The texts that a sweep is read from.

use std::path::{Path, PathBuf};

use sim_toml::error::ConfigError;
use sim_toml::source;
use toml::de::DeValue;

use super::axes;
use crate::keys;

/// The text of a sweep file, of the run file that it names, and of the array file that that one names.
#[derive(Debug)]
pub struct SweepTexts {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Path and text; `None` where the sweep names none, which is complained about later.
    pub(super) base: Option<(PathBuf, String)>,
    /// The array file that the base names.
    pub(super) array: Option<(PathBuf, String)>,
    /// Values of axes that are ranges, as TOML, by the name of the axis.
    pub(super) ranges: Vec<(String, Vec<String>)>,
}

impl SweepTexts {
    /// Read them.
    ///
    /// - Errors: files that cannot be read or are not TOML.
    pub fn read(path: &Path) -> Result<Self, Box<ConfigError>> {
        Self::of(path, source::read(path)?)
    }

    /// The sweep file's text is at hand; what it names is read.
    ///
    /// - Errors: as [`Self::read`].
    pub fn of(path: &Path, text: String) -> Result<Self, Box<ConfigError>> {
        let table = source::parse(path, &text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let named = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
        let base = match named(keys::BASE.name) {
            Some(base) if !base.is_empty() => {
                let path = folder.join(base);
                let text = source::read(&path)?;
                Some((path, text))
            }
            Some(_) | None => None,
        };
        let array = base.as_ref().map(array_file).transpose()?.flatten();
        let ranges = match table.get("axes").map(|axes| axes.get_ref()) {
            Some(DeValue::Table(axes)) => axes
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.get_ref().to_string(), axes::range(value.get_ref())?.ok()?))
                })
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            base,
            array,
            ranges,
            text,
        })
    }

    /// The sweep file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sweep file's own text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The array file that a run file names, where it names one.
fn array_file((path, text): &(PathBuf, String)) -> Result<Option<(PathBuf, String)>, Box<ConfigError>> {
    let table = source::parse(path, text)?;
    let Some(array) = table
        .get(keys::ARRAY.name)
        .and_then(|value| value.get_ref().as_str())
    else {
        return Ok(None);
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let path = folder.join(array);
    let text = source::read(&path)?;
    Ok(Some((path, text)))
}
