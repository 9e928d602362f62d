//! Sums over layers. Integers are added first; ratios come last.

use serde::{Deserialize, Serialize};
use sim_core::counters::Counters;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

use crate::coverage::Coverage;
use crate::json::{AreaObject, EnergyObject, LayerObject};
use crate::metrics::counts::Counts;
use crate::prediction::PredictionTotals;
use crate::ratio;

/// All simulated layers together.
///
/// There is no total error: accumulator units differ between layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Simulated layers.
    pub layers: usize,
    /// Cycles of the array clock.
    pub cycles: Cycles,
    /// Cycles on the baseline.
    pub baseline_cycles: Cycles,
    /// Baseline cycles per cycle; null without layers.
    pub speedup: Option<f64>,
    /// Geometric mean of the layers' speed-ups, each layer alike; null without layers.
    pub speedup_geometric_mean: Option<f64>,
    /// M·N·K, zeros included.
    pub macs: u64,
    /// All counters.
    #[serde(flatten)]
    pub counters: Counters,
    /// PE-steps with an active thread, of all PE-cycles; null without layers.
    pub utilization: Option<f64>,
    /// Time at the array's clock, in µs.
    pub time_us: f64,
    /// Energy of all layers; null where one of them has none.
    pub energy_pj: Option<EnergyObject>,
    /// Area of the array; null where the table lacks a row.
    pub area_um2: Option<AreaObject>,
    /// Which part of the network this is.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// What predicted outputs save; its keys are left out where nothing is predicted.
    #[serde(flatten)]
    pub prediction: Option<PredictionTotals>,
}

impl Totals {
    /// Of all layers on an array, beside layers of so many MACs that were not simulated; `None`: nobody knows how many.
    pub fn of(layers: &[LayerObject], array: &ArraySpec, unsimulated_macs: Option<u64>) -> Self {
        let sum = Counts::of_layers(layers, array.clock());
        let sum = sum.as_ref();
        // Room for the threads of the array as built, whichever layers there are.
        let mut counters = Counters::zero(array.pe().max_active());
        if let Some(sum) = sum {
            counters += sum.counters;
        }
        let macs = sum.map_or(0, |sum| sum.macs);
        let speedups: Vec<f64> = layers.iter().map(|layer| layer.product.speedup).collect();
        Self {
            layers: layers.len(),
            cycles: sum.map_or(Cycles(0), |sum| sum.cycles),
            baseline_cycles: sum.map_or(Cycles(0), |sum| sum.baseline_cycles),
            speedup: sum.map(Counts::speedup),
            speedup_geometric_mean: ratio::geometric_mean(&speedups),
            macs,
            counters,
            utilization: sum.map(Counts::utilization),
            time_us: sum.map_or(0.0, Counts::microseconds),
            energy_pj: sum.and_then(|sum| sum.energy.clone()),
            area_um2: sum.and_then(|sum| sum.area.clone()),
            coverage: Coverage::new(macs, unsimulated_macs, sum.map(Counts::speedup)),
            prediction: PredictionTotals::of(layers),
        }
    }
}
