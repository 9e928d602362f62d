//! Liberty files: standard cells with their areas, functions, capacitances, delays and energies.
//!
//! The file becomes a tree of [`Group`]s with nothing left out; [`Cell`], [`Pin`] and [`LookupTable`] read what they
//! are asked for.
//!
//! ```
//! let text = "library(tiny) { nom_voltage : 1.8; cell(INV) { area : 2; pin(Y) { direction : output; function : \"!A\"; } } }";
//! let liberty = sim_synth::liberty::Liberty::parse("tiny.lib", text).unwrap();
//! let cell = liberty.cell("INV").unwrap();
//! assert_eq!(cell.area().unwrap(), Some(2.0));
//! assert!(cell.pins().unwrap()[0].parsed_function().unwrap().is_some());
//! ```

mod cell;
mod function;
mod lexer;
mod lookup;
mod parser;
mod tree;

pub use cell::{Cell, Direction, FlipFlop, Pin};
pub use function::{Function, FunctionError};
pub use lookup::LookupTable;
pub use tree::{Attribute, Group};

/// A Liberty file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {message}")]
pub struct LibertyError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// A library of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liberty {
    root: Group,
}

impl Liberty {
    /// Read the text of a Liberty file; `file` stands for it in messages.
    ///
    /// - Errors: text that is not one group `library (…) { … }`, with the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, LibertyError> {
        parser::library(file, text).map(|root| Self { root })
    }

    /// The group `library`, with everything in it.
    pub const fn root(&self) -> &Group {
        &self.root
    }

    /// The library's name.
    pub fn name(&self) -> &str {
        self.root.first_argument()
    }

    /// Every cell, in the order of the file.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        self.root.groups_named("cell").map(Cell::of)
    }

    /// The cell of a name.
    pub fn cell(&self, name: &str) -> Option<Cell<'_>> {
        self.cells().find(|cell| cell.name() == name)
    }

    /// Supply voltage that the tables hold for, in V.
    pub fn nominal_voltage(&self) -> Result<Option<f64>, LibertyError> {
        self.root.number("nom_voltage")
    }

    /// Farads that a capacitance of 1 stands for.
    pub fn farads(&self) -> Result<Option<f64>, LibertyError> {
        let Some(unit) = self.root.attribute("capacitive_load_unit") else {
            return Ok(None);
        };
        let scale = match unit
            .values
            .get(1)
            .map(|unit| unit.to_ascii_lowercase())
            .as_deref()
        {
            Some("pf") => 1e-12,
            Some("ff") => 1e-15,
            _ => {
                return Err(self.root.error(
                    unit.line,
                    "capacitive_load_unit needs a number and pf or ff".to_owned(),
                ));
            }
        };
        Ok(Some(self.root.number_in(unit, 0)? * scale))
    }
}
