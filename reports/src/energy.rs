//! Whether there can be a figure of energies.

use sim_core::record::LayerRecord;
use sim_cost::{Energy, MissingRow};

use crate::costs;
use crate::run::RunRecord;
use crate::warning::Warning;

/// Why there is no energy figure; `None` where there is one.
pub(crate) fn energy_warning(record: &RunRecord) -> Option<Warning> {
    let missing = energies(record).err()?;
    Some(Warning::NoEnergyFigure(format!(
        "technology table `{}` lacks a row",
        missing.table
    )))
}

fn energies(record: &RunRecord) -> Result<Vec<Energy>, MissingRow> {
    let of = |layer: &LayerRecord| costs::energy(&layer.product, &record.array, &record.table);
    record.layers.iter().map(of).collect()
}
