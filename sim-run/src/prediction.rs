//! A prediction of a network's zeros, from what was asked for to a method at each place.

use std::path::Path;

use reports::prediction::{MethodObject, PlaceEcho, PredictionEcho};
use sim_config::layer_names::listed;
use sim_config::run::prediction::{
    MaxError, MethodSource, MethodSpec, PlaceRule, PredictionSpec, PredictorBatchNorms, ThresholdSearch,
    ThresholdSource, ZapSpec,
};
use sim_config::run::{NamedLayers, RunSpec};
use sim_core::convolution::LayerKind;
use sim_core::prediction::{ArrayPrediction, FillUp, Shortcuts};
use sim_core::units::count_as_f64;
use sim_predict::curve::{Curve, THRESHOLDS};
use sim_predict::file::{PlacePredictor, PredictorFile};
use sim_predict::method::Method;
use sim_predict::predictor::{Predictor, Threshold};
use sim_predict::thresholds::{self, Candidate, Fit};
use sim_quant::capture::CaptureOptions;
use sim_quant::prediction::curves;
use sim_quant::selection::Choice;
use sim_toml::nearest::did_you_mean;

use crate::error::RunError;
use crate::open::Opened;
use crate::workers::Workers;

/// What is asked to be predicted.
#[derive(Clone, Debug)]
pub struct PredictionAsk {
    /// Where that is said, as messages name it.
    pub origin: String,
    /// The method, and what the array does with it.
    pub spec: PredictionSpec,
    /// Places that differ from the others.
    pub layers: NamedLayers,
}

/// Equal wherever it is said, and whatever else layers do.
impl PartialEq for PredictionAsk {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.layers.places().eq(other.layers.places())
    }
}

/// What predicts, place by place.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// By place of the network; `None`: all outputs are computed.
    pub methods: Vec<Option<Method>>,
    /// What recalibration does with the batch norms of predictors.
    pub batch_norms: PredictorBatchNorms,
    /// What strided shortcuts do.
    pub shortcuts: Shortcuts,
    /// What results say of it.
    pub echo: PredictionEcho,
    /// What a reader has to know.
    pub warnings: Vec<String>,
}

/// A network of which it is known which layers are simulated.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'a> {
    pub(crate) opened: &'a Opened,
    /// By layer.
    pub(crate) choices: &'a [Choice],
    /// Multiplications of each layer for one image.
    pub(crate) macs: &'a [Option<u64>],
}

/// A place, and whether something is predicted there.
struct Place<'a> {
    name: &'a str,
    n_channels: usize,
    /// K.
    macs_per_output: u64,
    macs: Option<u64>,
    rule: Rule,
}

#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// As the others.
    Predicted,
    Pinned(Threshold),
    /// Nothing is predicted: nobody wants it, or the convolution is not simulated.
    Out,
}

impl PredictionAsk {
    /// What a run asks of the trace that it captures or reads: what the array does with it does not matter there.
    pub fn of_run(spec: &RunSpec) -> Option<Self> {
        let design = &spec.design;
        let prediction = design.prediction.as_ref()?;
        Some(Self {
            origin: "[prediction]".to_owned(),
            spec: PredictionSpec {
                method: prediction.method.clone(),
                array: ArrayPrediction::default(),
                price: None,
            },
            layers: design.layers.clone(),
        })
    }

    /// A method at each place of a network that was opened.
    ///
    /// - Errors: a network without places, named places that are not there, predictors that are not those of the
    ///   network, and limits that no thresholds keep.
    pub(crate) fn resolve(
        &self,
        chosen: Chosen<'_>,
        options: &CaptureOptions<'_>,
        workers: &Workers<'_>,
    ) -> Result<Prediction, RunError> {
        match self.spec.array.rules.fill_up {
            FillUp::Off => {}
            FillUp::On => {
                return Err(self.error(
                    "which outputs `fill-up = true` computes depends on the array, which captures and evaluations do not look \
                     at; take `fill-up` out",
                ));
            }
        }
        let places = self.places(chosen, &options.model.name)?;
        let resolving = Resolving {
            ask: self,
            places: &places,
            opened: chosen.opened,
            options,
            workers,
        };
        let simulated = chosen
            .opened
            .network
            .layers()
            .iter()
            .zip(chosen.choices)
            .zip(chosen.macs);
        let convolutions = simulated.filter(|((layer, choice), _)| {
            layer.kind == LayerKind::Convolution && matches!(choice, Choice::Simulated(_))
        });
        let mut warnings = Vec::new();
        let (methods, batch_norms) = match &self.spec.method {
            MethodSource::Trace(_) => {
                return Err(self.error(
                    "[prediction] leaves the method to a trace, and there is none here; add `method`, or name a `model` in \
                     place of `workload.trace`",
                ));
            }
            MethodSource::Given(MethodSpec::CrossNeuron(method)) => {
                let method =
                    |place: &Place<'_>| (place.rule != Rule::Out).then_some(Method::CrossNeuron(*method));
                (places.iter().map(method).collect(), PredictorBatchNorms::Kept)
            }
            MethodSource::Given(MethodSpec::Zap(zap)) => {
                (resolving.zap(zap, &mut warnings)?, zap.batch_norms)
            }
        };
        let echoes = places.iter().zip(&methods).map(|(place, method)| {
            method.as_ref().map(|method| PlaceEcho {
                layer: place.name.to_owned(),
                method: MethodObject::of(&method.description()),
                macs_per_output: place.macs_per_output,
            })
        });
        let echo = PredictionEcho {
            places: echoes.collect(),
            simulated_macs: convolutions.map(|(_, macs)| *macs).sum(),
        };
        Ok(Prediction {
            methods,
            batch_norms,
            shortcuts: self.spec.array.shortcuts,
            echo,
            warnings,
        })
    }

    fn error(&self, message: &str) -> RunError {
        RunError::user(&self.origin, &message)
    }

    /// The places of a network, at least one of them predicted.
    fn places<'a>(&self, chosen: Chosen<'a>, model: &str) -> Result<Vec<Place<'a>>, RunError> {
        let network = &chosen.opened.network;
        if network.places().is_empty() {
            return Err(self.error(&format!(
                "{model} has no place where zeros can be predicted: no ReLU stands alone behind a convolution that is not \
                 the first; take the prediction out"
            )));
        }
        let place = |place: &sim_net::network::Place| {
            let layer = &network.layers()[place.layer];
            let [n_channels, per_group, rows, columns] = layer.weight_shape();
            Place {
                name: layer.name.as_str(),
                n_channels,
                macs_per_output: sim_core::shape::widen(per_group * rows * columns),
                macs: chosen.macs[place.layer],
                rule: match chosen.choices[place.layer] {
                    Choice::Simulated(_) => Rule::Predicted,
                    Choice::Unsimulated(_) => Rule::Out,
                },
            }
        };
        let mut places: Vec<Place<'a>> = network.places().iter().map(place).collect();
        let names: Vec<&str> = (places.iter())
            .filter(|place| place.rule != Rule::Out)
            .map(|place| place.name)
            .collect();
        self.layers.check_places(&names)?;
        for (name, rule) in self.layers.places() {
            let own = places.iter_mut().filter(|place| place.name == name);
            own.for_each(|place| {
                place.rule = match rule {
                    PlaceRule::LeftOut => Rule::Out,
                    PlaceRule::Pinned(threshold) => Rule::Pinned(threshold),
                };
            });
        }
        if places.iter().all(|place| place.rule == Rule::Out) {
            return Err(self.error(
                "no place is left where zeros are predicted: their layers are not simulated, or have `predict = false`; take \
                 the prediction out",
            ));
        }
        Ok(places)
    }
}

/// Predictors on their way to the places of a network.
struct Resolving<'a> {
    ask: &'a PredictionAsk,
    places: &'a [Place<'a>],
    opened: &'a Opened,
    options: &'a CaptureOptions<'a>,
    workers: &'a Workers<'a>,
}

impl Resolving<'_> {
    fn zap(&self, zap: &ZapSpec, warnings: &mut Vec<String>) -> Result<Vec<Option<Method>>, RunError> {
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
fn read(path: &Path) -> Result<PredictorFile, RunError> {
    let bytes = std::fs::read(path).map_err(|error| {
        RunError::at(
            path,
            &format!("the predictors cannot be read: {error}; check the path"),
        )
    })?;
    PredictorFile::from_bytes(&bytes).map_err(|fault| RunError::at(path, &fault))
}
