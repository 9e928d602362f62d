//! Rows as files for other programs and papers: CSV, JSON Lines, Parquet, LaTeX.
//!
//! Rows come one at a time, so that a sweep of a million points needs no more memory than one of a thousand. Equal rows
//! give equal bytes.

mod csv;
mod error;
mod jsonl;
mod parquet;
mod recognize;
mod selection;
mod tex;

use sim_core::named;
use std::convert::Infallible;
use std::io::Write;

pub use error::ExportError;
pub use parquet::ROWS_IN_A_GROUP;
pub use recognize::is_export;
pub use selection::{ColumnError, Selection};
pub use tex::MAX_ROWS as MAX_TEX_ROWS;

use crate::frame::{Column, Frame, Value};
use crate::stored::{Provenance, Stored, StoredKind};
use crate::warning::Warning;

named! {
    /// How rows are written.
    pub enum Format {
        /// Comma-separated values, RFC 4180.
        Csv = "csv",
        /// Apache Parquet.
        Parquet = "parquet",
        /// JSON Lines: an object a row.
        JsonLines = "jsonl",
        /// A LaTeX table with the rules of the package booktabs.
        Tex = "tex",
    }
}

named! {
    /// Which rows of a folder are meant.
    pub enum Table {
        /// One row per design or point.
        Points = "points",
        /// One row per design and simulated layer.
        Layers = "layers",
    }
}

impl Table {
    /// The rows that somebody means who does not say: a run has one design, so its layers.
    pub const fn usual(kind: StoredKind) -> Self {
        match kind {
            StoredKind::Run => Self::Layers,
            StoredKind::Evaluation | StoredKind::Sweep => Self::Points,
        }
    }

    /// These rows of what a folder holds.
    pub const fn of(self, stored: &Stored) -> &Frame {
        match self {
            Self::Points => &stored.points,
            Self::Layers => &stored.layers,
        }
    }
}

/// What is known of rows besides the rows.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Columns that tell designs apart.
    pub axes: &'a [String],
    /// Whether any operand was made up.
    pub synthetic: bool,
    /// What a reader has to know before using the numbers.
    pub warnings: &'a [Warning],
    /// Where the rows come from.
    pub provenance: &'a Provenance,
}

impl<'a> From<&'a Stored> for Origin<'a> {
    fn from(stored: &'a Stored) -> Self {
        Self {
            axes: &stored.axes,
            synthetic: stored.synthetic,
            warnings: &stored.warnings,
            provenance: &stored.provenance,
        }
    }
}

/// Write rows, each a value for every column that `selection` was made of.
///
/// - Errors: those of the rows, of `out`, a row that does not fit its columns, too many rows for a table in a paper.
pub fn write<E: std::error::Error + 'static>(
    format: Format,
    selection: &Selection,
    origin: &Origin<'_>,
    rows: impl Iterator<Item = Result<Vec<Value>, E>>,
    out: impl Write + Send,
) -> Result<(), ExportError<E>> {
    let selected = rows
        .zip(1..)
        .map(|(row, number): (_, u64)| selection.pick(row.map_err(ExportError::Rows)?, number));
    match format {
        Format::Csv => csv::write(selection.columns(), selected, out),
        Format::Parquet => parquet::write(selection.columns(), origin, selected, out),
        Format::JsonLines => jsonl::write(selection.columns(), selected, out),
        Format::Tex => tex::write(selection, origin, selected, out),
    }
}

/// All rows of a table as CSV.
///
/// # Panics
/// Where memory fails.
pub fn csv_text(frame: &Frame) -> String {
    let rows = frame.rows().iter().cloned().map(Ok::<_, ExportError<Infallible>>);
    let mut bytes = Vec::new();
    csv::write(frame.columns(), rows, &mut bytes).expect("memory does not fail");
    String::from_utf8(bytes).expect("values are UTF-8")
}

/// The columns that are written where nobody names any: all, or in a paper those that matter.
pub fn usual_columns(format: Format, columns: &[Column], origin: &Origin<'_>) -> Selection {
    match format {
        Format::Csv | Format::Parquet | Format::JsonLines => Selection::all(columns),
        Format::Tex => tex::usual_columns(columns, origin.axes),
    }
}
