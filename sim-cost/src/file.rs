//! Technology tables as they are written: the shape of the file, unchecked.
//!
//! [`crate::table::Table`] is the checked form; this one is for who makes tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::key::PeKey;
use crate::table::Quantity;

/// A row: the keys of its PE, what it is about, and its value with all that must be said about it.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident in $unit:literal { $($(#[$about:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
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

            /// The keys of the PE, as written.
            pub(crate) fn pe(&self) -> PeKey {
                PeKey {
                    kind: self.kind.clone(),
                    threads: self.threads,
                    window: self.window.clone(),
                    policy: self.policy.clone(),
                    rounding: self.rounding.clone(),
                    overflow: self.overflow.clone(),
                    pairs: self.pairs,
                    pipeline_depth: self.pipeline_depth,
                }
            }

            /// The value and what is said about it, as written.
            pub(crate) fn quantity(&self) -> Quantity {
                Quantity {
                    value: self.value,
                    node: self.node.clone(),
                    source: self.source.clone(),
                    delay_model: self.delay_model.clone(),
                    uncertainty: self.uncertainty,
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HashedFile {
    /// The file's name.
    pub name: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

/// How a table was made, so that it can be made again.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
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
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// Of the format: 1.
    pub version: u32,
    /// How good the table is.
    pub note: String,
    /// How it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Energies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub energy: Vec<EnergyLine>,
    /// Areas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub area: Vec<AreaLine>,
    /// Delays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timing: Vec<TimingLine>,
    /// Powers at rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leakage: Vec<LeakageLine>,
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
