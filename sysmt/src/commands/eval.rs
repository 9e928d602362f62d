//! `sysmt eval`.

use std::path::Path;
use std::time::Instant;

use reports::accuracy::object::{EvaluationObject, EvaluationRecord};
use reports::accuracy::{summary, tables};
use reports::json;
use reports::run::InputFile;
use serde_json::json;
use sim_array::engine::Mse;
use sim_config::{array, resolved};
use sim_core::layer_rules::LayerRules;
use sim_core::prune::PruneSpec;
use sim_core::recalibration::RecalibrationMode;
use sim_core::spec::ArraySpec;
use sim_core::throttle::{MaxDrop, Throttling};
use sim_eval::design::Design;
use sim_eval::prepare::{Prepared, Workers};
use sim_eval::throttle;
use sim_net::onnx::save::save_statistics;

use super::cost_table;
use crate::args::{EvalArgs, Throttle};
use crate::failure::Failure;
use crate::network_args;
use crate::progress::Bar;
use crate::{inputs, output, stop};

/// Evaluate a network on arrays.
pub(crate) fn execute(args: &EvalArgs) -> Result<(), Failure> {
    let workload = network_args::workload(&args.network, &args.preparation)?;
    let pruning = network_args::pruning(&args.preparation.pruning)?;
    let max_drop = max_drop(args)?;
    let files: Vec<&Path> = std::iter::once(&args.array)
        .chain(&args.compare)
        .map(AsRef::as_ref)
        .collect();
    let arrays: Vec<ArraySpec> = files
        .iter()
        .map(|file| array::load(file))
        .collect::<Result<_, _>>()?;
    let mut designs: Vec<Design> = (0..)
        .zip(files.iter().zip(&arrays))
        .map(|(index, (file, array))| design(args, file, *array, index == 0))
        .collect();
    for design in &designs {
        design.check_reorder()?;
    }
    let table = cost_table(args.cost_table.as_deref(), &arrays.iter().collect::<Vec<_>>())?;
    let bar = Bar::of_steps();
    let workers = Workers {
        jobs: args.jobs.count(),
        stop: stop::flag()?,
        progress: &bar,
    };
    let start = Instant::now();

    let prepared = Prepared::new(workload, pruning, &workers)?;
    let throttling = throttle_first(max_drop, &prepared, &mut designs, &workers)?;
    let mut machines = Vec::new();
    for (index, built) in prepared.build(&designs, &workers)?.into_iter().enumerate() {
        if let (0, Some(out), Some(statistics)) = (index, &args.save_model, &built.statistics) {
            save_statistics(&prepared.workload().model, out, statistics)
                .map_err(|error| Failure::user(&error))?;
        }
        machines.push(built.machine);
    }
    let evaluation = prepared.evaluate(&machines, &workers);
    bar.finish();
    let evaluation = evaluation?;
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
        throttling,
        unsimulated: prepared.unsimulated(),
        inputs: all_inputs(&prepared, &files)?,
        spec: spec(args, &prepared, &designs[0], max_drop, pruning),
        table,
        warnings: Vec::new(),
    };
    let object = EvaluationObject::of(&record)
        .ok_or_else(|| Failure::Ours("an evaluation without arrays".to_owned()))?;
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

/// An array file with the methods that arguments put around it; only the first array is throttled.
fn design(args: &EvalArgs, file: &Path, array: ArraySpec, is_first: bool) -> Design {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    Design {
        layers: if is_first { named_layers(args) } else { Vec::new() },
        reorder: args.reorder,
        recalibration: args.recalibrate_bn,
        mse: if args.mse { Mse::Measure } else { Mse::Skip },
        ..Design::new(name, file.display().to_string(), array)
    }
}

/// The layers that `--throttle` names.
fn named_layers(args: &EvalArgs) -> Vec<(String, LayerRules)> {
    let layers = args.throttle.iter().filter_map(|throttle| match throttle {
        Throttle::Auto => None,
        Throttle::Layer(layer, threads) => Some((
            layer.clone(),
            LayerRules {
                threads: Some(*threads),
                policy: None,
            },
        )),
    });
    layers.collect()
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
    let throttling = throttle::throttle(prepared, first, Some(max_drop), workers)?;
    if let Some(last) = throttling.steps.last() {
        *first = throttle::at_step(first, last);
    }
    Ok(Some(throttling))
}

fn all_inputs(prepared: &Prepared, files: &[&Path]) -> Result<Vec<InputFile>, Failure> {
    let mut all = inputs::of_model(prepared.workload())?;
    if let Some((path, _)) = prepared.training_file() {
        all.push(inputs::input("training", path)?);
    }
    for file in files {
        all.push(inputs::input("array", file)?);
    }
    Ok(all)
}

/// What was asked for, with every default filled in.
fn spec(
    args: &EvalArgs,
    prepared: &Prepared,
    first: &Design,
    max_drop: Option<MaxDrop>,
    pruning: Option<PruneSpec>,
) -> serde_json::Value {
    let (workload, opened) = (prepared.workload(), prepared.opened());
    let throttle: serde_json::Map<String, serde_json::Value> = (first.layers.iter())
        .filter_map(|(layer, rules)| Some((layer.clone(), json!(rules.threads?.count()))))
        .collect();
    json!({
        "images": opened.images.len(),
        "calibration-images": opened.calibration_images().len(),
        "training-images": prepared.training_file().map(|(_, n_images)| n_images),
        "preprocessing": resolved::preprocessing(&opened.preprocessing),
        "quantization": resolved::quantization(&workload.quantization),
        "layers": resolved::selection(&workload.selection),
        "prune": pruning.map(|pruning| pruning.to_string()),
        "recalibrate-bn": args.recalibrate_bn.map(RecalibrationMode::name),
        "reorder": args.reorder.name(),
        "throttle": throttle,
        "throttle-max-drop": max_drop.map(MaxDrop::points),
        "mse": args.mse,
    })
}
