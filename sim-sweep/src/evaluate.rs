//! Points with answers: a network prepared once, several designs in one pass over its images.

use std::panic::{AssertUnwindSafe, catch_unwind};

use reports::accuracy::object::EvaluationObject;
use reports::stored::point::PointObject;
use sim_config::run::RunSpec;
use sim_core::spec::ArraySpec;
use sim_run::costs;
use sim_run::design::Design;
use sim_run::error::{ErrorKind, RunError};
use sim_run::network::PreparedNetwork;
use sim_run::simulate::mse;
use sim_run::workers::Workers;

/// Designs that go over the images together; the FP32 and 8-bit passes are theirs together, and what an interruption
/// may lose.
pub(crate) const TOGETHER: usize = 6;

/// Evaluate runs on a network: together, or where that fails one by one, so that one that fails is alone in it.
pub(crate) fn evaluate(
    network: &PreparedNetwork,
    runs: &[&RunSpec],
    workers: &Workers<'_>,
) -> Vec<Result<PointObject, RunError>> {
    let attempt = |runs: &[&RunSpec]| {
        catch_unwind(AssertUnwindSafe(|| together(network, runs, workers)))
            .unwrap_or_else(|panic| Err(RunError::of_panic(panic.as_ref())))
    };
    match attempt(runs) {
        Ok(points) => points.into_iter().map(Ok).collect(),
        Err(error) if runs.len() == 1 || error.kind() == ErrorKind::Stopped => {
            runs.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => runs
            .iter()
            .map(|run| attempt(&[run]).map(|mut points| points.remove(0)))
            .collect(),
    }
}

fn together(
    network: &PreparedNetwork,
    runs: &[&RunSpec],
    workers: &Workers<'_>,
) -> Result<Vec<PointObject>, RunError> {
    let designs: Vec<Design> = runs
        .iter()
        .enumerate()
        .map(|(index, run)| Design::of(format!("design {}", index + 1), "", run.design()).measuring(mse(run)))
        .collect();
    let evaluated = network.run(&designs, None, workers)?.whole()?;
    let mut points = Vec::new();
    // A run may have a technology table of its own, and a record has one for all its arrays.
    let tables: Vec<_> = runs.iter().map(|run| run.cost_table()).collect();
    let is_one = tables.iter().all(|table| *table == tables[0]);
    let arrays: Vec<&ArraySpec> = designs.iter().map(Design::array).collect();
    for (index, path) in tables.iter().enumerate() {
        if index == 0 || !is_one {
            let table = costs::table(*path, &arrays)?;
            let record = evaluated
                .clone()
                .record(network, table, Vec::new(), serde_json::Value::Null);
            let object = EvaluationObject::of(&record)
                .ok_or_else(|| RunError::ours("an evaluation without arrays"))?;
            let all = object.arrays().enumerate();
            points.extend(
                all.filter(|(place, _)| is_one || *place == index)
                    .map(|(_, array)| PointObject::of_evaluation(&object, array)),
            );
        }
    }
    Ok(points)
}
