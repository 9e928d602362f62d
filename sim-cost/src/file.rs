//! A technology table as a file: its rows, unchecked, for who makes tables, and their text.
//!
//! [`crate::table::Table`] is the checked form.

use std::collections::BTreeMap;

use crate::key::{Part, PeKey};
use crate::mode::Mode;
use crate::parse::CRITICAL_PATH;
use crate::table::Quantity;

/// Energy of one PE in one cycle, or of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct EnergyRow {
    /// Whose.
    pub pe: PeKey,
    /// What the PE does.
    pub mode: Mode,
    /// In pJ.
    pub quantity: Quantity,
}

/// Area of one part.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaRow {
    /// Whose.
    pub pe: PeKey,
    /// What takes the area.
    pub part: Part,
    /// In µm².
    pub quantity: Quantity,
    /// The area in units of the library's smallest 2-input NAND.
    pub gate_equivalents: Option<f64>,
}

/// Critical path of one PE: the time that one clock cycle must last.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingRow {
    /// Whose.
    pub pe: PeKey,
    /// In ns.
    pub quantity: Quantity,
}

/// Power of one PE at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct LeakageRow {
    /// Whose.
    pub pe: PeKey,
    /// In nW.
    pub quantity: Quantity,
}

/// The only unit of each section that is read.
pub(crate) mod unit {
    pub(crate) const ENERGY: &str = "pJ";
    pub(crate) const AREA: &str = "um2";
    pub(crate) const TIMING: &str = "ns";
    pub(crate) const LEAKAGE: &str = "nW";
}

/// A file that went into a table, by what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedFile {
    /// The file's name.
    pub name: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

/// How a table was made, so that it can be made again.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// The command that writes the file.
    pub command: String,
    /// The clock period that logic was mapped for, in ns; absent: mapped for the least area.
    pub clock_ns: Option<f64>,
    /// The fingerprint of the SystemVerilog sources.
    pub rtl: String,
    /// Tools and their versions.
    pub tools: BTreeMap<String, String>,
    /// The cell library.
    pub liberty: HashedFile,
}

/// A whole table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableFile {
    /// How good the table is.
    pub note: String,
    /// How it was made.
    pub provenance: Option<Provenance>,
    /// Energies.
    pub energy: Vec<EnergyRow>,
    /// Areas.
    pub area: Vec<AreaRow>,
    /// Delays.
    pub timing: Vec<TimingRow>,
    /// Powers at rest.
    pub leakage: Vec<LeakageRow>,
}

impl TableFile {
    /// The text of the file, in the order of the rows.
    pub fn to_toml(&self) -> String {
        let Self {
            note,
            provenance,
            energy,
            area,
            timing,
            leakage,
        } = self;
        let mut text = line("version", 1) + &line("note", note.as_str());
        if let Some(made) = provenance {
            text += &provenance_text(made);
        }
        for row in energy {
            let mode = line("mode", row.mode.to_string());
            text += &row_text("energy", &row.pe, &mode, unit::ENERGY, &row.quantity);
        }
        for row in area {
            let equivalents = row.gate_equivalents.map(|value| line("gate-equivalents", value));
            let part = line("part", row.part.name()) + &equivalents.unwrap_or_default();
            text += &row_text("area", &row.pe, &part, unit::AREA, &row.quantity);
        }
        for row in timing {
            let part = line("part", CRITICAL_PATH);
            text += &row_text("timing", &row.pe, &part, unit::TIMING, &row.quantity);
        }
        for row in leakage {
            text += &row_text("leakage", &row.pe, "", unit::LEAKAGE, &row.quantity);
        }
        text
    }
}

fn line(key: &str, value: impl Into<toml::Value>) -> String {
    format!("{key} = {}\n", value.into())
}

fn provenance_text(made: &Provenance) -> String {
    let Provenance {
        command,
        clock_ns,
        rtl,
        tools,
        liberty: HashedFile { name, blake3 },
    } = made;
    let clock = clock_ns.map(|clock| line("clock-ns", clock)).unwrap_or_default();
    let tools: toml::Table = tools
        .iter()
        .map(|(tool, version)| (tool.clone(), version.clone().into()))
        .collect();
    let head = line("command", command.as_str()) + &clock + &line("rtl", rtl.as_str());
    let liberty = line("name", name.as_str()) + &line("blake3", blake3.as_str());
    format!("\n[provenance]\n{head}\n[provenance.tools]\n{tools}\n[provenance.liberty]\n{liberty}")
}

/// A row; `about` is what of the PE it is about.
fn row_text(section: &str, pe: &PeKey, about: &str, unit: &str, quantity: &Quantity) -> String {
    let Quantity {
        value,
        node,
        source,
        delay_model,
        uncertainty,
    } = quantity;
    let lines = [
        line("value", *value),
        line("unit", unit),
        line("node", node.as_str()),
        line("source", source.as_str()),
        line("delay-model", delay_model.as_str()),
        line("uncertainty", *uncertainty),
    ];
    let pe = pe.lines().join("\n");
    format!("\n[[{section}]]\n{pe}\n{about}{}", lines.concat())
}
