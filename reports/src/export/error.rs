//! Why rows are not written.

use std::io;

use parquet::errors::ParquetError;

use super::tex;

/// An export that was not finished.
#[derive(Debug, thiserror::Error)]
pub enum ExportError<E: std::error::Error + 'static> {
    /// The rows end early.
    #[error(transparent)]
    Rows(E),
    /// A row does not fit the heads: a fault of who made it.
    #[error("row {row} does not fit its columns: {why}")]
    Row {
        /// Its number, from 1.
        row: u64,
        /// What does not fit.
        why: String,
    },
    /// More rows than a table in a paper can have.
    #[error(
        "there are more than {} rows, too many for a table on a page; export csv, choose rows in it, or take a smaller sweep",
        tex::MAX_ROWS
    )]
    TooLong,
    /// The target refuses.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The writer of Parquet refuses: a fault of who calls it.
    #[error("the Parquet file: {0}")]
    Parquet(ParquetError),
}

impl<E: std::error::Error + 'static> From<ParquetError> for ExportError<E> {
    /// The target's refusals come wrapped.
    fn from(error: ParquetError) -> Self {
        let ParquetError::External(inner) = error else {
            return Self::Parquet(error);
        };
        match inner.downcast::<io::Error>() {
            Ok(error) => Self::Write(*error),
            Err(inner) => Self::Parquet(ParquetError::External(inner)),
        }
    }
}
