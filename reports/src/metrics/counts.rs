//! Counts of one layer, or of all layers together, of which measures and totals are made.

use sim_core::counters::Counters;
use sim_core::shape::widen;
use sim_core::units::{Cycles, Megahertz, count_as_f64};
use sim_cost::mode::Mode;

use crate::json::{AreaObject, EnergyObject, LayerObject};
use crate::ratio;

/// Counts of one or more layers.
pub(crate) struct Counts {
    clock: Megahertz,
    pub(crate) images: usize,
    pub(crate) macs: u64,
    pub(crate) cycles: Cycles,
    pub(crate) baseline_cycles: Cycles,
    pub(crate) counters: Counters,
    pub(crate) energy: Option<EnergyObject>,
    pub(crate) area: Option<AreaObject>,
    pub(crate) relative_mse: Option<f64>,
}

impl Counts {
    /// Of a layer on an array of this clock.
    pub(crate) fn of_layer(layer: &LayerObject, clock: Megahertz) -> Self {
        let product = &layer.product;
        Self {
            clock,
            images: layer.images,
            macs: product.macs,
            cycles: Cycles(product.cycles),
            baseline_cycles: Cycles(product.baseline_cycles),
            counters: product.counters,
            energy: product.energy_pj.clone(),
            area: product.area_um2.clone(),
            relative_mse: product.relative_error(),
        }
    }

    /// Of all layers; the relative error is their mean. `None` without layers.
    pub(crate) fn of_layers(layers: &[LayerObject], clock: Megahertz) -> Option<Self> {
        let (first, others) = layers.split_first()?;
        let mut sum = Self::of_layer(first, clock);
        for layer in others {
            let layer = Self::of_layer(layer, clock);
            sum.macs += layer.macs;
            sum.cycles += layer.cycles;
            sum.baseline_cycles += layer.baseline_cycles;
            sum.counters += layer.counters;
            sum.energy = (sum.energy.zip(layer.energy)).map(|(sum, energy)| sum.plus(&energy));
            sum.relative_mse = (sum.relative_mse.zip(layer.relative_mse)).map(|(sum, error)| sum + error);
        }
        let n_layers = count_as_f64(widen(layers.len()));
        sum.relative_mse = sum.relative_mse.map(|sum| sum / n_layers);
        Some(sum)
    }

    /// Baseline cycles per cycle.
    pub(crate) fn speedup(&self) -> f64 {
        ratio::speedup(self.baseline_cycles, self.cycles)
    }

    /// PE-steps with an active thread, as a fraction of all PE-cycles.
    pub(crate) fn utilization(&self) -> f64 {
        ratio::utilization(&self.counters.pe_cycles)
    }

    /// At the array's clock.
    pub(crate) fn microseconds(&self) -> f64 {
        self.clock.microseconds(self.cycles)
    }

    /// The share of M·N·K in which an operand is zero.
    pub(super) fn zero_macs(&self) -> f64 {
        1.0 - count_as_f64(self.counters.operand_widths.total()) / count_as_f64(self.macs)
    }

    /// Logic, clock and leakage together, where all are known.
    pub(super) fn total_energy(&self) -> Option<f64> {
        self.energy.as_ref()?.with_clock_and_leakage()
    }

    /// The part of the energy that is of this mode.
    pub(super) fn energy_of(&self, mode: Mode) -> Option<f64> {
        let name = mode.to_string();
        let part = self
            .energy
            .as_ref()?
            .modes
            .iter()
            .find(|part| part.mode == name)?;
        Some(part.value)
    }

    /// The technology table of energies, else of areas.
    pub(super) fn cost_table(&self) -> Option<&str> {
        let energy = self.energy.as_ref().map(|energy| energy.table.as_str());
        energy.or(self.area.as_ref().map(|area| area.table.as_str()))
    }
}
