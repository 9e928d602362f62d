//! `sysmt train`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use reports::accuracy::images::SkippedSet;
use reports::whole;
use sim_config::run::{ModelWorkload, Unreadable, Unsupported};
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_predict::file::PredictorFile;
use sim_run::workers::{Engines, Workers};
use sim_run::zap::{Masks, ZapTrained, ZapTraining, train_zap};

use crate::args::train::{TrainCommand, TrainZapArgs};
use crate::failure::Failure;
use crate::network_args;
use crate::output;
use crate::progress::Bar;
use crate::stop;
use crate::targets::{Output, Targets};

/// Train what predicts.
pub(crate) fn execute(command: &TrainCommand, engines: &Engines) -> Result<(), Failure> {
    match command {
        TrainCommand::Zap(args) => zap(args, engines),
    }
}

fn zap(args: &TrainZapArgs, engines: &Engines) -> Result<(), Failure> {
    let start = Instant::now();
    let workload = workload(args)?;
    let training = ZapTraining {
        masks: match args.masks[..] {
            [mask] => Masks::All(mask),
            _ => Masks::Each(args.masks.clone()),
        },
        n_epochs: number(args.epochs),
        batch_size: number(args.batch),
        rate: args.rate,
        seed: args.seed,
    };
    let out = args.out.clone().unwrap_or_else(|| default_out(&args.model));
    let place = Targets::new(network_args::inputs(&workload), args.force.replace())
        .file(&out, &Output::Predictors)?;
    let bar = Bar::of_images();
    let trained = train_zap(
        &workload,
        &training,
        &Workers {
            jobs: args.jobs.count(),
            engines,
            stop: stop::flag()?,
            progress: &bar,
        },
    );
    bar.finish();
    let ZapTrained {
        file,
        n_epochs,
        skipped,
    } = trained.map_err(network_args::failure)?;
    if let Some(sentence) = SkippedSet::of(&skipped).sentence("images") {
        output::note(&sentence);
    }
    let bytes = file
        .to_bytes()
        .map_err(|fault| Failure::user(&format!("{}: {fault}", args.model.display())))?;
    whole::write(&place, |new| std::fs::write(new, &bytes))
        .map_err(|error| output::unwritten(&place, &error))?;
    output::note(&format!("trained in {:.3} s", start.elapsed().as_secs_f64()));
    output::print(&summary(&out, &file, n_epochs))?;
    if n_epochs < training.n_epochs {
        Err(Failure::Epochs(n_epochs, training.n_epochs))
    } else {
        Ok(())
    }
}

fn summary(out: &Path, file: &PredictorFile, n_epochs: usize) -> String {
    let PredictorFile { places, provenance } = file;
    let mut text = format!(
        "{}: {} places, {n_epochs} of {} epochs of {} images, seed {}\n",
        out.display(),
        places.len(),
        provenance.epochs,
        provenance.images,
        provenance.seed
    );
    for place in places {
        let losses: Vec<String> = place.losses.iter().map(|loss| format!("{loss:.4}")).collect();
        text.push_str(&format!(
            "  {}: mask {}, loss by epoch {}\n",
            place.name,
            place.predictor.mask.number(),
            losses.join(" ")
        ));
    }
    text
}

/// `models/x.onnx` gives `x.zap.safetensors` in the current folder.
fn default_out(model: &Path) -> PathBuf {
    Path::new(model.file_name().unwrap_or_default()).with_extension("zap.safetensors")
}

/// A count that the command line has checked.
fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn workload(args: &TrainZapArgs) -> Result<ModelWorkload, Failure> {
    Ok(ModelWorkload {
        model: args.model.clone(),
        images: args.images.clone(),
        calibration: None,
        classes: None,
        n_images: args.n_images.map(number),
        n_calibration: None,
        unreadable: if args.skip_unreadable {
            Unreadable::Skipped
        } else {
            Unreadable::Refused
        },
        inputs: network_args::constants(&args.inputs)?,
        output: None,
        unsupported: Unsupported::Refused,
        preprocessing: network_args::preprocessing(&args.preprocessing),
        selection: SelectionSpec::default(),
        quantization: QuantizationSpec::default(),
    })
}
