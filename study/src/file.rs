//! The study file: what all points share, grids of what differs, and the figures to draw.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

/// As x of a figure: the simulated layers, by number.
pub(crate) const LAYER: &str = "layer";
/// As y of a figure: the relative error of each layer.
pub(crate) const LAYER_RELATIVE_MSE: &str = "layer-relative-mse";

/// A study as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Study {
    /// Of the file format.
    pub(crate) version: u32,
    /// What the study asks.
    pub(crate) title: String,
    /// The content of a run file, as far as all points share it.
    pub(crate) base: toml::Table,
    /// Each is a grid: keys of a run file with one value or a list, and every combination is a point.
    pub(crate) grid: Vec<toml::Table>,
    /// What to draw.
    #[serde(default)]
    pub(crate) figure: Vec<FigureSpec>,
    /// What to measure besides answers and counts.
    #[serde(default)]
    pub(crate) extra: Vec<Extra>,
}

/// A figure over points.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FigureSpec {
    /// Of the file.
    pub(crate) name: String,
    /// A column, or a key of the grid with numbers.
    pub(crate) x: String,
    /// A column.
    pub(crate) y: String,
    /// Keys of the grid: one series for every combination of their values.
    pub(crate) series: Vec<String>,
    /// Only points with these values of keys.
    #[serde(default)]
    pub(crate) only: toml::Table,
    /// How points of a series belong together.
    #[serde(default)]
    pub(crate) join: Join,
    /// A horizontal line.
    pub(crate) reference: Option<Reference>,
}

/// How points of a series belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Join {
    /// They are points.
    #[default]
    None,
    /// A line in the order of the grid.
    Line,
}

/// What a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reference {
    /// Top-1 of the network as it is, of the first point.
    Fp32,
    /// Top-1 of exact 8-bit, of the first point.
    Int8,
}

/// What some studies measure besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Extra {
    /// Zero and narrow operands of every layer.
    Operands,
    /// How far the input of the last layer is from that in FP32.
    Features,
}

impl Study {
    /// Read a study file.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: the study cannot be read; check its name", path.display()))?;
        let study: Self =
            toml::from_str(&text).with_context(|| format!("{}: no study file", path.display()))?;
        if study.version != 1 {
            bail!(
                "{}: version is {}, and this program reads 1",
                path.display(),
                study.version
            );
        }
        Ok(study)
    }
}

/// The file of a study: one of `configs/studies` by its name, or a path.
pub(crate) fn path_of(name: &str) -> PathBuf {
    if Path::new(name).extension().is_some() {
        return PathBuf::from(name);
    }
    Path::new("configs/studies").join(name).with_extension("toml")
}
