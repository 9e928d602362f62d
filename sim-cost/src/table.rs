//! Technology tables: measured rows with unit, node, source, delay model and uncertainty.

use crate::key::{MissingRow, Mode, Part, PeKey};
use crate::parse;

pub use crate::parse::TableError;

/// What every row says about its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// In the unit of its section: pJ per PE-cycle or µm².
    pub value: f64,
    /// Technology node.
    pub node: String,
    /// Where the value comes from.
    pub source: String,
    /// How signal delays were simulated; glitches change energies 2 to 5 times.
    pub delay_model: String,
    /// Of the value, in per cent.
    pub uncertainty: f64,
}

/// Energy of one PE in one cycle.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EnergyRow {
    pub(crate) pe: PeKey,
    pub(crate) mode: Mode,
    pub(crate) quantity: Quantity,
}

/// Area of one part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AreaRow {
    pub(crate) pe: PeKey,
    pub(crate) part: Part,
    pub(crate) quantity: Quantity,
}

/// A checked technology table.
///
/// Invariant: no two rows are about the same thing, values are finite and not negative, and all energies of one PE have
/// the same delay model.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) energy: Vec<EnergyRow>,
    pub(crate) area: Vec<AreaRow>,
}

const BUILTIN_NAME: &str = "prototype-nangate45";
const BUILTIN: &str = include_str!("../../configs/tech/prototype-nangate45.toml");

impl Table {
    /// The table that is used where none is named: a prototype in a 45 nm library.
    ///
    /// # Panics
    /// Never: the tests read the same text.
    pub fn builtin() -> Self {
        parse::table(BUILTIN_NAME, BUILTIN).expect("the built-in table is checked by the tests")
    }

    /// Read a table. `name` stands for it in results and messages.
    ///
    /// - Errors: text that is no TOML; unknown, missing or misspelt keys and values; two rows about the same thing.
    pub fn parse(name: &str, text: &str) -> Result<Self, TableError> {
        parse::table(name, text)
    }

    /// What stands for the table in results.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How good the table is, in its author's words.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Energy of a PE in a mode, in pJ per cycle.
    pub fn energy_of(&self, pe: &PeKey, mode: Mode) -> Result<&Quantity, MissingRow> {
        self.energy
            .iter()
            .find(|row| row.pe == *pe && row.mode == mode)
            .map(|row| &row.quantity)
            .ok_or_else(|| MissingRow {
                table: self.name.clone(),
                section: "energy",
                row: format!("{pe}, mode = \"{mode}\""),
            })
    }

    /// Area of a part, in µm².
    pub fn area_of(&self, pe: &PeKey, part: Part) -> Result<&Quantity, MissingRow> {
        self.area
            .iter()
            .find(|row| row.pe == *pe && row.part == part)
            .map(|row| &row.quantity)
            .ok_or_else(|| MissingRow {
                table: self.name.clone(),
                section: "area",
                row: format!("{pe}, part = \"{}\"", part.name()),
            })
    }
}
