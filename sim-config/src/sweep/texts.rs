//! The texts that a sweep is read from.

use std::path::{Path, PathBuf};

use sim_toml::error::ConfigError;
use sim_toml::source;

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
    /// The axes that are ranges.
    pub(super) ranges: Vec<AxisRange>,
    /// Most images that count, for calibration as well; `None`: as the files say.
    pub(super) limit: Option<usize>,
}

/// An axis that is a range.
#[derive(Debug)]
pub(super) struct AxisRange {
    /// Which table of axes it is in.
    pub(super) grid: usize,
    /// Its name there.
    pub(super) axis: String,
    /// Its values as TOML.
    pub(super) numbers: Vec<String>,
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
        let mut ranges = Vec::new();
        for (grid, axes) in table.get("axes").into_iter().flat_map(axes::tables).enumerate() {
            for (name, value) in axes.get_ref().as_table().into_iter().flatten() {
                if let Some(Ok(numbers)) = axes::range(value.get_ref()) {
                    let axis = name.get_ref().to_string();
                    ranges.push(AxisRange { grid, axis, numbers });
                }
            }
        }
        Ok(Self {
            path: path.to_owned(),
            base,
            array,
            ranges,
            limit: None,
            text,
        })
    }

    /// The same with no more images than `n_images`, neither for answers nor for calibration.
    #[must_use]
    pub fn limited(self, n_images: usize) -> Self {
        Self {
            limit: Some(n_images),
            ..self
        }
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
