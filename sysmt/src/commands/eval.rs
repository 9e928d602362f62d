//! `sysmt eval`.

use std::path::PathBuf;
use std::time::Instant;

use reports::accuracy::images::SkippedObject;
use reports::accuracy::object::EvaluationObject;
use reports::accuracy::{summary, tables};
use reports::json;
use reports::run::InputFile;
use serde_json::json;
use sim_config::resolved;
use sim_config::run::{ModelWorkload, Unsupported};
use sim_core::prune::PruneSpec;
use sim_core::recalibration::RecalibrationMode;
use sim_core::spec::ArraySpec;
use sim_core::throttle::MaxDrop;
use sim_figures::folder::{self, Results};
use sim_net::save::save_statistics;
use sim_run::costs;
use sim_run::design::Design;
use sim_run::inputs;
use sim_run::network::PreparedNetwork;
use sim_run::workers::{Engines, Workers};

use crate::args::{EvalArgs, Throttle};
use crate::designs::DesignFile;
use crate::failure::Failure;
use crate::network_args;
use crate::progress::Bar;
use crate::targets::{Output, Targets};
use crate::{designs, output, prediction, stop};

/// Evaluate a network on arrays.
pub(crate) fn execute(args: &EvalArgs, engines: &Engines) -> Result<(), Failure> {
    let workload = ModelWorkload {
        output: args.output.clone(),
        classes: args.classes.clone(),
        ..network_args::workload(&args.network, &args.preparation)?
    };
    let pruning = network_args::pruning(&args.preparation.pruning)?;
    let max_drop = max_drop(args)?;
    let files = designs::read(args)?;
    let mut inputs = network_args::inputs(&workload);
    inputs.extend(files.iter().flat_map(DesignFile::paths));
    inputs.extend(args.cost_table.clone());
    let predicts = prediction_files(args, &files);
    inputs.extend(predicts.iter().map(|(_, path)| path.clone()));
    let mut targets = Targets::new(inputs, args.force.replace());
    if let Some(out) = &args.out {
        targets.folder(out, Results::Evaluation)?;
    }
    let mut file = |path: &Option<PathBuf>, written| {
        let place = path.as_ref().map(|path| targets.file(path, &written));
        place.transpose()
    };
    let save_model = file(&args.save_model, Output::Model)?;
    let predictions = file(&args.predictions, Output::Predictions)?;
    let designs: Vec<Design> = files.iter().map(|file| file.design.clone()).collect();
    let arrays: Vec<&ArraySpec> = designs.iter().map(Design::array).collect();
    let ask = designs.first().and_then(|design| design.prediction.as_ref());
    let table = costs::table(args.cost_table.as_deref(), &arrays, ask.map(|ask| &ask.spec))?;
    let bar = Bar::of_images();
    let workers = Workers {
        engines,
        jobs: args.jobs.count(),
        stop: stop::flag()?,
        progress: &bar,
    };
    let start = Instant::now();

    let network = PreparedNetwork::new(workload, pruning, &workers).map_err(network_args::failure)?;
    let evaluated = network.run(&designs, max_drop, &workers);
    bar.finish();
    let evaluated = evaluated.map_err(network_args::failure)?;
    if let (Some(out), Some(statistics)) = (&save_model, evaluated.statistics()) {
        save_statistics(&network.workload().model, out, statistics).map_err(|error| Failure::user(&error))?;
    }
    for warning in network.skipped().iter().flat_map(SkippedObject::warnings) {
        output::note(&warning.to_string());
    }
    output::note(&format!(
        "{} images in {:.3} s",
        evaluated.evaluation.images.len(),
        start.elapsed().as_secs_f64()
    ));
    if let Some(path) = &predictions {
        output::write_text(path, &tables::predictions(&evaluated.evaluation))?;
    }
    let inputs = all_inputs(&network, &files, &predicts)?;
    let spec = spec(args, &network, &evaluated.designs, max_drop, pruning);
    let record = evaluated.record(&network, table, inputs, spec);
    let object = EvaluationObject::of(&record)
        .ok_or_else(|| Failure::Ours("an evaluation without arrays".to_owned()))?;
    if let Some(out) = &args.out {
        folder::evaluation::write(out, &record, &object, args.force.replace())?;
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

/// The files that the prediction of all designs reads.
fn prediction_files(args: &EvalArgs, files: &[DesignFile]) -> Vec<(&'static str, PathBuf)> {
    let ask = files.first().and_then(|file| file.design.prediction.as_ref());
    prediction::files(&args.predict, ask)
}

fn all_inputs(
    network: &PreparedNetwork,
    files: &[DesignFile],
    predicts: &[(&str, PathBuf)],
) -> Result<Vec<InputFile>, Failure> {
    let mut all = network.inputs()?;
    for file in files {
        for input in file.inputs()? {
            // Two run files may name one array.
            if !all.contains(&input) {
                all.push(input);
            }
        }
    }
    for (role, path) in predicts {
        all.push(inputs::input(role, path)?);
    }
    Ok(all)
}

/// What was asked for, with every default filled in.
fn spec(
    args: &EvalArgs,
    network: &PreparedNetwork,
    designs: &[Design],
    max_drop: Option<MaxDrop>,
    pruning: Option<PruneSpec>,
) -> serde_json::Value {
    let (workload, opened) = (network.workload(), network.opened());
    let throttle: serde_json::Map<String, serde_json::Value> = (designs.first().iter())
        .flat_map(|first| first.layers())
        .filter_map(|(layer, rules)| Some((layer.clone(), json!(rules.threads?.count()))))
        .collect();
    let mut spec = json!({
        "images": opened.images.len(),
        "calibration-images": opened.calibration_images().len(),
        "training-images": network.training_set().map(|set| set.images.len()),
        "preprocessing": resolved::preprocessing(&opened.preprocessing),
        "quantization": resolved::quantization(&workload.quantization),
        "layers": resolved::selection(&workload.selection),
        "prune": pruning.map(|pruning| pruning.to_string()),
        "recalibrate-bn": args.recalibrate_bn.map(RecalibrationMode::name),
        "reorder": designs.first().map(|first| first.reorder().name()),
        "throttle": throttle,
        "throttle-max-drop": max_drop.map(MaxDrop::points),
        "designs": designs.iter().map(designs::resolved).collect::<Vec<_>>(),
        "mse": args.mse,
    });
    // Of networks with one input and one output there is nothing to say.
    let said = [
        ("inputs", json!(resolved::inputs(&workload.inputs))),
        ("output", json!(opened.output)),
        (
            "partial",
            json!((workload.unsupported == Unsupported::LeftOut).then_some(true)),
        ),
    ];
    for (key, value) in said.into_iter().filter(|(_, value)| !value.is_null()) {
        spec[key] = value;
    }
    spec
}
