//! Figures as data: what a `[[figure]]` table of a TOML file asks for. Built-in figures are such tables too.

mod read;

use sim_core::named;
use std::ops::Range;

use sim_draw::Scale;
use sim_draw::figure::Mark;
use sim_toml::reader::Text;

pub use read::{builtin, read, read_beside};

/// The file of the built-in figures.
pub const BUILTIN: &str = include_str!("builtin.toml");

/// A name with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Bytes of the file.
    pub at: Range<usize>,
}

impl From<Text<'_>> for Named {
    fn from(text: Text<'_>) -> Self {
        Self {
            at: text.span(),
            name: text.into_inner().to_owned(),
        }
    }
}

/// A figure, or one for each value of what [`FigureSpec::each`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureSpec {
    /// File name without its ending.
    pub name: String,
    /// Above the figure.
    pub title: Option<String>,
    /// What its points are.
    pub table: Table,
    /// How points are drawn.
    pub mark: Mark,
    /// Across.
    pub x: By,
    /// Up; or what is stacked; or, of a heat map, down.
    pub y: Vec<Part>,
    /// The colour of a heat map.
    pub value: Option<Named>,
    /// What tells series apart.
    pub series: By,
    /// What tells figures apart.
    pub each: By,
    /// Rows that count: of each of these columns, one of these values.
    pub only: Vec<(Named, Vec<String>)>,
    /// In place of the column's own.
    pub x_scale: Option<Scale>,
    /// In place of the column's own.
    pub y_scale: Option<Scale>,
    /// In place of the column's own.
    pub x_title: Option<String>,
    /// In place of the column's own; of a heat map, that of its values.
    pub y_title: Option<String>,
    /// Level lines.
    pub references: Vec<Reference>,
    /// Curves of a model.
    pub curves: Option<Curves>,
    /// Which x and y are best, where the front is marked.
    pub pareto: Option<[Best; 2]>,
    /// Columns of the lower and upper end of y.
    pub interval: Option<[Named; 2]>,
    /// What becomes of several rows on one place.
    pub aggregate: Aggregate,
    /// Whether stacked parts are shown in per cent of their sum.
    pub share: Share,
    /// For how many designs the figure is.
    pub designs: Designs,
    /// Where the figure stands.
    pub at: Range<usize>,
}

/// What is stacked, or one of several values of a row: a column, or the sum of some under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// In the legend; `None`: as the column is called there.
    pub name: Option<String>,
    /// One or more columns.
    pub columns: Vec<Named>,
}

/// By what rows are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By nothing.
    Nothing,
    /// By every axis that differs and is not used otherwise.
    Axes,
    /// By these columns.
    Columns(Vec<Named>),
}

/// A level line.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// In the legend.
    pub name: String,
    /// Where it is.
    pub level: Level,
}

/// Where a level line is.
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    /// There, in the units of the axis.
    At(f64),
    /// Where all rows say that it is.
    Column(Named),
}

named! {
    /// What points are made of.
    pub enum Table {
        /// One row per design.
        Points = "points",
        /// One row per design and layer.
        Layers = "layers",
        /// One row per step of automatic throttling.
        Throttling = "throttling",
        /// One row per PE.
        PeMap = "pe-map",
        /// One row per threshold and place of trained predictors.
        Curves = "curves",
    }
}

named! {
    /// Curves of a model.
    pub enum Curves {
        /// Utilization of threads whose products are zero independently: 1 − z^T over z.
        IndependentThreads = "independent-threads",
        /// The lower of what the PEs and what the edges of the array let through.
        Roofline = "roofline",
    }
}

named! {
    /// Which end of an axis is better.
    pub enum Best {
        /// The high one.
        Most = "most",
        /// The low one.
        Least = "least",
    }
}

named! {
    /// What becomes of several rows on one place.
    pub enum Aggregate {
        /// They are an error.
        Error = "error",
        /// Their mean stands for them.
        Mean = "mean",
    }
}

named! {
    /// For how many designs a figure is.
    pub enum Designs {
        /// Any number.
        Any = "any",
        /// One.
        One = "one",
        /// More than one.
        Several = "several",
    }
}

/// Whether parts are shown as parts of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// In per cent of their sum.
    Percent,
    /// As they are.
    Off,
}

impl By {
    /// The columns that are named.
    pub(crate) fn columns(&self) -> &[Named] {
        match self {
            Self::Columns(columns) => columns,
            Self::Nothing | Self::Axes => &[],
        }
    }
}
