//! `sysmt capture`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use sim_config::preprocessing::Override;
use sim_config::run::ModelWorkload;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::range::{ActivationRange, RangeMethod};

use crate::args::{CaptureArgs, PreprocessingArgs, PruningArgs, QuantizationArgs};
use crate::failure::Failure;
use crate::output;
use crate::plan::{self, Prepared};
use crate::stop;

/// Run a network, quantize it, and write a layer trace.
pub(crate) fn execute(args: &CaptureArgs) -> Result<(), Failure> {
    let start = Instant::now();
    let workload = workload(args)?;
    let pruning = pruning(&args.pruning)?;
    let prepared = plan::capture_model(&workload, pruning, args.jobs.count(), stop::flag()?)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(&args.model));
    sim_trace::write(&out, &prepared.trace).map_err(|error| Failure::user(&error))?;
    output::note(&format!("captured in {:.3} s", start.elapsed().as_secs_f64()));
    output::print(&summary(&out, &prepared))
}

fn workload(args: &CaptureArgs) -> Result<ModelWorkload, Failure> {
    let limit = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok());
    Ok(ModelWorkload {
        model: args.model.clone(),
        images: args.images.clone(),
        calibration: args.calibration.clone(),
        n_images: limit(args.n_images),
        n_calibration: limit(args.n_calibration),
        preprocessing: preprocessing(&args.preprocessing),
        selection: SelectionSpec {
            layers: args.selection.layers,
            first: args.selection.first,
            last: args.selection.last,
        },
        quantization: QuantizationSpec {
            divisor: args.quantization.divisor,
            bias: args.quantization.bias,
            signed_inputs: args.quantization.signed_inputs,
            weights: args.quantization.weights,
            range: range(&args.quantization)?,
        },
    })
}

fn range(args: &QuantizationArgs) -> Result<ActivationRange, Failure> {
    if args.percentile.is_some() && args.range != RangeMethod::Percentile {
        return Err(Failure::User(format!(
            "--percentile stands beside --range {}, which takes none; add --range percentile, or take --percentile out",
            args.range.name()
        )));
    }
    Ok(ActivationRange::new(
        args.range,
        args.percentile.unwrap_or_default(),
    ))
}

fn pruning(args: &PruningArgs) -> Result<Option<PruneSpec>, Failure> {
    let (Some(prune), Some(scope)) = (args.prune, args.prune_scope) else {
        return Ok(args.prune);
    };
    prune.with_scope(scope).map(Some).ok_or_else(|| {
        Failure::User(
            "--prune-scope stands beside --prune 2:4, which looks at four weights at a time; take --prune-scope out, or \
             prune a fraction"
                .to_owned(),
        )
    })
}

fn preprocessing(args: &PreprocessingArgs) -> Override {
    Override {
        layout: args.layout,
        model_layout: args.model_layout,
        channels: args.channels,
        scale: args.scale,
        mean: args.mean.clone(),
        std: args.std.clone(),
        resize: args.resize,
        resize_mode: args.resize_mode,
    }
}

/// `models/x.onnx` gives `x.safetensors` in the current folder.
fn default_out(model: &Path) -> PathBuf {
    Path::new(model.file_name().unwrap_or_default()).with_extension("safetensors")
}

fn summary(out: &Path, prepared: &Prepared) -> String {
    let Prepared { trace, pruned } = prepared;
    let mut text = format!(
        "{}: {} images, {} layers\n",
        out.display(),
        trace.origin.images.len(),
        trace.layers.len()
    );
    for layer in &trace.layers {
        text.push_str(&format!(
            "  {}: input {:?}, weight {:?}, groups {}\n",
            layer.name, layer.input_shape, layer.weight_shape, layer.geometry.groups
        ));
    }
    for layer in pruned {
        text.push_str(&format!(
            "  {} pruned: {} of {} weights are zero, {} were before\n",
            layer.name, layer.zeros_after, layer.weights, layer.zeros_before
        ));
    }
    for layer in &trace.unsimulated {
        text.push_str(&format!("  {} stays FP32: {}\n", layer.name, layer.reason));
    }
    text
}
