//! `sysmt eval`.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use reports::accuracy::object::{EvaluationObject, EvaluationRecord};
use reports::accuracy::{summary, tables};
use reports::json;
use reports::run::InputFile;
use serde_json::json;
use sim_array::engine::Mse;
use sim_config::run::ModelWorkload;
use sim_config::{array, resolved};
use sim_core::prune::PruneSpec;
use sim_core::recalibration::RecalibrationMode;
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::spec::{ArraySpec, Pe};
use sim_net::calibrate::{Calibration, calibrate};
use sim_net::evaluate::counts::{CountedImages, wide_operands};
use sim_net::evaluate::{EvaluateError, EvaluateOptions, Machine, SimulatedLayers, evaluate};
use sim_net::machines::LayerMachines;
use sim_net::network::{Network, Statistics};
use sim_net::onnx::save::save_statistics;
use sim_net::preprocess::batch;
use sim_net::quantized::QuantizedNetwork;
use sim_net::recalibrate::recalibrate;
use sim_net::reorder::ReorderError;
use sim_net::selection::Choice;
use sim_net::tensor::Tensor;

use super::cost_table;
use crate::args::EvalArgs;
use crate::failure::Failure;
use crate::network_args;
use crate::plan::{self, OpenedNetwork};
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
    check_reorder(args, &files, &arrays)?;
    let table = cost_table(args.cost_table.as_deref(), &arrays.iter().collect::<Vec<_>>())?;
    let stop = stop::flag()?;
    let jobs = args.jobs.count();
    let start = Instant::now();

    let opened = plan::open_network(&workload, pruning)?;
    let options = plan::capture_options(&workload, &opened, jobs, stop)?;
    let calibration_images = opened.calibration.as_ref().unwrap_or(&opened.images);
    let bar = Bar::of_steps();
    let calibration = calibrate(&opened.network, calibration_images, &options, &bar);
    let calibration = calibration.map_err(|error| plan::capture_failure(&workload.model, error))?;
    let quantized = QuantizedNetwork::new(&opened.network, &calibration, &workload.quantization)
        .map_err(|error| plan::capture_failure(&workload.model, error))?;

    let counts = wide_operands(
        &opened.network,
        &quantized,
        &calibration,
        args.reorder,
        CountedImages {
            calibration: calibration_images,
            workload: &opened.images,
        },
        &options,
        &bar,
    )
    .map_err(|error| plan::capture_failure(&workload.model, error))?;
    let mut machines = Vec::new();
    for (index, (file, array)) in files.iter().zip(&arrays).enumerate() {
        let layers = if index == 0 {
            throttled(args, &opened, &calibration, *array)?
        } else {
            LayerMachines::new(*array)
        };
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let mse = if args.mse { Mse::Measure } else { Mse::Skip };
        let machine = Machine::new(
            name,
            layers,
            array.default_baseline(),
            opened.network.layers().len(),
        );
        machines.push(machine.with_mse(mse).reordered(counts.clone()));
    }
    if let Some(mode) = args.recalibrate_bn {
        let images = calibration_images
            .load(0..calibration_images.len())
            .map_err(|error| Failure::user(&error))?;
        let input = batch(&opened.preprocessing, &images)
            .map_err(|error| Failure::User(format!("{}: {error}", workload.model.display())))?;
        drop(images);
        let work = Recalibrating {
            network: &opened.network,
            input: &input,
            quantized: &quantized,
            model: &workload.model,
            mode,
            jobs,
            stop,
        };
        let mut recalibrated = Vec::new();
        for (index, machine) in machines.into_iter().enumerate() {
            let statistics = work.statistics(&machine)?;
            if let Some(out) = args.save_model.as_ref().filter(|_| index == 0) {
                save_statistics(&workload.model, out, &statistics).map_err(|error| Failure::user(&error))?;
            }
            recalibrated.push(machine.with_statistics(statistics));
        }
        machines = recalibrated;
    }

    let evaluation = evaluate(
        &EvaluateOptions {
            network: &opened.network,
            quantized: &quantized,
            images: &opened.images,
            preprocessing: &opened.preprocessing,
            exact: arrays[0].default_baseline(),
            machines: &machines,
            jobs,
            stop,
        },
        &bar,
    );
    bar.finish();
    let evaluation = evaluation.map_err(|error| evaluate_failure(&workload.model, error))?;
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
        unsimulated: unsimulated(&opened, &calibration),
        inputs: all_inputs(&workload, &files)?,
        spec: spec(args, &workload, &opened, pruning),
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

/// Reordering is about threads of NB-SMT arrays.
fn check_reorder(args: &EvalArgs, files: &[&Path], arrays: &[ArraySpec]) -> Result<(), Failure> {
    if args.reorder == Reorder::Off {
        return Ok(());
    }
    for (file, array) in files.iter().zip(arrays) {
        match array.pe() {
            Pe::NbSmt(_) => {}
            other @ (Pe::Conventional | Pe::Sparq(_) | Pe::SparqStc(_)) => {
                return Err(Failure::User(format!(
                    "{}: {}",
                    file.display(),
                    ReorderError::Kind {
                        kind: other.kind_name()
                    }
                )));
            }
        }
    }
    Ok(())
}

/// The array with fewer threads for the layers that `--throttle` names.
fn throttled(
    args: &EvalArgs,
    opened: &OpenedNetwork,
    calibration: &Calibration,
    array: ArraySpec,
) -> Result<LayerMachines, Failure> {
    let mut machines = LayerMachines::new(array);
    for (layer, threads) in &args.throttle {
        let rules = sim_core::layer_rules::LayerRules {
            threads: Some(*threads),
            policy: None,
        };
        machines = machines
            .with_layer(layer.clone(), rules)
            .map_err(|error| Failure::User(format!("--throttle: {error}")))?;
    }
    let simulated: Vec<&str> = opened
        .network
        .layers()
        .iter()
        .zip(&calibration.choices)
        .filter(|(_, choice)| matches!(choice, Choice::Simulated(_)))
        .map(|(layer, _)| layer.name.as_str())
        .collect();
    match machines.unknown(simulated.iter().copied()) {
        Some(layer) => Err(Failure::User(format!(
            "--throttle: no simulated layer is called `{layer}`; the simulated layers are {}",
            simulated
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ))),
        None => Ok(machines),
    }
}

/// What recalibrating batch norms needs.
struct Recalibrating<'a> {
    network: &'a Network,
    /// All calibration images.
    input: &'a Tensor,
    quantized: &'a QuantizedNetwork,
    model: &'a Path,
    mode: RecalibrationMode,
    jobs: usize,
    stop: &'a AtomicBool,
}

impl Recalibrating<'_> {
    fn statistics(&self, machine: &Machine) -> Result<Vec<Statistics>, Failure> {
        let mut hooks = SimulatedLayers::on(machine, self.quantized, self.jobs, self.stop);
        recalibrate(self.network, self.input, self.mode.into(), &mut hooks)
            .map_err(|error| Failure::User(format!("{}: {error}", self.model.display())))
    }
}

fn evaluate_failure(model: &Path, error: EvaluateError) -> Failure {
    match error {
        EvaluateError::Stopped => Failure::Stopped,
        EvaluateError::Run(error) => plan::capture_failure(model, error),
        error @ (EvaluateError::Outputs { .. }
        | EvaluateError::Label { .. }
        | EvaluateError::Sizes { .. }) => Failure::User(format!("{}: {error}", model.display())),
    }
}

fn unsimulated(opened: &OpenedNetwork, calibration: &Calibration) -> Vec<UnsimulatedLayer> {
    let layers = opened.network.layers().iter().zip(&calibration.choices);
    layers
        .filter_map(|(layer, choice)| match choice {
            Choice::Simulated(_) => None,
            Choice::Unsimulated(reason) => Some(UnsimulatedLayer {
                name: layer.name.clone(),
                reason: reason.clone(),
            }),
        })
        .collect()
}

fn all_inputs(workload: &ModelWorkload, files: &[&Path]) -> Result<Vec<InputFile>, Failure> {
    let mut all = inputs::of_model(workload)?;
    for file in files {
        all.push(inputs::input("array", file)?);
    }
    Ok(all)
}

/// What was asked for, with every default filled in.
fn spec(
    args: &EvalArgs,
    workload: &ModelWorkload,
    opened: &OpenedNetwork,
    pruning: Option<PruneSpec>,
) -> serde_json::Value {
    let throttle: serde_json::Map<String, serde_json::Value> = args
        .throttle
        .iter()
        .map(|(layer, threads)| (layer.clone(), json!(threads.count())))
        .collect();
    json!({
        "images": opened.images.len(),
        "calibration-images": opened.calibration.as_ref().unwrap_or(&opened.images).len(),
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
