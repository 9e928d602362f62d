//! What a row of a technology table is about.

use std::fmt;

use sim_core::spec::{ArraySpec, Pe};

/// The PE that a row was measured on. Rows are found by equality: nothing is taken from a similar PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeKey {
    /// `kind` as in configuration files.
    pub kind: String,
    /// Threads, for nb-smt.
    pub threads: Option<usize>,
    /// Window, for both sparq kinds.
    pub window: Option<String>,
    /// Pipeline stages of the PE.
    pub pipeline_depth: u8,
}

impl PeKey {
    /// The PE of an array.
    pub fn of(array: &ArraySpec) -> Self {
        let (threads, window) = match array.pe() {
            Pe::Conventional => (None, None),
            Pe::NbSmt(rules) => (Some(rules.threads.count()), None),
            Pe::Sparq(rules) | Pe::SparqStc(rules) => (None, Some(rules.window.name().to_owned())),
        };
        Self {
            kind: array.pe().kind_name().to_owned(),
            threads,
            window,
            pipeline_depth: array.pipeline_depth(),
        }
    }
}

impl fmt::Display for PeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kind = \"{}\"", self.kind)?;
        if let Some(threads) = self.threads {
            write!(f, ", threads = {threads}")?;
        }
        if let Some(window) = &self.window {
            write!(f, ", window = \"{window}\"")?;
        }
        write!(f, ", pipeline-depth = {}", self.pipeline_depth)
    }
}

/// What a PE does in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Before the first step.
    Fill,
    /// A step of a real output with so many active threads.
    Active(usize),
    /// A step of a tile in which the PE has no output.
    Masked,
    /// Between two tiles.
    Stall,
    /// After the last step.
    Drain,
}

impl Mode {
    /// From the name in technology tables.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "fill" => Self::Fill,
            "active-0" => Self::Active(0),
            "active-1" => Self::Active(1),
            "active-2" => Self::Active(2),
            "active-3" => Self::Active(3),
            "active-4" => Self::Active(4),
            "masked" => Self::Masked,
            "stall" => Self::Stall,
            "drain" => Self::Drain,
            _ => return None,
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fill => f.write_str("fill"),
            Self::Active(n) => write!(f, "active-{n}"),
            Self::Masked => f.write_str("masked"),
            Self::Stall => f.write_str("stall"),
            Self::Drain => f.write_str("drain"),
        }
    }
}

/// What takes area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One PE.
    Pe,
    /// Window logic: of one array row for sparq, of one PE for sparq-stc.
    WindowLogic,
}

impl Part {
    /// From the name in technology tables.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "pe" => Some(Self::Pe),
            "window-logic" => Some(Self::WindowLogic),
            _ => None,
        }
    }

    /// The name in technology tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pe => "pe",
            Self::WindowLogic => "window-logic",
        }
    }
}

/// A row that a figure needs and the table lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "technology table `{table}` has no [[{section}]] row with {row}; add the row with its source to a table of your \
     own, and name that in the run file's [costs]"
)]
pub struct MissingRow {
    /// The table's name.
    pub table: String,
    /// `energy` or `area`.
    pub section: &'static str,
    /// Keys and values of the row.
    pub row: String,
}
