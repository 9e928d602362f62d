//! Training of ZAP's predictors.

use sim_config::run::ModelWorkload;
use sim_core::shape::widen;
use sim_predict::file::{End, PlacePredictor, PredictorFile, Provenance};
use sim_predict::mask::MaskType;
use sim_predict::train::LearningRate;
use sim_quant::capture::CaptureError;
use sim_quant::prediction::curves;
use sim_quant::prediction::training::{Trained, TrainingError, TrainingSpec, train};

use crate::error::RunError;
use crate::open::{Opened, Purpose};
use crate::workers::Workers;

/// Training images from which curves come, the first ones.
pub const CURVE_IMAGES: usize = 2048;

/// Which pixels predictors see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masks {
    /// The same at all places.
    All(MaskType),
    /// Those of each place, in execution order.
    Each(Vec<MaskType>),
}

/// How predictors are trained.
#[derive(Clone, Debug, PartialEq)]
pub struct ZapTraining {
    /// Which pixels they see.
    pub masks: Masks,
    /// Times that every image is seen.
    pub n_epochs: usize,
    /// Images of a step.
    pub batch_size: usize,
    /// Of the optimizer.
    pub rate: LearningRate,
    /// Of weights and of the order of images.
    pub seed: u64,
}

/// What training made.
#[derive(Clone, Debug, PartialEq)]
pub struct ZapTrained {
    /// Predictors with their curves.
    pub file: PredictorFile,
    /// Epochs that were finished.
    pub n_epochs: usize,
    /// Images that could not be decoded.
    pub skipped: Vec<String>,
}

/// Train a predictor for each place of a network. Work that is stopped after the first epoch gives what the whole epochs
/// made.
///
/// - Errors: files that are not what they should be, another number of masks than places, a network without places or one
///   that cannot be run, and a stop before the end of the first epoch.
pub fn train_zap(
    workload: &ModelWorkload,
    training: &ZapTraining,
    workers: &Workers<'_>,
) -> Result<ZapTrained, RunError> {
    let opened = Opened::new(workload, None, Purpose::Places, workers)?;
    let options = opened.capture_options(workload, workers)?;
    let (network, images) = (&opened.network, &opened.images);
    let names = network
        .places()
        .iter()
        .map(|place| network.layers()[place.layer].name.clone());
    let names: Vec<String> = names.collect();
    let masks = match &training.masks {
        Masks::All(mask) => vec![*mask; names.len()],
        Masks::Each(masks) if masks.len() == names.len() => masks.clone(),
        Masks::Each(masks) => {
            return Err(RunError::at(
                &workload.model,
                &format!(
                    "{} masks are given for {} places; give one for all, or one for each of: {}",
                    masks.len(),
                    names.len(),
                    names.join(", ")
                ),
            ));
        }
    };
    let spec = TrainingSpec {
        masks,
        n_epochs: training.n_epochs,
        batch_size: training.batch_size,
        rate: training.rate,
        seed: training.seed,
    };
    let failed = |error| RunError::capture(&workload.model, error);
    let Trained { predictors, losses } =
        train(network, images, &spec, &options, workers.progress).map_err(|error| match error {
            TrainingError::Run(error) => failed(error),
            TrainingError::NoPlace | TrainingError::Batch { .. } => RunError::at(&workload.model, &error),
        })?;
    let asked: Vec<_> = predictors.iter().cloned().map(Some).collect();
    let curves = match curves(
        network,
        (images, CURVE_IMAGES),
        &asked,
        &options,
        workers.progress,
    ) {
        Ok(curves) => curves,
        // What was trained is worth more than what it would keep.
        Err(CaptureError::Stopped) => vec![None; asked.len()],
        Err(error) => return Err(failed(error)),
    };
    let n_done = losses.len();
    let places = names.into_iter().zip(predictors).zip(curves).enumerate();
    let places = places.map(|(place, ((name, predictor), curve))| PlacePredictor {
        name,
        predictor,
        curve,
        losses: losses.iter().map(|epoch| epoch[place]).collect(),
    });
    Ok(ZapTrained {
        file: PredictorFile {
            places: places.collect(),
            provenance: Provenance {
                model_hash: Some(options.model.hash.clone()),
                epochs: u32::try_from(training.n_epochs).unwrap_or(u32::MAX),
                images: widen(images.len()),
                seed: training.seed,
                end: if n_done < training.n_epochs {
                    End::Early
                } else {
                    End::Complete
                },
            },
        },
        n_epochs: n_done,
        skipped: opened.skipped,
    })
}
