//! Where energies and areas come from.

use std::path::Path;

use sim_config::run::RunSpec;
use sim_config::run::prediction::{PredictionSpec, PredictorPrice};
use sim_core::spec::ArraySpec;
use sim_cost::key::PeKey;
use sim_cost::table::{PredictorPricing, Table};
use sim_toml::source;

use crate::error::RunError;

/// The technology table of a run, with what it says of the price of predictors.
///
/// - Errors: a file that cannot be read or is not such a table.
pub fn of_run(spec: &RunSpec) -> Result<Table, RunError> {
    let design = &spec.design;
    table(
        spec.cost_table.as_deref(),
        &[&design.array, &design.baseline],
        design.prediction.as_ref(),
    )
}

/// The technology table at `path`, or what the built-in one says about the PEs of `arrays`; with the price that a prediction
/// says.
///
/// - Errors: a file that cannot be read or is not such a table.
pub fn table(
    path: Option<&Path>,
    arrays: &[&ArraySpec],
    prediction: Option<&PredictionSpec>,
) -> Result<Table, RunError> {
    let table = match path {
        None => {
            let pes: Vec<PeKey> = arrays.iter().map(|array| PeKey::of(array)).collect();
            Table::builtin_for(&pes)
        }
        Some(path) => {
            let text = source::read(path)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            Table::parse(&name, &text).map_err(|error| RunError::at(path, &error))?
        }
    };
    Ok(match prediction.and_then(|prediction| prediction.price) {
        Some(PredictorPrice::None) => table.with_predictor(PredictorPricing::LeftOut),
        None => table,
    })
}
