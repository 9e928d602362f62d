//! `result.json`: the whole record of a run.

use serde::{Deserialize, Serialize};
use sim_core::record::UnsimulatedLayer;
use sim_core::synthetic::ActivationZeros;
use sim_cost::table::Table;

use crate::coverage::unsimulated_macs;
use crate::echo::ArrayEcho;
use crate::json::{self, LayerObject, VERSION};
use crate::pruning::Pruning;
use crate::run::{InputFile, RunRecord, Spec};
use crate::totals::Totals;
use crate::warning::{Warning, Warnings};

/// The file's name in a results folder.
pub const FILE_NAME: &str = "result.json";

/// What `result.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultFile {
    /// Version of the file.
    pub version: u32,
    /// Version of the program.
    pub sysmt_version: String,
    /// What was simulated, for a person.
    pub workload: String,
    /// The engine's name.
    pub engine: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// What the user asked for; null where the run had no file.
    pub spec: Option<Spec>,
    /// The array as built.
    pub array: ArrayEcho,
    /// What it is compared with.
    pub baseline: ArrayEcho,
    /// Files that went in.
    pub inputs: Vec<InputFile>,
    /// Where energies and areas come from.
    pub cost_table: CostTable,
    /// What pruning did to the weights; left out where nothing was pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruning: Option<Pruning>,
    /// Zeros that were made up among the activations; left out where none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<Synthetic>,
    /// Simulated layers.
    pub layers: Vec<LayerObject>,
    /// All of them together.
    pub totals: Totals,
    /// Layers that were not simulated.
    pub unsimulated: Vec<UnsimulatedLayer>,
    /// What a reader has to know before using the numbers.
    pub warnings: Vec<Warning>,
}

/// Sparsity that no image gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Synthetic {
    /// The probability with which each activation became zero.
    pub activation_zeros: ActivationZeros,
    /// What they were drawn from.
    pub seed: u64,
}

impl Synthetic {
    /// What a reader has to know.
    pub fn warning(&self) -> Warning {
        Warning::Synthetic(format!(
            "each activation became zero with probability {}, drawn from seed {}; this is not a workload",
            self.activation_zeros, self.seed
        ))
    }
}

/// A technology table, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostTable {
    /// The table's name.
    pub name: String,
    /// How good it is, in its author's words.
    pub note: String,
}

impl CostTable {
    pub(crate) fn of(table: &Table) -> Self {
        Self {
            name: table.name().to_owned(),
            note: table.note().to_owned(),
        }
    }
}

impl ResultFile {
    /// The record of `report`.
    pub fn of(report: &RunRecord) -> Self {
        let mut warnings = Warnings::default();
        warnings.extend(report.warnings.iter().cloned());
        warnings.extend(report.synthetic.as_ref().map(Synthetic::warning));
        let (layers, of_layers) = json::layers(&report.layers, &report.array, &report.table);
        warnings.extend(of_layers);
        let totals = Totals::of(&layers, &report.array, unsimulated_macs(&report.unsimulated));
        warnings.extend(totals.coverage.warning());
        if layers.iter().any(|layer| layer.product.energy_pj.is_none()) {
            warnings.push(Warning::NoEnergyFigure(format!(
                "technology table `{}` lacks a row",
                report.table.name()
            )));
        }
        Self {
            version: VERSION,
            sysmt_version: report.simulator_version.clone(),
            workload: report.workload.clone(),
            engine: report.engine.name().to_owned(),
            seed: report.seed,
            spec: None,
            array: ArrayEcho::of(&report.array),
            baseline: ArrayEcho::of(&report.baseline),
            inputs: report.inputs.clone(),
            cost_table: CostTable::of(&report.table),
            pruning: None,
            synthetic: report.synthetic,
            totals,
            layers,
            unsimulated: report.unsimulated.clone(),
            warnings: warnings.into_vec(),
        }
    }
}
