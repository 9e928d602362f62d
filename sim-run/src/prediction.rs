//! A prediction of a network's zeros, from what was asked for to a method at each place.

mod resolving;

use std::collections::BTreeMap;

use reports::prediction::{MethodObject, PlaceEcho, PredictionEcho};
use sim_config::run::prediction::{MethodSource, MethodSpec, PlaceRule, PredictionSpec, PredictorBatchNorms};
use sim_config::run::{NamedLayers, RunSpec};
use sim_core::convolution::LayerKind;
use sim_core::prediction::{ArrayPrediction, ChannelOrder, FillUp, Shortcuts};
use sim_core::spec::{ArraySpec, Batch};
use sim_layers::predicted::PredictedLayers;
use sim_predict::method::Method;
use sim_predict::predictor::Threshold;
use sim_quant::capture::CaptureOptions;
use sim_quant::prediction::{Filling, PlaceMethods};
use sim_quant::selection::Choice;

use crate::error::RunError;
use crate::open::Opened;
use crate::workers::Workers;
use resolving::Resolving;
pub(crate) use resolving::read;

/// What is asked to be predicted.
#[derive(Clone, Debug)]
pub struct PredictionAsk {
    /// Where that is said, as messages name it.
    pub origin: String,
    /// The method, and what the array does with it.
    pub spec: PredictionSpec,
    /// Places that differ from the others.
    pub layers: NamedLayers,
    /// What the one array fills up that a trace is captured for; evaluations know that of each of their arrays.
    pub filling: Option<Filling>,
}

/// Equal wherever it is said, and whatever else layers do.
impl PartialEq for PredictionAsk {
    fn eq(&self, other: &Self) -> bool {
        (&self.spec, self.filling) == (&other.spec, other.filling)
            && self.layers.places().eq(other.layers.places())
    }
}

/// What predicts, place by place.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// As they were asked for.
    pub methods: PlaceMethods,
    /// What arrays do with it.
    pub layers: PredictedLayers,
    /// What recalibration does with the batch norms of predictors.
    pub batch_norms: PredictorBatchNorms,
    /// What results say of it.
    pub echo: PredictionEcho,
    /// What a reader has to know.
    pub warnings: Vec<String>,
}

impl Prediction {
    /// The methods with what an array computes unasked.
    pub(crate) fn methods_on(&self, array: &ArraySpec) -> PlaceMethods {
        PlaceMethods {
            filling: filling(array, &self.layers.array),
            ..self.methods.clone()
        }
    }
}

/// What an array computes unasked of one image. Which image folded ones fill up, an image by itself does not know.
pub(crate) fn filling(array: &ArraySpec, prediction: &ArrayPrediction) -> Option<Filling> {
    match (prediction.rules.fill_up, array.batch()) {
        (FillUp::On, Batch::Separate) => Some(Filling {
            rows: array.rows(),
            pixels: prediction.pixels,
        }),
        (FillUp::Off, _) | (FillUp::On, Batch::Folded) => None,
    }
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
    /// A shortcut that is simulated, and its K.
    shortcut: Option<(String, u64)>,
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
    /// What a run asks of the trace that it captures or reads: of what the array does, the order of channels needs something
    /// of the network, and what is filled up stands in the trace.
    pub fn of_run(spec: &RunSpec) -> Option<Self> {
        let design = &spec.design;
        let prediction = design.prediction.as_ref()?;
        Some(Self {
            origin: "[prediction]".to_owned(),
            spec: PredictionSpec {
                method: prediction.method.clone(),
                array: ArrayPrediction {
                    channels: prediction.array.channels,
                    ..ArrayPrediction::default()
                },
                price: None,
            },
            layers: design.layers.clone(),
            filling: filling(&design.array, &prediction.array),
        })
    }

    /// What is asked of a capture, whose array nobody knows.
    ///
    /// - Errors: what depends on the array.
    pub fn of_capture(self) -> Result<Self, RunError> {
        match self.spec.array.rules.fill_up {
            FillUp::Off => {}
            FillUp::On => {
                return Err(self.error(
                    "which outputs `fill-up = true` computes depends on the array, which captures do not look at; take \
                     `fill-up` out",
                ));
            }
        }
        let spec = PredictionSpec {
            array: ArrayPrediction::default(),
            ..self.spec
        };
        Ok(Self { spec, ..self })
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
                shortcut: match self.spec.array.shortcuts {
                    Shortcuts::Computed => None,
                    Shortcuts::Predicted => place.shortcut.clone(),
                },
            })
        });
        let echo = PredictionEcho {
            places: echoes.collect(),
            simulated_macs: convolutions.map(|(_, macs)| *macs).sum(),
        };
        let methods = PlaceMethods {
            methods,
            filling: self.filling,
        };
        let densities = match self.spec.array.channels {
            ChannelOrder::Natural => BTreeMap::new(),
            ChannelOrder::Density => resolving.densities(&methods)?,
        };
        Ok(Prediction {
            methods,
            layers: PredictedLayers {
                array: self.spec.array,
                densities,
            },
            batch_norms,
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
            let macs_per_output = |layer: usize| {
                let [_, per_group, rows, columns] = network.layers()[layer].weight_shape();
                sim_core::shape::widen(per_group * rows * columns)
            };
            let is_simulated = |&layer: &usize| matches!(chosen.choices[layer], Choice::Simulated(_));
            let shortcut = place.shortcut.filter(is_simulated);
            Place {
                name: layer.name.as_str(),
                n_channels: layer.weight_shape()[0],
                macs_per_output: macs_per_output(place.layer),
                shortcut: shortcut
                    .map(|shortcut| (network.layers()[shortcut].name.clone(), macs_per_output(shortcut))),
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
