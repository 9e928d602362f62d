//! Sums over layers. Integers are added first; ratios come last.

use serde::{Deserialize, Serialize};
use sim_core::counters::Counters;
use sim_core::record::LayerRecord;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

use crate::json::{AreaObject, EnergyObject, LayerObject};
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
}

impl Totals {
    /// Add `records`, whose `objects` stand in the same order.
    pub fn of(records: &[LayerRecord], objects: &[LayerObject], array: &ArraySpec) -> Self {
        let mut totals = Self {
            layers: records.len(),
            cycles: Cycles(0),
            baseline_cycles: Cycles(0),
            speedup: None,
            speedup_geometric_mean: None,
            macs: 0,
            counters: Counters::zero(array.pe().max_active()),
            utilization: None,
            time_us: 0.0,
            energy_pj: energy(objects),
            area_um2: objects.first().and_then(|object| object.product.area_um2.clone()),
        };
        for LayerRecord { product, .. } in records {
            totals.cycles += product.cycles;
            totals.baseline_cycles += product.baseline_cycles;
            totals.macs += product.macs();
            totals.counters += product.counters;
        }
        if totals.cycles != Cycles(0) {
            totals.speedup = Some(ratio::speedup(totals.baseline_cycles, totals.cycles));
            totals.utilization = Some(ratio::utilization(
                array,
                totals.cycles,
                &totals.counters.pe_cycles,
            ));
        }
        let speedups: Vec<f64> = objects.iter().map(|object| object.product.speedup).collect();
        totals.speedup_geometric_mean = ratio::geometric_mean(&speedups);
        totals.time_us = array.clock().microseconds(totals.cycles);
        totals
    }
}

fn energy(objects: &[LayerObject]) -> Option<EnergyObject> {
    let mut energies = objects.iter().map(|object| object.product.energy_pj.as_ref());
    let mut sum = energies.next()??.clone();
    for energy in energies {
        sum = sum.plus(energy?);
    }
    Some(sum)
}
