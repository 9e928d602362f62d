//! One file per command.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod gemm;
pub(crate) mod plot;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod sweep;
pub(crate) mod wave;

use std::path::Path;

use sim_array::algebraic::Algebraic;
use sim_array::clock::Clock;
use sim_array::engine::Engine;
use sim_array::stepped::Stepped;
use sim_config::run::Workload;
use sim_core::record::EngineKind;
use sim_core::spec::ArraySpec;
use sim_cost::key::PeKey;
use sim_cost::table::Table;
use sim_layers::simulate::SimulateError;
use sim_toml::source;

use crate::failure::Failure;

/// The file to name in what is said about a workload.
fn workload_file(workload: &Workload) -> &Path {
    match workload {
        Workload::Trace(path) => path,
        Workload::Model(model) => &model.model,
    }
}

/// A trace that cannot be simulated, with the file that it came from.
fn simulate_failure(workload: &Workload, error: SimulateError) -> Failure {
    let path = workload_file(workload);
    match error {
        SimulateError::Stopped => Failure::Stopped,
        error @ (SimulateError::Plan(_) | SimulateError::Engine { .. }) => {
            Failure::User(format!("{}: {error}", path.display()))
        }
    }
}

/// The technology table at `path`, or what the built-in one says about the PEs of `arrays`.
fn cost_table(path: Option<&Path>, arrays: &[&ArraySpec]) -> Result<Table, Failure> {
    let Some(path) = path else {
        let pes: Vec<PeKey> = arrays.iter().map(|array| PeKey::of(array)).collect();
        return Ok(Table::builtin_for(&pes));
    };
    let text = source::read(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Table::parse(&name, &text).map_err(|error| Failure::User(format!("{}: {error}", path.display())))
}

/// The engine of a kind.
const fn engine(kind: EngineKind) -> &'static dyn Engine {
    match kind {
        EngineKind::Algebraic => &Algebraic,
        EngineKind::Stepped => &Stepped,
        EngineKind::Clock => &Clock,
    }
}
