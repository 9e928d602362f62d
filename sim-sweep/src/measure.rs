//! A point without answers: its trace on its array.

use reports::stored::point::PointObject;
use sim_config::run::RunSpec;
use sim_core::busy::PeMap;
use sim_core::record::EngineKind;
use sim_run::error::RunError;
use sim_run::trace::PreparedTrace;
use sim_run::workers::Workers;
use sim_run::{costs, simulate};

/// Simulate a point.
pub(crate) fn simulate_point(
    spec: &RunSpec,
    prepared: &PreparedTrace,
    workers: &Workers<'_>,
) -> Result<PointObject, RunError> {
    let table = costs::of_run(spec)?;
    // A map for each point would outweigh all else that is stored.
    let layers = prepared.simulate(spec, EngineKind::Algebraic, PeMap::Off, workers)?;
    Ok(simulate::point(spec, prepared, &layers, &table))
}
