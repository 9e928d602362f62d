//! One file per command.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod gemm;
pub(crate) mod run;

use std::path::Path;

use sim_array::algebraic::Algebraic;
use sim_array::engine::Engine;
use sim_array::stepped::Stepped;
use sim_config::run::Workload;
use sim_config::source;
use sim_core::record::EngineKind;
use sim_cost::table::Table;
use sim_net::simulate::SimulateError;

use crate::failure::Failure;

/// A trace that cannot be simulated, with the file that it came from.
fn simulate_failure(workload: &Workload, error: SimulateError) -> Failure {
    let path = match workload {
        Workload::Trace(path) => path,
        Workload::Model(model) => &model.model,
    };
    match error {
        SimulateError::Stopped => Failure::Stopped,
        error @ (SimulateError::Plan(_) | SimulateError::Engine { .. }) => {
            Failure::User(format!("{}: {error}", path.display()))
        }
    }
}

/// The technology table at `path`, or the built-in one.
fn cost_table(path: Option<&Path>) -> Result<Table, Failure> {
    let Some(path) = path else {
        return Ok(Table::builtin());
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
    }
}
