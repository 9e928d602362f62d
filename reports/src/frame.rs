//! Tables with typed columns: what exports write, figures draw and pages show.

use serde::Serialize;
use sim_core::named;
use sim_core::units::count_as_f64;

named! {
    /// What the values of a column are.
    pub enum ColumnType {
        /// Words.
        Text = "text",
        /// Numbers of things.
        Count = "count",
        /// Measures and ratios.
        Real = "real",
        /// True or false.
        Flag = "flag",
    }
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As exports, figure files and filters call it.
    pub name: String,
    /// Its unit; empty for words, counts and ratios.
    pub unit: String,
    /// What its values are.
    pub kind: ColumnType,
}

impl Column {
    /// A column of values without a unit.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self {
            name: name.into(),
            unit: String::new(),
            kind,
        }
    }

    /// The same in a unit.
    pub fn in_unit(mut self, unit: &str) -> Self {
        unit.clone_into(&mut self.unit);
        self
    }
}

/// A value in a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// There is none: not measured, or not of this machine.
    Null,
    /// Words.
    Text(String),
    /// A number of things.
    Count(u64),
    /// A measure or ratio.
    Real(f64),
    /// True or false.
    Flag(bool),
}

impl Value {
    /// As a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(count_as_f64(*count)),
            Self::Real(real) => Some(*real),
            Self::Null | Self::Text(_) | Self::Flag(_) => None,
        }
    }

    /// As exports write it: the shortest digits that read back to the same number; nothing where there is none.
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Real(real) => real.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Count(sim_core::shape::widen(count))
    }
}

impl From<f64> for Value {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Rows under typed columns.
///
/// Invariant: every row has one value for each column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    columns: Vec<Column>,
    rows: Vec<Vec<Value>>,
}

impl Frame {
    /// Without rows.
    pub const fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Add a row.
    ///
    /// # Panics
    /// Where it has more or fewer values than there are columns.
    pub fn push(&mut self, row: Vec<Value>) {
        assert_eq!(row.len(), self.columns.len(), "a row has a value for each column");
        self.rows.push(row);
    }

    /// The heads.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The rows, in order.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// The place of a column.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// A value of a row; `Null` where there is no such column.
    pub fn value<'a>(&'a self, row: &'a [Value], name: &str) -> &'a Value {
        self.find(name).map_or(&Value::Null, |place| &row[place])
    }
}
