//! Energy and area of records, or why there is none.

use sim_core::record::ProductRecord;
use sim_core::shape::widen;
use sim_core::spec::ArraySpec;
use sim_cost::mode::Mode;
use sim_cost::table::Table;
use sim_cost::{Area, Energy, MissingRow, Work};

use crate::warning::{Warning, Warnings};

/// Energy of `record` on the array as built.
///
/// - Errors: a row that the table lacks for exactly the PE that was built.
pub fn energy(record: &ProductRecord, array: &ArraySpec, table: &Table) -> Result<Energy, MissingRow> {
    let work = Work {
        pe_cycles: record.counters.pe_cycles,
        operand_widths: record.counters.operand_widths,
        switching: record.counters.switching,
        n_tiles: n_tiles(record, array),
        predictor_macs: record.predicted.map_or(0, |predicted| predicted.predictor_macs),
    };
    sim_cost::energy_as_run(table, array, &record.array, &work)
}

/// Tiles over all products.
fn n_tiles(record: &ProductRecord, array: &ArraySpec) -> u64 {
    if let Some(predicted) = record.predicted {
        return predicted.tiles.iter().sum();
    }
    let tiles = record.shape.m().div_ceil(array.rows()) * record.shape.n().div_ceil(array.cols());
    widen(tiles) * record.n_products
}

/// Area of the array as built.
///
/// - Errors: a row that the table lacks for exactly this PE.
pub fn area(array: &ArraySpec, table: &Table) -> Result<Area, MissingRow> {
    sim_cost::area(table, array)
}

/// What is wrong with the clock of the array as built, where the table knows how fast its PE is.
pub(crate) fn clock_warning(array: &ArraySpec, table: &Table) -> Option<Warning> {
    let error = sim_cost::clock_too_fast(table, array)?;
    Some(Warning::ClockTooFast(error.to_string()))
}

/// What is to be known of an energy that holds predicted outputs.
pub(crate) fn prediction_warnings(record: &ProductRecord, energy: &Energy, table: &Table) -> Vec<Warning> {
    let skipped = energy.skipped_as.map(|like| {
        format!(
            "technology table `{}` has no row for `skipped` steps of this PE; they are priced as `{like}`",
            table.name()
        )
    });
    let is_left_out = energy.parts.iter().all(|part| part.mode != Mode::PredictorMac)
        && record
            .predicted
            .is_some_and(|predicted| 0 < predicted.predictor_macs);
    let predictor = is_left_out.then(|| {
        "the multiply-adds of the predictor are left out, as `price-predictor = \"none\"` asks".to_owned()
    });
    skipped
        .into_iter()
        .chain(predictor)
        .map(Warning::Priced)
        .collect()
}

/// Energy that is missing for the predictor's sake has another remedy than a table.
pub(crate) fn no_energy(missing: &MissingRow) -> Warning {
    let remedy = if missing.row.contains(&Mode::PredictorMac.to_string()) {
        "; or leave the predictor out with `price-predictor = \"none\"` in [costs]"
    } else {
        ""
    };
    Warning::NoEnergy(format!("{missing}{remedy}"))
}

/// The value, or `None` and a warning that it is therefore not given.
pub(crate) fn or_warn<T>(
    result: Result<T, MissingRow>,
    warning: fn(&MissingRow) -> Warning,
    warnings: &mut Warnings,
) -> Option<T> {
    result.map_err(|missing| warnings.push(warning(&missing))).ok()
}
