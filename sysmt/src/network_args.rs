//! Arguments about networks, as meant.

use std::path::PathBuf;

use sim_config::preprocessing::{Override, square};
use sim_config::run::{ModelWorkload, Unreadable, Unsupported};
use sim_core::input_constant::InputConstant;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{CodeBits, Levels, QuantizationSpec, SelectionSpec};
use sim_core::range::{ActivationRange, RangeMethod};
use sim_images::sets::{ImageError, ImageFault};
use sim_run::error::RunError;
use sim_run::{inputs, training};

use crate::args::{NetworkArgs, PreparationArgs, PreprocessingArgs, PruningArgs, QuantizationArgs};
use crate::failure::Failure;

/// The workload that arguments mean.
pub(crate) fn workload(network: &NetworkArgs, args: &PreparationArgs) -> Result<ModelWorkload, Failure> {
    let limit = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok());
    Ok(ModelWorkload {
        model: network.model.clone(),
        images: network.images.clone(),
        calibration: network.calibration.clone(),
        classes: None,
        n_images: limit(network.n_images),
        n_calibration: limit(network.n_calibration),
        unreadable: if network.skip_unreadable {
            Unreadable::Skipped
        } else {
            Unreadable::Refused
        },
        inputs: constants(&network.inputs)?,
        output: None,
        unsupported: if network.partial {
            Unsupported::LeftOut
        } else {
            Unsupported::Refused
        },
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
            weight_bits: args.quantization.weight_bits,
            activation_bits: args.quantization.activation_bits,
            weight_step: args.quantization.weight_step,
            step_scale: args.quantization.step_scale,
            levels: levels(&args.quantization)?,
        },
    })
}

/// Each input at most once.
pub(crate) fn constants(inputs: &[InputConstant]) -> Result<Vec<InputConstant>, Failure> {
    let is_twice = |(place, input): (usize, &InputConstant)| {
        inputs[..place].iter().any(|other| other.name == input.name)
    };
    match inputs.iter().enumerate().find(|&input| is_twice(input)) {
        Some((_, input)) => Err(Failure::User(format!(
            "--input gives `{}` two values; take one away",
            input.name
        ))),
        None => Ok(inputs.to_vec()),
    }
}

/// The files and folders that a workload reads.
pub(crate) fn inputs(workload: &ModelWorkload) -> Vec<PathBuf> {
    let files = inputs::of_model(workload).into_iter().map(|(_, path)| path);
    files.chain(training::beside(&workload.images)).collect()
}

/// Why a network cannot be prepared or run; of an image that cannot be decoded also what else could be done.
pub(crate) fn failure(error: RunError) -> Failure {
    let image = error.cause().and_then(|cause| cause.downcast_ref::<ImageError>());
    if image.is_some_and(|image| matches!(*image.fault, ImageFault::Decode(_))) {
        return Failure::User(format!(
            "{error}, or leave out all such files with --skip-unreadable"
        ));
    }
    error.into()
}

fn levels(args: &QuantizationArgs) -> Result<Levels, Failure> {
    match args.levels {
        Levels::MidRise if args.weight_bits == CodeBits::EIGHT => Err(Failure::User(
            "codes of --levels mid-rise are odd numbers, and eight bits of them do not fit an 8-bit multiplier; add \
             --weight-bits with 2 to 7"
                .to_owned(),
        )),
        levels @ (Levels::MidRise | Levels::MidTread) => Ok(levels),
    }
}

fn range(args: &QuantizationArgs) -> Result<ActivationRange, Failure> {
    if args.percentile.is_some() && args.range != RangeMethod::Percentile {
        return Err(Failure::User(format!(
            "--percentile cannot be used with --range {}, which takes no percentile; add --range percentile, or remove --percentile",
            args.range.name()
        )));
    }
    Ok(ActivationRange::new(
        args.range,
        args.percentile.unwrap_or_default(),
    ))
}

/// The pruning that arguments mean.
pub(crate) fn pruning(args: &PruningArgs) -> Result<Option<PruneSpec>, Failure> {
    let (Some(prune), Some(scope)) = (args.prune, args.prune_scope) else {
        return Ok(args.prune);
    };
    prune.with_scope(scope).map(Some).ok_or_else(|| {
        Failure::User(
            "--prune-scope cannot be used with --prune 2:4, which looks at four weights at a time; remove --prune-scope, or \
             prune a fraction"
                .to_owned(),
        )
    })
}

/// The preprocessing that arguments mean.
pub(crate) fn preprocessing(args: &PreprocessingArgs) -> Override {
    Override {
        layout: args.layout,
        model_layout: args.model_layout,
        channels: args.channels,
        scale: args.scale,
        mean: args.mean.clone(),
        std: args.std.clone(),
        resize: args.resize,
        resize_mode: args.resize_mode,
        resize_filter: args.resize_filter,
        padding: args.padding,
        crop: args.crop.map(square),
    }
}
