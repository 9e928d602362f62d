//! Technology tables as they are written, for who makes tables; [`crate::table::Table`] reads them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::key::PeKey;
use crate::parse::CRITICAL_PATH;
use crate::table::{Quantity, Table};

/// A row: the keys of its PE, what it is about, and its value with all that must be said about it.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident in $unit:literal { $($(#[$about:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub struct $name {
            /// `kind` as in configuration files.
            pub kind: String,
            /// Threads, for nb-smt.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub threads: Option<usize>,
            /// Window, for both sparq kinds.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub window: Option<String>,
            /// Policy, for nb-smt with more than one thread; absent: any.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub policy: Option<String>,
            /// Rounding; absent: any.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub rounding: Option<String>,
            /// Overflow, for nb-smt with more than one thread; absent: any.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub overflow: Option<String>,
            /// Pairs, for both sparq kinds; absent: any.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub pairs: Option<bool>,
            /// Pipeline stages of the PE.
            pub pipeline_depth: u8,
            $($(#[$about])* pub $field: $type,)*
            /// The value.
            pub value: f64,
            /// The only unit that is read.
            pub unit: String,
            /// Technology node.
            pub node: String,
            /// Where the value comes from.
            pub source: String,
            /// How signal delays were computed.
            pub delay_model: String,
            /// Of the value, in per cent.
            pub uncertainty: f64,
        }

        impl $name {
            /// The unit of the section.
            pub const UNIT: &str = $unit;

            /// A row about `pe`.
            pub fn new(pe: PeKey, quantity: Quantity, $($field: $type),*) -> Self {
                Self {
                    kind: pe.kind,
                    threads: pe.threads,
                    window: pe.window,
                    policy: pe.policy,
                    rounding: pe.rounding,
                    overflow: pe.overflow,
                    pairs: pe.pairs,
                    pipeline_depth: pe.pipeline_depth,
                    $($field,)*
                    value: quantity.value,
                    unit: $unit.to_owned(),
                    node: quantity.node,
                    source: quantity.source,
                    delay_model: quantity.delay_model,
                    uncertainty: quantity.uncertainty,
                }
            }
        }
    };
}

row! {
    /// Energy of one PE in one cycle.
    EnergyLine in "pJ" {
        /// What the PE does.
        mode: String,
    }
}

row! {
    /// Area of one part.
    AreaLine in "um2" {
        /// What takes the area.
        part: String,
        /// The area in units of the library's smallest 2-input NAND.
        #[serde(skip_serializing_if = "Option::is_none")]
        gate_equivalents: Option<f64>,
    }
}

row! {
    /// Time that one clock cycle must last.
    TimingLine in "ns" {
        /// `critical-path`.
        part: String,
    }
}

row! {
    /// Power that one PE draws at rest.
    LeakageLine in "nW" {}
}

/// A file that went into a table, by what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HashedFile {
    /// The file's name.
    pub name: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

/// How a table was made, so that it can be made again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Provenance {
    /// The command that writes the file.
    pub command: String,
    /// The clock period that logic was mapped for, in ns; absent: mapped for the least area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_ns: Option<f64>,
    /// The fingerprint of the SystemVerilog sources.
    pub rtl: String,
    /// Tools and their versions.
    pub tools: BTreeMap<String, String>,
    /// The cell library.
    pub liberty: HashedFile,
}

/// A whole table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableFile {
    /// Of the format: 1.
    pub version: u32,
    /// How good the table is.
    pub note: String,
    /// How it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Energies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub energy: Vec<EnergyLine>,
    /// Areas.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub area: Vec<AreaLine>,
    /// Delays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timing: Vec<TimingLine>,
    /// Powers at rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leakage: Vec<LeakageLine>,
}

impl From<Table> for TableFile {
    fn from(table: Table) -> Self {
        let Table {
            name: _,
            note,
            provenance,
            energy,
            area,
            timing,
            leakage,
        } = table;
        let energy = energy.into_iter();
        let area = area.into_iter();
        let timing = timing.into_iter();
        let leakage = leakage.into_iter();
        Self {
            version: 1,
            note,
            provenance,
            energy: energy
                .map(|row| EnergyLine::new(row.pe, row.quantity, row.mode.to_string()))
                .collect(),
            area: area
                .map(|row| {
                    AreaLine::new(
                        row.pe,
                        row.quantity,
                        row.part.name().to_owned(),
                        row.gate_equivalents,
                    )
                })
                .collect(),
            timing: timing
                .map(|row| TimingLine::new(row.pe, row.quantity, CRITICAL_PATH.to_owned()))
                .collect(),
            leakage: leakage
                .map(|row| LeakageLine::new(row.pe, row.quantity))
                .collect(),
        }
    }
}

impl TableFile {
    /// The text of the file, in the order of the rows.
    ///
    /// # Panics
    /// Never: rows are strings and numbers, which TOML holds.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("rows of strings and numbers are TOML")
    }
}
