//! What `--predict` means.

use std::path::PathBuf;

use sim_config::run::NamedLayers;
use sim_config::run::design;
use sim_config::run::prediction::{
    MethodSpec, PredictionSpec, PredictorBatchNorms, ThresholdSearch, ThresholdSource, ZapSpec,
};
use sim_core::prediction::Diagonal;
use sim_predict::cross_neuron::{CrossNeuron, ZeroUpTo};
use sim_run::inputs;
use sim_run::prediction::PredictionAsk;

use crate::args::{Predict, PredictArgs};
use crate::failure::Failure;

/// The prediction that is asked for.
///
/// - Errors: a run file that is wrong, or has no `[prediction]`.
pub(crate) fn read(args: &PredictArgs) -> Result<Option<PredictionAsk>, Failure> {
    let of = |method| PredictionAsk {
        origin: "--predict".to_owned(),
        spec: PredictionSpec::of(method),
        layers: NamedLayers::unnamed(),
        filling: None,
    };
    let Some(predict) = &args.predict else {
        return Ok(None);
    };
    Ok(Some(match predict {
        Predict::CrossNeuron(window) => of(MethodSpec::CrossNeuron(CrossNeuron {
            window: *window,
            diagonal: Diagonal::Main,
            zero_up_to: ZeroUpTo::default(),
        })),
        Predict::Zap(file, limit) => of(MethodSpec::Zap(ZapSpec {
            predictors: file.clone(),
            thresholds: ThresholdSource::Within(*limit, ThresholdSearch::Grid),
            batch_norms: PredictorBatchNorms::Kept,
        })),
        Predict::File(path) => {
            let file = design::load(path)?;
            let Some(spec) = file.prediction else {
                return Err(Failure::User(format!(
                    "{}: has no [prediction]; add it, or name a file that has it",
                    path.display()
                )));
            };
            PredictionAsk {
                origin: path.display().to_string(),
                spec,
                layers: file.layers,
                filling: None,
            }
        }
    }))
}

/// The files that a prediction reads: the run file of `--predict`, and predictors.
pub(crate) fn files(args: &PredictArgs, ask: Option<&PredictionAsk>) -> Vec<(&'static str, PathBuf)> {
    let run = match &args.predict {
        Some(Predict::File(path)) => Some(("prediction", path.clone())),
        Some(Predict::Zap(..) | Predict::CrossNeuron(_)) | None => None,
    };
    let predictors = inputs::of_prediction(ask.map(|ask| &ask.spec));
    run.into_iter().chain(predictors).collect()
}
