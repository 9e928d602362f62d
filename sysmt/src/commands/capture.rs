//! `sysmt capture`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use reports::prediction::MethodObject;
use sim_core::prediction::Counts;
use sim_run::prediction::PredictionAsk;
use sim_run::trace::PreparedTrace;
use sim_run::workers::Engines;
use sim_trace::prediction::PredictedOutputs;

use crate::args::CaptureArgs;
use crate::failure::Failure;
use crate::network_args;
use crate::output;
use crate::prediction;
use crate::prepare;
use crate::stop;
use crate::targets::{Output, Targets};

/// Run a network, quantize it, and write a layer trace.
pub(crate) fn execute(args: &CaptureArgs, engines: &Engines) -> Result<(), Failure> {
    let start = Instant::now();
    let workload = network_args::workload(&args.network, &args.preparation)?;
    let pruning = network_args::pruning(&args.preparation.pruning)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| default_out(&args.network.model));
    let ask = prediction::read(&args.predict)?;
    let ask = ask.map(PredictionAsk::of_capture).transpose()?;
    let mut inputs = network_args::inputs(&workload);
    let predicts = prediction::files(&args.predict, ask.as_ref());
    inputs.extend(predicts.into_iter().map(|(_, path)| path));
    let place = Targets::new(inputs, args.force.replace()).file(&out, &Output::Trace)?;
    let prepared = prepare::told(args.jobs.count(), engines, stop::flag()?, |workers| {
        PreparedTrace::capture(&workload, pruning, ask.as_ref(), workers)
    })
    .map_err(network_args::failure)?;
    for warning in prepared
        .prediction
        .iter()
        .flat_map(|prediction| &prediction.warnings)
    {
        output::note(&format!("warning: {warning}"));
    }
    sim_trace::write(&place, &prepared.trace).map_err(|error| Failure::user(&error))?;
    output::note(&format!("captured in {:.3} s", start.elapsed().as_secs_f64()));
    output::print(&summary(&out, &prepared))
}

/// `models/x.onnx` gives `x.safetensors` in the current folder.
fn default_out(model: &Path) -> PathBuf {
    Path::new(model.file_name().unwrap_or_default()).with_extension("safetensors")
}

/// What was predicted of a layer's outputs.
fn sentence(
    PredictedOutputs {
        kept,
        first: _,
        about,
    }: &PredictedOutputs,
) -> String {
    let method = MethodObject::of(&about.method).words();
    let all: Counts = about.counts.iter().sum();
    format!(
        "{method}: {} of {} outputs are skipped, {} of them above 0",
        all.skipped,
        kept.len(),
        all.miss_value
    )
}

fn summary(out: &Path, prepared: &PreparedTrace) -> String {
    let PreparedTrace { trace, pruned, .. } = prepared;
    let coverage = prepared.coverage();
    let mut text = format!(
        "{}: {} images, {} layers, {}\n",
        out.display(),
        trace.origin.images.len(),
        trace.layers.len(),
        coverage.sentence()
    );
    if let Some(warning) = coverage.warning() {
        text.push_str(&format!("  warning: {warning}\n"));
    }
    for layer in &trace.layers {
        text.push_str(&format!(
            "  {}: input {:?}, weight {:?}, groups {}\n",
            layer.name, layer.input_shape, layer.weight_shape, layer.geometry.groups
        ));
        if let Some(predicted) = &layer.predicted {
            text.push_str(&format!("    {}\n", sentence(predicted)));
        }
    }
    for layer in pruned {
        text.push_str(&format!(
            "  {} pruned: {} of {} weights are zero, {} were before\n",
            layer.name, layer.zeros_after, layer.weights, layer.zeros_before
        ));
    }
    for layer in &trace.unsimulated {
        text.push_str(&format!("  {} is not simulated: {}\n", layer.name, layer.reason));
    }
    text
}
