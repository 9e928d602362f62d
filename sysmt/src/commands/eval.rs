//! `sysmt eval`.

use std::time::Instant;

use reports::accuracy::images::{LearnedObject, Learner, SetRole, SkippedObject, SkippedSet};
use reports::accuracy::object::{EvaluationObject, EvaluationRecord};
use reports::accuracy::{folder, summary, tables};
use reports::json;
use reports::pruning::Pruning;
use reports::run::InputFile;
use serde_json::json;
use sim_config::resolved;
use sim_config::run::Unreadable;
use sim_core::prune::PruneSpec;
use sim_core::recalibration::RecalibrationMode;
use sim_core::spec::ArraySpec;
use sim_core::throttle::{MaxDrop, Throttling};
use sim_net::save::save_statistics;
use sim_run::design::Design;
use sim_run::prepare::{Prepared, Workers};
use sim_run::throttle;
use sim_run::training::LearnedFrom;

use super::cost_table;
use crate::args::{EvalArgs, Throttle};
use crate::designs::DesignFile;
use crate::failure::Failure;
use crate::network_args;
use crate::progress::Bar;
use crate::{designs, inputs, output, stop};

/// Evaluate a network on arrays.
pub(crate) fn execute(args: &EvalArgs) -> Result<(), Failure> {
    let workload = network_args::workload(&args.network, &args.preparation)?;
    let pruning = network_args::pruning(&args.preparation.pruning)?;
    let max_drop = max_drop(args)?;
    for target in [&args.save_model, &args.predictions].into_iter().flatten() {
        output::check_target(target)?;
    }
    // A target that cannot be written is worth knowing before the work.
    if let Some(out) = &args.out {
        reports::folder::check(out)?;
    }
    let files = designs::read(args)?;
    let mut designs: Vec<Design> = files.iter().map(|file| file.design.clone()).collect();
    let arrays: Vec<&ArraySpec> = designs.iter().map(|design| &design.array).collect();
    let table = cost_table(args.cost_table.as_deref(), &arrays)?;
    let bar = Bar::of_images();
    let workers = Workers {
        jobs: args.jobs.count(),
        stop: stop::flag()?,
        progress: &bar,
    };
    let start = Instant::now();

    let prepared = Prepared::new(workload, pruning, &workers).map_err(network_args::failure)?;
    for file in &files {
        file.check_layers(&prepared)?;
    }
    let throttling = throttle_first(max_drop, &prepared, &mut designs, &workers)?;
    let built = prepared
        .build(&designs, &workers)
        .map_err(network_args::failure)?;
    let mut machines = Vec::new();
    for (index, built) in built.into_iter().enumerate() {
        if let (0, Some(out), Some(statistics)) = (index, &args.save_model, &built.statistics) {
            save_statistics(&prepared.workload().model, out, statistics)
                .map_err(|error| Failure::user(&error))?;
        }
        machines.push(built.machine);
    }
    let evaluation = prepared.evaluate(&machines, &workers);
    bar.finish();
    let evaluation = evaluation.map_err(network_args::failure)?;
    let skipped = skipped(&prepared);
    for warning in skipped.iter().flat_map(SkippedObject::warnings) {
        output::note(&warning.to_string());
    }
    output::note(&format!(
        "{} images in {:.3} s",
        evaluation.images.len(),
        start.elapsed().as_secs_f64()
    ));
    if let Some(path) = &args.predictions {
        output::write_text(path, &tables::predictions(&evaluation))?;
    }
    let record = EvaluationRecord {
        simulator_version: env!("CARGO_PKG_VERSION").to_owned(),
        evaluation,
        learned_from: learned_from(args, &prepared, &workers)?,
        throttling,
        pruning: Pruning::new(pruning.as_slice(), &prepared.opened().pruned),
        skipped,
        unsimulated: prepared.unsimulated(),
        inputs: all_inputs(&prepared, &files)?,
        spec: spec(args, &prepared, &designs, max_drop, pruning),
        table,
        warnings: Vec::new(),
    };
    let object = EvaluationObject::of(&record)
        .ok_or_else(|| Failure::Ours("an evaluation without arrays".to_owned()))?;
    if let Some(out) = &args.out {
        folder::write(out, &record, &object)?;
        output::note(&format!("results are in {}", out.display()));
    }
    output::print(&if args.json {
        json::text(&object)
    } else {
        summary::text(&object)
    })?;
    if object.partial {
        Err(Failure::Part)
    } else {
        Ok(())
    }
}

/// How far automatic throttling may go; `None`: it is not asked for.
fn max_drop(args: &EvalArgs) -> Result<Option<MaxDrop>, Failure> {
    if args.throttle.contains(&Throttle::Auto) {
        return Ok(Some(args.max_drop.unwrap_or_default()));
    }
    if args.max_drop.is_some() {
        return Err(Failure::User(
            "--max-drop says how far --throttle auto goes; add --throttle auto, or take --max-drop out"
                .to_owned(),
        ));
    }
    Ok(None)
}

/// Put the first design where automatic throttling leads, if that is asked for.
fn throttle_first(
    max_drop: Option<MaxDrop>,
    prepared: &Prepared,
    designs: &mut [Design],
    workers: &Workers<'_>,
) -> Result<Option<Throttling>, Failure> {
    let (Some(max_drop), Some(first)) = (max_drop, designs.first_mut()) else {
        return Ok(None);
    };
    let throttling =
        throttle::throttle(prepared, first, Some(max_drop), workers).map_err(network_args::failure)?;
    if let Some(last) = throttling.steps.last() {
        *first = throttle::at_step(first, last);
    }
    Ok(Some(throttling))
}

/// What was left out; `None` where that was not asked for.
fn skipped(prepared: &Prepared) -> Option<SkippedObject> {
    let opened = prepared.opened();
    match prepared.workload().unreadable {
        Unreadable::Refused => None,
        Unreadable::Skipped => Some(SkippedObject {
            evaluated: SkippedSet::of(&opened.skipped),
            calibration: SkippedSet::of(&opened.skipped_calibration),
            training: SkippedSet::of(prepared.training_set().map_or(&[], |set| &set.skipped)),
        }),
    }
}

/// What methods learned from, if any did.
fn learned_from(
    args: &EvalArgs,
    prepared: &Prepared,
    workers: &Workers<'_>,
) -> Result<Option<LearnedObject>, Failure> {
    let Some(from) = prepared.learned_from() else {
        return Ok(None);
    };
    let throttling = args.throttle.contains(&Throttle::Auto);
    let learners = [
        args.recalibrate_bn.map(|_| Learner::BatchNorms),
        throttling.then_some(Learner::Throttling),
    ];
    Ok(Some(LearnedObject {
        learners: learners.into_iter().flatten().collect(),
        role: match from {
            LearnedFrom::Calibration => SetRole::Calibration,
            LearnedFrom::TrainingSet => SetRole::Training,
            LearnedFrom::Images => SetRole::Images,
        },
        file: prepared.training_name().display().to_string(),
        images: prepared.training_images(workers)?.len(),
    }))
}

fn all_inputs(prepared: &Prepared, files: &[DesignFile]) -> Result<Vec<InputFile>, Failure> {
    let mut all = inputs::of_model(prepared.workload())?;
    if let Some(set) = prepared.training_set() {
        all.push(inputs::input("training", &set.path)?);
    }
    for file in files {
        for input in file.inputs()? {
            // Two run files may name one array.
            if !all.contains(&input) {
                all.push(input);
            }
        }
    }
    Ok(all)
}

/// What was asked for, with every default filled in.
fn spec(
    args: &EvalArgs,
    prepared: &Prepared,
    designs: &[Design],
    max_drop: Option<MaxDrop>,
    pruning: Option<PruneSpec>,
) -> serde_json::Value {
    let (workload, opened) = (prepared.workload(), prepared.opened());
    let throttle: serde_json::Map<String, serde_json::Value> = (designs.first().iter())
        .flat_map(|first| &first.layers)
        .filter_map(|(layer, rules)| Some((layer.clone(), json!(rules.threads?.count()))))
        .collect();
    json!({
        "images": opened.images.len(),
        "calibration-images": opened.calibration_images().len(),
        "training-images": prepared.training_set().map(|set| set.images.len()),
        "preprocessing": resolved::preprocessing(&opened.preprocessing),
        "quantization": resolved::quantization(&workload.quantization),
        "layers": resolved::selection(&workload.selection),
        "prune": pruning.map(|pruning| pruning.to_string()),
        "recalibrate-bn": args.recalibrate_bn.map(RecalibrationMode::name),
        "reorder": designs.first().map(|first| first.reorder.name()),
        "throttle": throttle,
        "throttle-max-drop": max_drop.map(MaxDrop::points),
        "designs": designs.iter().map(designs::resolved).collect::<Vec<_>>(),
        "mse": args.mse,
    })
}
