//! Which columns are written, and in what order.

use std::collections::BTreeSet;

use super::error::ExportError;
use crate::frame::{Column, ColumnType, Value};

/// A column that cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// There is none of this name.
    #[error("there is no column `{name}`; {remedy}")]
    Unknown {
        /// As asked for.
        name: String,
        /// The nearest ones, or all.
        remedy: String,
    },
    /// It would stand there twice, which readers refuse.
    #[error("column `{name}` is named twice; name it once")]
    Twice {
        /// Its name.
        name: String,
    },
}

/// What becomes of a column that says nothing about any row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// It stays: somebody named it.
    Stays,
    /// It is left out, where the format can wait for the last row.
    Goes,
}

/// Columns chosen from those that rows have.
#[derive(Clone, Debug)]
pub struct Selection {
    columns: Vec<Column>,
    places: Vec<usize>,
    n_given: usize,
    silent: Silent,
}

impl Selection {
    /// All columns as they stand.
    pub fn all(columns: &[Column]) -> Self {
        Self::of(columns, (0..columns.len()).collect(), Silent::Stays)
    }

    /// Columns by their names, in this order.
    ///
    /// - Errors: a name that is none, or comes twice.
    pub fn named(columns: &[Column], names: &[String]) -> Result<Self, ColumnError> {
        let mut seen = BTreeSet::new();
        let mut places = Vec::new();
        for name in names {
            let Some(place) = columns.iter().position(|column| column.name == *name) else {
                return Err(ColumnError::Unknown {
                    name: name.clone(),
                    remedy: remedy(name, columns),
                });
            };
            if !seen.insert(place) {
                return Err(ColumnError::Twice { name: name.clone() });
            }
            places.push(place);
        }
        Ok(Self::of(columns, places, Silent::Stays))
    }

    /// Columns by their places.
    pub(super) fn of(columns: &[Column], places: Vec<usize>, silent: Silent) -> Self {
        Self {
            columns: places.iter().map(|&place| columns[place].clone()).collect(),
            n_given: columns.len(),
            places,
            silent,
        }
    }

    /// The chosen heads.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) const fn silent(&self) -> Silent {
        self.silent
    }

    /// The chosen values of a row.
    pub(super) fn pick<E: std::error::Error + 'static>(
        &self,
        mut row: Vec<Value>,
        number: u64,
    ) -> Result<Vec<Value>, ExportError<E>> {
        let misfit = |why| ExportError::Row { row: number, why };
        if row.len() != self.n_given {
            return Err(misfit(format!("{} values for {}", row.len(), self.n_given)));
        }
        let mut picked = Vec::with_capacity(self.places.len());
        for (column, &place) in self.columns.iter().zip(&self.places) {
            // No column is chosen twice, so its value can be taken.
            let value = std::mem::replace(&mut row[place], Value::Null);
            if !fits(&value, column.kind) {
                return Err(misfit(format!("{value:?} in column `{}`", column.name)));
            }
            picked.push(value);
        }
        Ok(picked)
    }
}

fn fits(value: &Value, kind: ColumnType) -> bool {
    match value {
        Value::Null => true,
        Value::Text(_) => kind == ColumnType::Text,
        Value::Count(_) => kind == ColumnType::Count,
        Value::Real(_) => kind == ColumnType::Real,
        Value::Flag(_) => kind == ColumnType::Flag,
    }
}

/// The nearest names, or all of them.
fn remedy(name: &str, columns: &[Column]) -> String {
    let wanted = name.to_lowercase();
    let quoted = |names: &[&str], between: &str| {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(between)
    };
    let most = (wanted.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = columns
        .iter()
        .map(|column| {
            let own = column.name.to_lowercase();
            // `threads` for `pe.threads`: the part of a key that people remember.
            let last = own.rsplit('.').next().unwrap_or_default();
            let distance =
                strsim::damerau_levenshtein(&wanted, &own).min(strsim::damerau_levenshtein(&wanted, last));
            (distance, column.name.as_str())
        })
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.truncate(3);
    let near: Vec<&str> = near.into_iter().map(|(_, name)| name).collect();
    if near.is_empty() {
        let all: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        format!("the columns are {}", all.join(", "))
    } else {
        format!("did you mean {}?", quoted(&near, " or "))
    }
}
