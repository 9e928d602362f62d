//! Points with answers: a network prepared once, several designs in one pass over its images.

use std::panic::{AssertUnwindSafe, catch_unwind};

use reports::accuracy::object::EvaluationObject;
use reports::accuracy::throttling::ThrottlingObject;
use reports::stored::point::{Curve, PointObject};
use sim_config::sweep::{AccuracySpec, PointSpec, Throttling};
use sim_core::spec::ArraySpec;
use sim_run::costs;
use sim_run::design::Design;
use sim_run::error::{ErrorKind, RunError};
use sim_run::network::PreparedNetwork;
use sim_run::throttle::{at_step, throttle};
use sim_run::workers::Workers;

/// Points that go over the images together; the FP32 and 8-bit passes are theirs together, and what an interruption
/// may lose.
pub(crate) const TOGETHER: usize = 6;

/// The design of a point.
pub(crate) fn design(PointSpec { run, methods }: &PointSpec) -> Design {
    let mut design = Design::of("", "", &run.design);
    (design.recalibration, design.mse) = (methods.recalibration, run.mse);
    design
}

/// Evaluate points on a network: together, or where that fails one by one, so that one that fails is alone in it.
pub(crate) fn evaluate(
    network: &PreparedNetwork,
    points: &[&PointSpec],
    accuracy: AccuracySpec,
    workers: &Workers<'_>,
) -> Vec<Result<PointObject, RunError>> {
    let attempt = |points: &[&PointSpec]| {
        catch_unwind(AssertUnwindSafe(|| together(network, points, accuracy, workers)))
            .unwrap_or_else(|panic| Err(RunError::of_panic(panic.as_ref())))
    };
    match attempt(points) {
        Ok(points) => points.into_iter().map(Ok).collect(),
        Err(error) if points.len() == 1 || error.kind() == ErrorKind::Stopped => {
            points.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => points
            .iter()
            .map(|point| attempt(&[point]).map(|mut points| points.remove(0)))
            .collect(),
    }
}

/// The designs of a point: one, or those of a curve with what they were chosen by.
struct Steps {
    designs: Vec<Design>,
    throttling: Option<ThrottlingObject>,
}

impl Steps {
    fn of(point: &PointSpec, network: &PreparedNetwork, workers: &Workers<'_>) -> Result<Self, RunError> {
        let design = design(point);
        match point.methods.throttling {
            Throttling::Off => Ok(Self {
                designs: vec![design],
                throttling: None,
            }),
            Throttling::Curve => {
                let throttling = throttle(network, &design, None, workers)?;
                Ok(Self {
                    designs: throttling
                        .steps
                        .iter()
                        .map(|step| at_step(&design, step))
                        .collect(),
                    throttling: Some(ThrottlingObject::of(&throttling)),
                })
            }
        }
    }
}

fn together(
    network: &PreparedNetwork,
    points: &[&PointSpec],
    accuracy: AccuracySpec,
    workers: &Workers<'_>,
) -> Result<Vec<PointObject>, RunError> {
    let steps: Vec<Steps> = points
        .iter()
        .map(|point| Steps::of(point, network, workers))
        .collect::<Result<_, _>>()?;
    let mut designs: Vec<Design> = steps.iter().flat_map(|steps| steps.designs.clone()).collect();
    for (index, design) in designs.iter_mut().enumerate() {
        design.name = format!("design {}", index + 1);
    }
    let evaluated = network.run(&designs, None, workers)?.whole()?;
    let arrays: Vec<&ArraySpec> = designs.iter().map(Design::array).collect();
    let features = (accuracy.features).then(|| evaluated.feature_errors(network, workers));
    let mut features = features.transpose()?.into_iter().flatten();
    let operands = (accuracy.operands).then(|| network.operand_codes(workers));
    let operands = operands.transpose()?.map(<[_]>::to_vec);
    // A run may have a technology table of its own, and a record has one for all its arrays.
    let mut objects: Vec<(Option<&std::path::Path>, EvaluationObject)> = Vec::new();
    let mut found = Vec::new();
    let mut place = 0;
    for (point, steps) in points.iter().zip(steps) {
        let path = point.run.cost_table.as_deref();
        if objects.iter().all(|(other, _)| *other != path) {
            let prediction = point.run.design.prediction.as_ref();
            let table = costs::table(path, &arrays, prediction)?;
            let record = evaluated.record(network, table, Vec::new(), serde_json::Value::Null);
            let object = EvaluationObject::of(&record)
                .ok_or_else(|| RunError::ours("an evaluation without arrays"))?;
            objects.push((path, object));
        }
        let object = objects.iter().find(|(other, _)| *other == path);
        let (_, object) = object.unwrap_or_else(|| unreachable!("it was put there"));
        let mut designs = (object.arrays().skip(place).take(steps.designs.len())).map(|array| {
            let mut design = PointObject::of_evaluation(object, array);
            if let Some(accuracy) = &mut design.accuracy {
                accuracy.features = features.next();
            }
            design
        });
        let first = designs.next();
        let mut first = first.ok_or_else(|| RunError::ours("a point without a design"))?;
        first.operands.clone_from(&operands);
        first.curve = steps.throttling.map(|throttling| Curve {
            throttling,
            later: designs.collect(),
        });
        place += steps.designs.len();
        found.push(first);
    }
    Ok(found)
}
