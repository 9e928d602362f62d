//! What a run leaves behind, from which its results are made.

use serde::{Deserialize, Serialize};
use sim_core::record::{EngineKind, LayerRecord, UnsimulatedLayer};
use sim_core::reorder::Reorder;
use sim_core::spec::ArraySpec;
use sim_cost::table::Table;

use crate::json;
use crate::pruning::Pruning;
use crate::result::{ResultFile, Synthetic};
use crate::warning::Warning;

/// One simulated workload. Nothing in it depends on the machine, the clock on the wall or the number of jobs.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Version of the program.
    pub simulator_version: String,
    /// The array as built, without throttling.
    pub array: ArraySpec,
    /// What `array` is compared with.
    pub baseline: ArraySpec,
    /// How K was reordered; that of the baseline was not.
    pub reorder: Reorder,
    /// Which engine ran.
    pub engine: EngineKind,
    /// What was simulated, for a person.
    pub workload: String,
    /// Files that went in: configuration and workload.
    pub inputs: Vec<InputFile>,
    /// The seed of all random numbers.
    pub seed: u64,
    /// Where energies and areas come from.
    pub table: Table,
    /// Simulated layers, in the network's order.
    pub layers: Vec<LayerRecord>,
    /// Layers that were not simulated, in the network's order.
    pub unsimulated: Vec<UnsimulatedLayer>,
    /// Zeros that were made up among the activations.
    pub synthetic: Option<Synthetic>,
    /// What the caller has to warn of; reports add their own.
    pub warnings: Vec<Warning>,
}

/// A file that went in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// `run`, `trace`, `model`, `images`, `calibration`, …
    pub role: String,
    /// Path as the user gave it.
    pub name: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

impl InputFile {
    /// In a list for a person.
    pub(crate) fn line(&self) -> String {
        format!("- {}: {} (BLAKE3 {})\n", self.role, self.name, self.blake3)
    }
}

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The run file as it was read.
    pub text: String,
    /// The same with every default filled in.
    pub resolved: serde_json::Value,
}

/// A run with everything that is made from its records.
#[derive(Clone, Debug)]
pub struct Report {
    record: RunRecord,
    result: ResultFile,
}

impl Report {
    /// Make objects, totals and warnings.
    pub fn new(record: RunRecord) -> Self {
        let result = ResultFile::of(&record);
        Self { record, result }
    }

    /// The same with what the user asked for kept in `result.json`.
    pub fn with_spec(mut self, spec: Spec) -> Self {
        self.result.spec = Some(spec);
        self
    }

    /// The same with what pruning did to the weights, if anything.
    pub fn with_pruning(mut self, pruning: Option<Pruning>) -> Self {
        self.result.pruning = pruning;
        self
    }

    /// The record that everything is made from.
    pub const fn record(&self) -> &RunRecord {
        &self.record
    }

    /// What `result.json` holds.
    pub const fn result(&self) -> &ResultFile {
        &self.result
    }

    /// What the user should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.result.warnings
    }

    /// The text of `result.json`.
    pub fn json(&self) -> String {
        json::text(&self.result)
    }
}
