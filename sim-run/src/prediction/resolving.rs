//! Predictors on their way to the places of a network: those of a file, with thresholds, and what they keep.

use std::collections::BTreeMap;
use std::path::Path;

use sim_config::layer_names::listed;
use sim_config::run::prediction::{MaxError, ThresholdSearch, ThresholdSource, ZapSpec};
use sim_core::units::count_as_f64;
use sim_predict::curve::{Curve, THRESHOLDS};
use sim_predict::file::{PlacePredictor, PredictorFile};
use sim_predict::method::Method;
use sim_predict::predictor::{Predictor, Threshold};
use sim_predict::thresholds::{self, Candidate, Fit};
use sim_quant::capture::CaptureOptions;
use sim_quant::prediction::{PlaceMethods, curves, densities};
use sim_toml::nearest::did_you_mean;

use super::{Place, PredictionAsk, Rule};
use crate::error::RunError;
use crate::open::Opened;
use crate::workers::Workers;

/// Predictors on their way to the places of a network.
pub(super) struct Resolving<'a> {
    pub(super) ask: &'a PredictionAsk,
    pub(super) places: &'a [Place<'a>],
    pub(super) opened: &'a Opened,
    pub(super) options: &'a CaptureOptions<'a>,
    pub(super) workers: &'a Workers<'a>,
}

impl Resolving<'_> {
    pub(super) fn zap(
        &self,
        zap: &ZapSpec,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Option<Method>>, RunError> {
        let file = read(&zap.predictors)?;
        let found = self.matched(&file, &zap.predictors)?;
        let hash = file.provenance.model_hash.as_ref();
        if hash.is_some_and(|hash| *hash != self.options.model.hash) {
            warnings.push(format!(
                "{}: the predictors were trained for another file than {}, or it has changed since",
                zap.predictors.display(),
                self.options.model.name
            ));
        }
        let thresholds = match zap.thresholds {
            ThresholdSource::Given(threshold) => self
                .places
                .iter()
                .map(|place| match place.rule {
                    Rule::Pinned(pinned) => pinned,
                    Rule::Predicted | Rule::Out => threshold,
                })
                .collect(),
            ThresholdSource::Within(limit, search) => {
                let curves = self.curves(&found, &zap.predictors)?;
                self.within(&curves, limit, search)?
            }
        };
        let methods = found.into_iter().zip(thresholds).map(|(found, threshold)| {
            found.map(|place| Method::Zap {
                predictor: Box::new(place.predictor.clone()),
                threshold,
            })
        });
        Ok(methods.collect())
    }

    /// The predictor of each place; `None` where nothing is predicted.
    fn matched<'f>(
        &self,
        file: &'f PredictorFile,
        path: &Path,
    ) -> Result<Vec<Option<&'f PlacePredictor>>, RunError> {
        let names = || self.places.iter().map(|place| place.name);
        let model = &self.options.model.name;
        for place in &file.places {
            if names().all(|name| name != place.name) {
                let guess = did_you_mean(&place.name, names());
                let guess = guess
                    .unwrap_or_else(|| format!("its places are {}.", listed(&names().collect::<Vec<_>>())));
                return Err(RunError::at(
                    path,
                    &format!(
                        "has a predictor of `{}`, which is not a place of {model}; {guess} Take predictors that were trained \
                         for this network",
                        place.name
                    ),
                ));
            }
        }
        let lacking: Vec<&str> = (self.places.iter())
            .filter(|place| place.rule != Rule::Out && predictor_of(file, place.name).is_none())
            .map(|place| place.name)
            .collect();
        if !lacking.is_empty() {
            return Err(RunError::at(
                path,
                &format!(
                    "lacks the predictors of {}, places of {model}; train them with `sysmt train zap`, or give these layers \
                     `predict = false` in a [[layer]]",
                    listed(&lacking)
                ),
            ));
        }
        let predictor = |place: &Place<'_>| {
            let Some(found) = predictor_of(file, place.name).filter(|_| place.rule != Rule::Out) else {
                return Ok(None);
            };
            let n_channels = found.predictor.n_channels();
            if n_channels == place.n_channels {
                return Ok(Some(found));
            }
            Err(RunError::at(
                path,
                &format!(
                    "the predictor of `{}` has {n_channels} channels, and the convolution has {}; train predictors of {model}",
                    place.name, place.n_channels
                ),
            ))
        };
        self.places.iter().map(predictor).collect()
    }

    /// What each threshold keeps and loses: as the file says, or measured over the calibration images.
    fn curves(&self, found: &[Option<&PlacePredictor>], path: &Path) -> Result<Vec<Option<Curve>>, RunError> {
        let lacks = |place: &Option<&PlacePredictor>| place.is_some_and(|place| place.curve.is_none());
        if !found.iter().any(lacks) {
            return Ok(found.iter().map(|place| place.as_ref()?.curve.clone()).collect());
        }
        let Some(calibration) = &self.opened.calibration else {
            return Err(RunError::at(
                path,
                &"the predictors have no curves, from which thresholds that keep `max-error` are found; give calibration images \
                  (--calibration), or say `threshold`",
            ));
        };
        let asked: Vec<Option<Predictor>> = found
            .iter()
            .map(|place| place.map(|place| place.predictor.clone()))
            .collect();
        let images = (calibration, calibration.len());
        curves(
            &self.opened.network,
            images,
            &asked,
            self.options,
            self.workers.progress,
        )
        .map_err(|error| RunError::capture(Path::new(&self.options.model.name), error))
    }

    /// Kept outputs of free pixels by layer and channel, over the calibration images.
    pub(super) fn densities(&self, methods: &PlaceMethods) -> Result<BTreeMap<String, Vec<u64>>, RunError> {
        let network = &self.opened.network;
        let images = self.opened.calibration_images();
        let counts = densities(network, images, methods, self.options, self.workers.progress)
            .map_err(|error| RunError::capture(Path::new(&self.options.model.name), error))?;
        let layers = network.places().iter().zip(counts).flat_map(|(place, counts)| {
            let own = std::iter::once(place.layer).chain(place.shortcut);
            own.map(move |layer| (network.layers()[layer].name.clone(), counts.clone()))
        });
        Ok(layers.filter(|(_, counts)| !counts.is_empty()).collect())
    }

    /// The cheapest thresholds whose errors add up to at most `limit`.
    fn within(
        &self,
        curves: &[Option<Curve>],
        limit: MaxError,
        search: ThresholdSearch,
    ) -> Result<Vec<Threshold>, RunError> {
        let mut candidates = Vec::new();
        let mut pinned = 0.0;
        for (place, curve) in self.places.iter().zip(curves) {
            let Some(curve) = curve else { continue };
            match place.rule {
                Rule::Out => {}
                Rule::Pinned(threshold) => pinned += error_at(curve, threshold, search),
                Rule::Predicted => candidates.push(Candidate {
                    giga_macs: count_as_f64(place.macs.unwrap_or(place.macs_per_output)) / 1e9,
                    curve: curve.clone(),
                }),
            }
        }
        let left = limit.get() - pinned;
        let chosen = match search {
            ThresholdSearch::Grid => thresholds::grid(&candidates, left),
            ThresholdSearch::Sigmoid => thresholds::sigmoid(&candidates, left),
        };
        let chosen = chosen.map_err(|infeasible| {
            self.ask.error(&format!(
                "no thresholds keep the sum of the places' errors within max-error = {}; the least sum is {}; raise \
                 `max-error`, or give the places that lose most `predict = false`",
                limit.get(),
                infeasible.least + pinned
            ))
        })?;
        let mut found = chosen.thresholds.into_iter();
        let threshold = |place: &Place<'_>| match place.rule {
            Rule::Pinned(pinned) => Ok(pinned),
            // Nobody asks for it.
            Rule::Out => Threshold::new(0.0),
            Rule::Predicted => Threshold::new(found.next().unwrap_or_default()),
        };
        let thresholds = self.places.iter().map(threshold).collect::<Result<_, _>>();
        thresholds.map_err(|error| RunError::ours(&error.to_string()))
    }
}

/// What a place loses at a threshold. Between two of a curve it is no more than at the upper one.
fn error_at(curve: &Curve, threshold: Threshold, search: ThresholdSearch) -> f64 {
    match search {
        ThresholdSearch::Grid => {
            let above = THRESHOLDS.iter().position(|&other| threshold.get() <= other);
            above.map_or(1.0, |index| curve.error[index])
        }
        ThresholdSearch::Sigmoid => Fit::of(&curve.error).at(f64::from(threshold.get())),
    }
}

fn predictor_of<'f>(file: &'f PredictorFile, name: &str) -> Option<&'f PlacePredictor> {
    file.places.iter().find(|place| place.name == name)
}

/// The predictor file at `path`.
pub(crate) fn read(path: &Path) -> Result<PredictorFile, RunError> {
    let bytes = std::fs::read(path).map_err(|error| {
        RunError::at(
            path,
            &format!("the predictors cannot be read: {error}; check the path"),
        )
    })?;
    PredictorFile::from_bytes(&bytes).map_err(|fault| RunError::at(path, &fault))
}
