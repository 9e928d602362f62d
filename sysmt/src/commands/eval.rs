//! `sysmt eval`.

use std::path::Path;
use std::time::Instant;

use reports::accuracy::object::{EvaluationObject, EvaluationRecord};
use reports::accuracy::{folder, summary, tables};
use reports::json;
use reports::run::InputFile;
use serde_json::json;
use sim_array::engine::Mse;
use sim_config::{array, resolved};
use sim_core::layer_rules::LayerRules;
use sim_core::prune::PruneSpec;
use sim_core::recalibration::RecalibrationMode;
use sim_core::spec::ArraySpec;
use sim_eval::design::Design;
use sim_eval::prepare::{Prepared, Workers};
use sim_net::onnx::save::save_statistics;

use super::cost_table;
use crate::args::EvalArgs;
use crate::failure::Failure;
use crate::network_args;
use crate::progress::Bar;
use crate::{inputs, output, stop};

/// Evaluate a network on arrays.
pub(crate) fn execute(args: &EvalArgs) -> Result<(), Failure> {
    let workload = network_args::workload(&args.network, &args.preparation)?;
    let pruning = network_args::pruning(&args.preparation.pruning)?;
    let files: Vec<&Path> = std::iter::once(&args.array)
        .chain(&args.compare)
        .map(AsRef::as_ref)
        .collect();
    let arrays: Vec<ArraySpec> = files
        .iter()
        .map(|file| array::load(file))
        .collect::<Result<_, _>>()?;
    let designs: Vec<Design> = (0..)
        .zip(files.iter().zip(&arrays))
        .map(|(index, (file, array))| design(args, file, *array, index == 0))
        .collect();
    for design in &designs {
        design.check_reorder()?;
    }
    // A target that cannot be written is worth knowing before the work.
    if let Some(out) = &args.out {
        reports::folder::check(out)?;
    }
    let table = cost_table(args.cost_table.as_deref(), &arrays.iter().collect::<Vec<_>>())?;
    let bar = Bar::of_images();
    let workers = Workers {
        jobs: args.jobs.count(),
        stop: stop::flag()?,
        progress: &bar,
    };
    let start = Instant::now();

    let prepared = Prepared::new(workload, pruning, &workers)?;
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
        unsimulated: prepared.unsimulated(),
        inputs: all_inputs(&prepared, &files)?,
        spec: spec(args, &prepared, pruning),
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

/// An array file with the methods that arguments put around it; only the first array is throttled.
fn design(args: &EvalArgs, file: &Path, array: ArraySpec, is_first: bool) -> Design {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let throttled = args.throttle.iter().filter(|_| is_first);
    let rules = |threads| LayerRules {
        threads: Some(threads),
        policy: None,
    };
    Design {
        layers: throttled
            .map(|(layer, threads)| (layer.clone(), rules(*threads)))
            .collect(),
        reorder: args.reorder,
        recalibration: args.recalibrate_bn,
        mse: if args.mse { Mse::Measure } else { Mse::Skip },
        ..Design::new(name, file.display().to_string(), array)
    }
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
fn spec(args: &EvalArgs, prepared: &Prepared, pruning: Option<PruneSpec>) -> serde_json::Value {
    let (workload, opened) = (prepared.workload(), prepared.opened());
    let throttle: serde_json::Map<String, serde_json::Value> = args
        .throttle
        .iter()
        .map(|(layer, threads)| (layer.clone(), json!(threads.count())))
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
        "mse": args.mse,
    })
}
