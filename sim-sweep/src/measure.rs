//! A point without answers: its trace on its array.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use reports::json::{self, Reported};
use reports::result::Synthetic;
use reports::stored::point::PointObject;
use sim_array::algebraic::Algebraic;
use sim_array::engine::Mse;
use sim_config::run::{ErrorMeasure, RunSpec};
use sim_core::progress::Silent;
use sim_core::spec::ArraySpec;
use sim_cost::key::PeKey;
use sim_cost::table::Table;
use sim_run::design::Design;
use sim_layers::simulate::{SimulateError, SimulateOptions, simulate};
use sim_run::trace::PreparedTrace;
use sim_toml::source;

use crate::run::Unstored;

/// Simulate a point on `jobs` threads.
pub(crate) fn simulate_point(
    spec: &RunSpec,
    prepared: &Arc<PreparedTrace>,
    jobs: usize,
    stop: &AtomicBool,
) -> Result<PointObject, Unstored> {
    let trace = &prepared.trace;
    let simulated: Vec<&str> = trace.layers.iter().map(|layer| layer.name.as_str()).collect();
    let unsimulated: Vec<(&str, &str)> = (trace.unsimulated.iter())
        .map(|layer| (layer.name.as_str(), layer.reason.as_str()))
        .collect();
    let failed = |error: &dyn std::fmt::Display| Unstored::Failed(error.to_string());
    spec.layers()
        .check(&simulated, &unsimulated)
        .map_err(|error| Unstored::Failed(format!("{}; {}", error.why(), error.remedy())))?;
    let design = Design::of("", "", spec.design());
    design.check_reorder().map_err(|error| failed(&error))?;
    let machines = design.machines().map_err(|error| failed(&error))?;
    let table = table(spec.cost_table(), &[spec.array(), spec.baseline()])?;
    let options = SimulateOptions {
        machines: &machines,
        reorder: spec.reorder(),
        baseline: *spec.baseline(),
        engine: &Algebraic,
        // A map for each point would outweigh all else that is stored.
        measures: mse(spec).into(),
        jobs,
        stop,
    };
    let layers = simulate(trace, &options, &Silent).map_err(|error| match error {
        SimulateError::Stopped => Unstored::Stopped,
        error @ (SimulateError::Plan(_) | SimulateError::Engine { .. }) => failed(&error),
    })?;
    let Reported { object, warnings } = json::layers(&layers, spec.array(), &table);
    let synthetic = spec.activation_zeros().map(|activation_zeros| Synthetic {
        activation_zeros,
        seed: spec.seed(),
    });
    let synthetic = synthetic.as_ref().map(Synthetic::warning);
    Ok(PointObject::new(
        (spec.array(), spec.baseline()),
        object,
        synthetic.into_iter().chain(warnings).collect(),
    ))
}

pub(crate) const fn mse(spec: &RunSpec) -> Mse {
    match spec.error_measure() {
        ErrorMeasure::On => Mse::Measure,
        ErrorMeasure::Off => Mse::Skip,
    }
}

/// The technology table at `path`, or what the built-in one says about the PEs of `arrays`.
pub(crate) fn table(path: Option<&Path>, arrays: &[&ArraySpec]) -> Result<Table, Unstored> {
    let Some(path) = path else {
        let pes: Vec<PeKey> = arrays.iter().map(|array| PeKey::of(array)).collect();
        return Ok(Table::builtin_for(&pes));
    };
    let text = source::read(path).map_err(|error| Unstored::Failed(error.to_string()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Table::parse(&name, &text).map_err(|error| Unstored::Failed(format!("{}: {error}", path.display())))
}
