//! Points with answers: a network prepared once, several designs in one pass over its images.

use std::panic::{AssertUnwindSafe, catch_unwind};

use reports::accuracy::object::{EvaluationObject, EvaluationRecord};
use reports::pruning::Pruning;
use reports::stored::point::PointObject;
use sim_config::run::{ModelWorkload, RunSpec};
use sim_core::prune::PruneSpec;
use sim_core::spec::ArraySpec;
use sim_run::design::Design;
use sim_run::error::EvalError;
use sim_layers::evaluate::Machine;
use sim_run::prepare::{Prepared, Workers};

use crate::measure;
use crate::run::{Unstored, fault};

/// Designs that go over the images together; the FP32 and 8-bit passes are theirs together, and what an interruption
/// may lose.
pub(crate) const TOGETHER: usize = 6;

/// Prepare a network.
pub(crate) fn prepare(
    workload: &ModelWorkload,
    pruning: Option<PruneSpec>,
    workers: &Workers<'_>,
) -> Result<Prepared, Unstored> {
    Prepared::new(workload.clone(), pruning, workers).map_err(|error| unstored(&error))
}

pub(crate) fn unstored(error: &EvalError) -> Unstored {
    if matches!(error, EvalError::Stopped) {
        Unstored::Stopped
    } else {
        Unstored::Failed(error.to_string())
    }
}

/// Evaluate runs on a network: together, or where that fails one by one, so that one that fails is alone in it.
pub(crate) fn evaluate(
    prepared: &Prepared,
    runs: &[&RunSpec],
    workers: &Workers<'_>,
) -> Vec<Result<PointObject, Unstored>> {
    let attempt = |runs: &[&RunSpec]| {
        catch_unwind(AssertUnwindSafe(|| together(prepared, runs, workers)))
            .unwrap_or_else(|panic| Err(fault(panic.as_ref())))
    };
    match attempt(runs) {
        Ok(points) => points.into_iter().map(Ok).collect(),
        Err(Unstored::Stopped) => runs.iter().map(|_| Err(Unstored::Stopped)).collect(),
        Err(error) if runs.len() == 1 => vec![Err(error)],
        Err(_) => runs
            .iter()
            .map(|run| attempt(&[run]).map(|mut points| points.remove(0)))
            .collect(),
    }
}

fn together(
    prepared: &Prepared,
    runs: &[&RunSpec],
    workers: &Workers<'_>,
) -> Result<Vec<PointObject>, Unstored> {
    let designs: Vec<Design> = runs
        .iter()
        .enumerate()
        .map(|(index, run)| Design {
            mse: measure::mse(run),
            ..Design::of(format!("design {}", index + 1), "", run.design())
        })
        .collect();
    let built = prepared
        .build(&designs, workers)
        .map_err(|error| unstored(&error))?;
    let machines: Vec<Machine> = built.into_iter().map(|built| built.machine).collect();
    let evaluation = prepared
        .evaluate(&machines, workers)
        .map_err(|error| unstored(&error))?;
    if evaluation.is_partial() {
        return Err(Unstored::Stopped);
    }
    let pruning = prepared.pruning();
    let mut points = Vec::new();
    // A run may have a technology table of its own, and a record has one for all its arrays.
    let tables: Vec<_> = runs.iter().map(|run| run.cost_table()).collect();
    let is_one = tables.iter().all(|table| *table == tables[0]);
    let arrays: Vec<&ArraySpec> = designs.iter().map(|design| &design.array).collect();
    let record = |table| EvaluationRecord {
        simulator_version: env!("CARGO_PKG_VERSION").to_owned(),
        evaluation: evaluation.clone(),
        throttling: None,
        pruning: Pruning::new(pruning.as_slice(), &prepared.opened().pruned),
        skipped: None,
        learned_from: None,
        unsimulated: prepared.unsimulated(),
        inputs: Vec::new(),
        spec: serde_json::Value::Null,
        table,
        warnings: Vec::new(),
    };
    let empty = || Unstored::Fault("an evaluation without arrays".to_owned());
    for (index, path) in tables.iter().enumerate() {
        if index == 0 || !is_one {
            let object = EvaluationObject::of(&record(measure::table(*path, &arrays)?)).ok_or_else(empty)?;
            let all = object.arrays().enumerate();
            points.extend(
                all.filter(|(place, _)| is_one || *place == index)
                    .map(|(_, array)| PointObject::of_evaluation(&object, array)),
            );
        }
    }
    Ok(points)
}
