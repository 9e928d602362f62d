//! Counts of one layer, or of all layers of a point, of which measures are made.

use sim_core::counters::Counters;
use sim_core::shape::widen;
use sim_core::units::count_as_f64;
use sim_cost::mode::Mode;

use crate::echo::ArrayEcho;
use crate::json::{AreaObject, EnergyObject, LayerObject};
use crate::stored::point::PointObject;

/// Counts of one or more layers.
pub(super) struct Counts<'a> {
    pub(super) array: &'a ArrayEcho,
    pub(super) images: usize,
    pub(super) macs: u64,
    pub(super) cycles: u64,
    pub(super) baseline_cycles: u64,
    pub(super) counters: Counters,
    pub(super) energy: Option<EnergyObject>,
    pub(super) area: Option<AreaObject>,
    pub(super) relative_mse: Option<f64>,
}

impl<'a> Counts<'a> {
    pub(super) fn of_layer(layer: &LayerObject, array: &'a ArrayEcho) -> Self {
        let product = &layer.product;
        Self {
            array,
            images: layer.images,
            macs: product.macs,
            cycles: product.cycles,
            baseline_cycles: product.baseline_cycles,
            counters: product.counters,
            energy: product.energy_pj.clone(),
            area: product.area_um2.clone(),
            relative_mse: product.relative_error(),
        }
    }

    /// Of all layers; the relative error is their mean. `None` without layers.
    pub(super) fn of_point(point: &'a PointObject) -> Option<Self> {
        let mut layers = point
            .layers
            .iter()
            .map(|layer| Self::of_layer(layer, &point.array));
        let mut sum = layers.next()?;
        for layer in layers {
            sum.macs += layer.macs;
            sum.cycles += layer.cycles;
            sum.baseline_cycles += layer.baseline_cycles;
            sum.counters += layer.counters;
            sum.energy = (sum.energy.zip(layer.energy)).map(|(sum, energy)| sum.plus(&energy));
            sum.relative_mse = (sum.relative_mse.zip(layer.relative_mse)).map(|(sum, error)| sum + error);
        }
        let n_layers = count_as_f64(widen(point.layers.len()));
        sum.relative_mse = sum.relative_mse.map(|sum| sum / n_layers);
        Some(sum)
    }

    /// PE-steps with an active thread, as a fraction of all PE-cycles.
    pub(super) fn utilization(&self) -> f64 {
        let pe_cycles = &self.counters.pe_cycles;
        let busy: u64 = pe_cycles.active.counts().iter().skip(1).sum();
        count_as_f64(busy) / count_as_f64(pe_cycles.total())
    }

    /// The share of M·N·K in which an operand is zero.
    pub(super) fn zero_macs(&self) -> f64 {
        1.0 - count_as_f64(self.counters.operand_widths.total()) / count_as_f64(self.macs)
    }

    /// Logic, clock and leakage together, where all are known.
    pub(super) fn total_energy(&self) -> Option<f64> {
        self.energy.as_ref()?.with_clock_and_leakage()
    }

    /// The technology table of energies, else of areas.
    pub(super) fn cost_table(&self) -> Option<&str> {
        let energy = self.energy.as_ref().map(|energy| energy.table.as_str());
        energy.or(self.area.as_ref().map(|area| area.table.as_str()))
    }
}

/// Modes that are parts of `energy_pj`.
pub(super) fn modes() -> impl Iterator<Item = Mode> {
    Mode::all().into_iter().filter(|&mode| mode != Mode::Clock)
}

/// The part of an energy that is of this mode.
pub(super) fn energy_of(energy: Option<&EnergyObject>, mode: Mode) -> Option<f64> {
    let name = mode.to_string();
    let part = energy?.modes.iter().find(|part| part.mode == name)?;
    Some(part.value)
}
