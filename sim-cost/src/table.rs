//! Technology tables: measured rows with unit, node, source, delay model and uncertainty.

use crate::file::{AreaRow, Provenance, TableFile};
use crate::key::{MissingRow, Part, PeKey};
use crate::mode::Mode;
use crate::parse;

pub use crate::parse::TableError;

/// What every row says about its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// In the unit of its section: pJ per PE-cycle or event, µm², ns or nW.
    pub value: f64,
    /// Technology node.
    pub node: String,
    /// Where the value comes from.
    pub source: String,
    /// How signal delays were computed; glitches change energies 2 to 5 times.
    pub delay_model: String,
    /// Of the value, in per cent.
    pub uncertainty: f64,
}

/// A checked technology table.
///
/// Invariant: of two rows about the same thing that hold for one PE, one is more exact; values are finite and not
/// negative; and all energies of one PE have the same delay model.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(crate) name: String,
    pub(crate) file: TableFile,
    pub(crate) predictor: PredictorPricing,
}

/// What the multiply-adds of a unit that predicts outputs cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PredictorPricing {
    /// What the table says; without a row there is no energy.
    #[default]
    OfTable,
    /// They are left out.
    LeftOut,
}

const BUILTIN_NAME: &str = "osu018";
const BUILTIN: &str = include_str!("../../configs/tech/osu018.toml");

impl Table {
    /// The table that is used where none is named: our design in OSU018, energies with the library's delays.
    ///
    /// # Panics
    /// Never: the tests read the same text.
    pub fn builtin() -> Self {
        parse::table(BUILTIN_NAME, BUILTIN).expect("the built-in table is checked by the tests")
    }

    /// The rows of the built-in table that hold for one of `pes`, which takes a small part of the time of reading it all.
    ///
    /// # Panics
    /// Never: the tests read the same text.
    pub fn builtin_for(pes: &[PeKey]) -> Self {
        parse::table(BUILTIN_NAME, &rows_for(BUILTIN, pes))
            .expect("the built-in table is checked by the tests")
    }

    /// Read a table. `name` stands for it in results and messages.
    ///
    /// - Errors: text that is no TOML; unknown, missing or misspelt keys and values; two rows about the same thing of
    ///   which neither is more exact.
    pub fn parse(name: &str, text: &str) -> Result<Self, TableError> {
        parse::table(name, text)
    }

    /// The same where the unit that predicts outputs is priced so.
    #[must_use]
    pub fn with_predictor(self, predictor: PredictorPricing) -> Self {
        Self { predictor, ..self }
    }

    /// Its rows, for a table that has more of them.
    pub fn into_file(self) -> TableFile {
        self.file
    }

    /// What stands for the table in results.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How good the table is, in its author's words.
    pub fn note(&self) -> &str {
        &self.file.note
    }

    /// How the table was made, where it says so.
    pub const fn provenance(&self) -> Option<&Provenance> {
        self.file.provenance.as_ref()
    }

    /// Energy of a PE in a mode, in pJ per cycle.
    pub fn energy_of(&self, pe: &PeKey, mode: Mode) -> Result<&Quantity, MissingRow> {
        let rows = self.file.energy.iter().filter(|row| row.mode == mode);
        most_exact(rows, pe, |row| &row.pe)
            .map(|row| &row.quantity)
            .ok_or_else(|| MissingRow {
                table: self.name.clone(),
                section: "energy",
                row: format!("{pe}, mode = \"{mode}\""),
            })
    }

    /// Whether the table splits the energy of a PE finer than by PE-cycles: then it has a row for every event.
    pub fn prices_events(&self, pe: &PeKey) -> bool {
        self.file
            .energy
            .iter()
            .any(|row| matches!(row.mode, Mode::Event(_)) && row.pe.covers(pe))
    }

    /// Energy of the clock in one PE-cycle, in pJ, where the table has it apart.
    pub fn clock_of(&self, pe: &PeKey) -> Option<&Quantity> {
        self.energy_of(pe, Mode::Clock).ok()
    }

    /// Leakage of one PE, in nW, where the table has it.
    pub fn leakage_of(&self, pe: &PeKey) -> Option<&Quantity> {
        most_exact(self.file.leakage.iter(), pe, |row| &row.pe).map(|row| &row.quantity)
    }

    /// Area of a part, in µm².
    pub fn area_of(&self, pe: &PeKey, part: Part) -> Result<&Quantity, MissingRow> {
        self.area_row(pe, part)
            .map(|row| &row.quantity)
            .ok_or_else(|| MissingRow {
                table: self.name.clone(),
                section: "area",
                row: format!("{pe}, part = \"{}\"", part.name()),
            })
    }

    /// Area of a part in units of the library's smallest 2-input NAND, where the table says it.
    pub fn gate_equivalents_of(&self, pe: &PeKey, part: Part) -> Option<f64> {
        self.area_row(pe, part)?.gate_equivalents
    }

    /// Critical path of a PE, in ns, where the table has it.
    pub fn critical_path_of(&self, pe: &PeKey) -> Option<&Quantity> {
        most_exact(self.file.timing.iter(), pe, |row| &row.pe).map(|row| &row.quantity)
    }

    fn area_row(&self, pe: &PeKey, part: Part) -> Option<&AreaRow> {
        most_exact(self.file.area.iter().filter(|row| row.part == part), pe, |row| {
            &row.pe
        })
    }
}

/// A table as `TableFile::to_toml` writes it, without the rows that hold for none of `pes`.
fn rows_for(text: &str, pes: &[PeKey]) -> String {
    const ROW: &str = "\n[[";
    let pes: Vec<Vec<String>> = pes.iter().map(PeKey::lines).collect();
    let is_key = |line: &str| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| PeKey::NAMES.contains(&key))
    };
    let holds_for = |row: &str, pe: &[String]| {
        let mut keys = row.lines().filter(|line| is_key(line));
        keys.all(|line| pe.iter().any(|key| key == line))
    };
    let mut rows = text.split(ROW);
    let mut kept = rows.next().unwrap_or_default().to_owned();
    for row in rows.filter(|row| pes.iter().any(|pe| holds_for(row, pe))) {
        kept.push_str(ROW);
        kept.push_str(row);
    }
    kept
}

/// The row that gives most of the rules of `pe`; the table is checked, so there is one.
fn most_exact<'a, R>(
    rows: impl Iterator<Item = &'a R>,
    pe: &PeKey,
    key: impl Fn(&R) -> &PeKey,
) -> Option<&'a R> {
    rows.filter(|row| key(row).covers(pe))
        .max_by_key(|row| key(row).n_rules())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all_rows(table: &Table) -> impl Iterator<Item = &PeKey> {
        let energy = table.file.energy.iter().map(|row| &row.pe);
        let area = table.file.area.iter().map(|row| &row.pe);
        let timing = table.file.timing.iter().map(|row| &row.pe);
        energy
            .chain(area)
            .chain(timing)
            .chain(table.file.leakage.iter().map(|row| &row.pe))
    }

    /// Rules that no row gives are filled in, so that each key is that of a PE.
    fn every_pe(table: &Table) -> Vec<PeKey> {
        let filled =
            |rule: &Option<String>, value: &str| Some(rule.clone().unwrap_or_else(|| value.to_owned()));
        let mut seen = BTreeSet::new();
        let pes = all_rows(table).cloned().map(|mut pe| {
            if pe.0.window.is_some() {
                pe.0.rounding = filled(&pe.0.rounding, "half-up");
                pe.0.pairs = pe.0.pairs.or(Some(false));
            } else if pe.0.threads.is_some_and(|threads| 1 < threads) {
                pe.0.policy = filled(&pe.0.policy, "S");
                pe.0.rounding = filled(&pe.0.rounding, "floor");
                pe.0.overflow = filled(&pe.0.overflow, "extend");
            }
            pe
        });
        pes.filter(|pe| seen.insert(pe.to_string())).collect()
    }

    #[test]
    fn the_rows_for_a_pe_are_all_that_hold_for_it() {
        let whole = Table::builtin();
        let pes = every_pe(&whole);
        assert!(20 < pes.len(), "{}", pes.len());
        let mut deeper = pes[0].clone();
        deeper.0.pipeline_depth = 9;
        for pe in pes.iter().chain([&deeper]) {
            let mut want = whole.clone();
            want.file.energy.retain(|row| row.pe.covers(pe));
            want.file.area.retain(|row| row.pe.covers(pe));
            want.file.timing.retain(|row| row.pe.covers(pe));
            want.file.leakage.retain(|row| row.pe.covers(pe));
            assert_eq!(Table::builtin_for(std::slice::from_ref(pe)), want, "{pe}");
        }
        let n_rows = |table: &Table| all_rows(table).count();
        assert_eq!(n_rows(&Table::builtin_for(&[])), 0);
        let both = Table::builtin_for(&pes[..2]);
        assert!(n_rows(&Table::builtin_for(&pes[..1])) < n_rows(&both) && n_rows(&both) < n_rows(&whole));
        for pe in &pes[..2] {
            assert_eq!(both.area_of(pe, Part::Pe), whole.area_of(pe, Part::Pe));
            assert_eq!(both.energy_of(pe, Mode::Drain), whole.energy_of(pe, Mode::Drain));
        }
    }
}
