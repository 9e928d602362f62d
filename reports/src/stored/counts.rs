//! Columns of counts, of one layer or of all layers of a point.

use sim_core::counters::{MAX_THREADS, OperandWidths, PeCycles, Reduced};
use sim_core::shape::widen;
use sim_core::units::{Cycles, count_as_f64};
use sim_cost::mode::Mode;

use super::point::PointObject;
use crate::frame::{Column, ColumnType, Value};
use crate::json::{AreaObject, EnergyObject, LayerObject};
use crate::ratio;

/// Counts of one or more layers.
pub(super) struct Counts {
    images: usize,
    macs: u64,
    cycles: u64,
    baseline_cycles: u64,
    pe_cycles: PeCycles,
    reduced: Reduced,
    widths: OperandWidths,
    energy: Option<EnergyObject>,
    area: Option<AreaObject>,
    relative_mse: Option<f64>,
}

/// A column in a unit, and its value.
type CountColumn = (&'static str, &'static str, ColumnType, fn(&Counts) -> Value);

const COLUMNS: [CountColumn; 28] = [
    ("images", "", ColumnType::Count, |counts| counts.images.into()),
    ("macs", "", ColumnType::Count, |counts| counts.macs.into()),
    ("cycles", "", ColumnType::Count, |counts| counts.cycles.into()),
    ("baseline_cycles", "", ColumnType::Count, |counts| {
        counts.baseline_cycles.into()
    }),
    ("speedup", "", ColumnType::Real, |counts| {
        ratio::speedup(Cycles(counts.baseline_cycles), Cycles(counts.cycles)).into()
    }),
    ("utilization", "", ColumnType::Real, |counts| {
        counts.share_of_pe_cycles(counts.busy()).into()
    }),
    ("macs_per_cycle", "", ColumnType::Real, |counts| {
        (count_as_f64(counts.macs) / count_as_f64(counts.cycles)).into()
    }),
    ("zero_macs", "", ColumnType::Real, |counts| {
        counts.zero_macs().into()
    }),
    ("fill", "", ColumnType::Count, |counts| {
        counts.pe_cycles.fill.into()
    }),
    ("masked", "", ColumnType::Count, |counts| {
        counts.pe_cycles.masked.into()
    }),
    ("stall", "", ColumnType::Count, |counts| {
        counts.pe_cycles.stall.into()
    }),
    ("drain", "", ColumnType::Count, |counts| {
        counts.pe_cycles.drain.into()
    }),
    ("reduced_activations", "", ColumnType::Count, |counts| {
        counts.reduced.activations.into()
    }),
    ("reduced_weights", "", ColumnType::Count, |counts| {
        counts.reduced.weights.into()
    }),
    ("a8w8", "", ColumnType::Count, |counts| counts.widths.a8w8.into()),
    ("a8w4", "", ColumnType::Count, |counts| counts.widths.a8w4.into()),
    ("a4w8", "", ColumnType::Count, |counts| counts.widths.a4w8.into()),
    ("a4w4", "", ColumnType::Count, |counts| counts.widths.a4w4.into()),
    ("relative_mse", "", ColumnType::Real, |counts| {
        counts.relative_mse.into()
    }),
    ("energy_pj", "pJ", ColumnType::Real, |counts| {
        counts.energy.as_ref().map(|energy| energy.value).into()
    }),
    ("clock_pj", "pJ", ColumnType::Real, |counts| {
        counts.energy.as_ref().and_then(|energy| energy.clock).into()
    }),
    ("leakage_pj", "pJ", ColumnType::Real, |counts| {
        counts.energy.as_ref().and_then(|energy| energy.leakage).into()
    }),
    ("total_energy_pj", "pJ", ColumnType::Real, |counts| {
        counts.total_energy().into()
    }),
    ("total_energy_per_mac_pj", "pJ", ColumnType::Real, |counts| {
        counts
            .total_energy()
            .map(|energy| energy / count_as_f64(counts.macs))
            .into()
    }),
    ("energy_uncertainty_percent", "%", ColumnType::Real, |counts| {
        counts
            .energy
            .as_ref()
            .map(|energy| energy.uncertainty_percent)
            .into()
    }),
    ("delay_model", "", ColumnType::Text, |counts| {
        counts
            .energy
            .as_ref()
            .map(|energy| energy.delay_model.as_str())
            .into()
    }),
    ("cost_table", "", ColumnType::Text, |counts| {
        let energy = counts.energy.as_ref().map(|energy| energy.table.as_str());
        energy
            .or(counts.area.as_ref().map(|area| area.table.as_str()))
            .into()
    }),
    ("area_um2", "µm²", ColumnType::Real, |counts| {
        counts.area.as_ref().map(|area| area.value).into()
    }),
];

impl Counts {
    fn busy(&self) -> u64 {
        self.pe_cycles.active.counts().iter().skip(1).sum()
    }

    fn share_of_pe_cycles(&self, part: u64) -> f64 {
        count_as_f64(part) / count_as_f64(self.pe_cycles.total())
    }

    /// The share of M·N·K in which an operand is zero.
    fn zero_macs(&self) -> f64 {
        let OperandWidths {
            a8w8,
            a8w4,
            a4w8,
            a4w4,
        } = self.widths;
        1.0 - count_as_f64(a8w8 + a8w4 + a4w8 + a4w4) / count_as_f64(self.macs)
    }

    /// Logic, clock and leakage together, where all are known.
    fn total_energy(&self) -> Option<f64> {
        self.energy.as_ref()?.with_clock_and_leakage()
    }

    fn energy_of(&self, mode: Mode) -> Option<f64> {
        let name = mode.to_string();
        let modes = &self.energy.as_ref()?.modes;
        modes.iter().find(|part| part.mode == name).map(|part| part.value)
    }
}

/// Of one layer.
pub(super) fn of_layer(layer: &LayerObject) -> Counts {
    let product = &layer.product;
    Counts {
        images: layer.images,
        macs: product.macs,
        cycles: product.cycles,
        baseline_cycles: product.baseline_cycles,
        pe_cycles: product.counters.pe_cycles,
        reduced: product.counters.reduced,
        widths: product.counters.operand_widths,
        energy: product.energy_pj.clone(),
        area: product.area_um2.clone(),
        relative_mse: product.relative_error(),
    }
}

/// Of all layers; the relative error is their mean. `None` without layers.
pub(super) fn of_point(point: &PointObject) -> Option<Counts> {
    let mut layers = point.layers.iter().map(of_layer);
    let mut sum = layers.next()?;
    for layer in layers {
        sum.macs += layer.macs;
        sum.cycles += layer.cycles;
        sum.baseline_cycles += layer.baseline_cycles;
        sum.pe_cycles += layer.pe_cycles;
        sum.reduced += layer.reduced;
        sum.widths += layer.widths;
        sum.energy = (sum.energy.zip(layer.energy)).map(|(sum, energy)| sum.plus(&energy));
        sum.relative_mse = (sum.relative_mse.zip(layer.relative_mse)).map(|(sum, error)| sum + error);
    }
    let n_layers = count_as_f64(widen(point.layers.len()));
    sum.relative_mse = sum.relative_mse.map(|sum| sum / n_layers);
    Some(sum)
}

/// `active_0` … `active_4`, and the energy of each mode, follow the others.
pub(super) fn columns() -> Vec<Column> {
    let plain = COLUMNS
        .iter()
        .map(|(name, unit, kind, _)| Column::new(*name, *kind).in_unit(unit));
    let active = (0..=MAX_THREADS).map(|n| Column::new(format!("active_{n}"), ColumnType::Count));
    let energies = modes()
        .into_iter()
        .map(|mode| Column::new(format!("energy_{mode}_pj"), ColumnType::Real).in_unit("pJ"));
    plain.chain(active).chain(energies).collect()
}

/// Of the columns; nulls where nothing was counted.
pub(super) fn values(counts: Option<&Counts>) -> Vec<Value> {
    let Some(counts) = counts else {
        return vec![Value::Null; columns().len()];
    };
    let plain = COLUMNS.iter().map(|(_, _, _, value)| value(counts));
    let steps = counts.pe_cycles.active.counts();
    let active = (0..=MAX_THREADS).map(|n| steps.get(n).copied().into());
    let energies = modes().into_iter().map(|mode| counts.energy_of(mode).into());
    plain.chain(active).chain(energies).collect()
}

/// Modes that are parts of `energy_pj`.
fn modes() -> Vec<Mode> {
    Mode::all()
        .into_iter()
        .filter(|&mode| mode != Mode::Clock)
        .collect()
}
