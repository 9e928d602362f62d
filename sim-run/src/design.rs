//! A design: an array, and the methods around it that change answers or time.

use std::fmt::Display;

use sim_array::engine::Mse;
use sim_config::layer_names;
use sim_config::run::DesignSpec;
use sim_core::layer_rules::LayerRules;
use sim_core::quantization::DepthwiseThreads;
use sim_core::recalibration::RecalibrationMode;
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::spec::{ArraySpec, Threads};
use sim_layers::machines::LayerMachines;
use sim_quant::reorder::ReorderError;

use crate::error::RunError;
use crate::prediction::{PredictionAsk, filling};

/// An array and the methods around it.
///
/// Invariant: K is reordered only where the array splits it among threads.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// What results call it.
    pub name: String,
    /// Where it comes from, as messages name it.
    pub origin: String,
    spec: DesignSpec,
    /// Layers that differ from the others: those that the file lists, and further ones.
    layers: Vec<(String, LayerRules)>,
    /// How batch norms get new statistics on this array; `None`: they keep theirs.
    pub recalibration: Option<RecalibrationMode>,
    /// Whether the error of every product is measured.
    pub mse: Mse,
    /// Which outputs are predicted to be zero; `None`: none.
    pub prediction: Option<PredictionAsk>,
}

/// The layers of a workload, by name.
#[derive(Clone, Debug)]
pub(crate) struct LayerNames<'a> {
    pub(crate) simulated: Vec<&'a str>,
    pub(crate) unsimulated: Vec<UnsimulatedLayer>,
}

impl Design {
    /// What an array file or a run file says, without recalibration and without measuring errors. Results call it `name`,
    /// messages `origin`.
    pub fn of(name: impl Into<String>, origin: impl Into<String>, spec: &DesignSpec) -> Self {
        let origin = origin.into();
        let prediction = spec.prediction.as_ref().map(|prediction| PredictionAsk {
            origin: origin.clone(),
            spec: prediction.clone(),
            layers: spec.layers.clone(),
            filling: None,
        });
        Self {
            name: name.into(),
            origin,
            prediction,
            spec: spec.clone(),
            layers: (spec.layers.iter())
                .map(|(layer, rules)| (layer.to_owned(), rules))
                .collect(),
            recalibration: None,
            mse: Mse::Skip,
        }
    }

    /// The same with K reordered.
    ///
    /// - Errors: an array that does not split K among threads.
    pub fn reordered(mut self, reorder: Reorder) -> Result<Self, RunError> {
        let pe = self.spec.array.pe();
        if reorder != Reorder::Off && pe.nb_smt().is_none() {
            return Err(self.error(&ReorderError::Kind {
                kind: pe.kind().name(),
            }));
        }
        self.spec.reorder = reorder;
        Ok(self)
    }

    /// Say what one more layer does; one that differs already is an error once the design is run.
    pub fn add(&mut self, layer: &str, rules: LayerRules) {
        self.layers.push((layer.to_owned(), rules));
    }

    /// Let a layer run with so many threads, whatever its other rules are.
    pub fn throttle(&mut self, layer: &str, threads: Threads) {
        let threads = Some(threads);
        match self.layers.iter_mut().find(|(other, _)| other == layer) {
            Some((_, rules)) => rules.threads = threads,
            None => self.layers.push((
                layer.to_owned(),
                LayerRules {
                    threads,
                    policy: None,
                },
            )),
        }
    }

    /// What exact 8-bit predicts and learns beside the design: designs in which it is the same can be evaluated together.
    /// `None`: nothing is predicted.
    pub fn predicted_beside(&self) -> Option<(PredictionAsk, Option<RecalibrationMode>)> {
        let ask = self.prediction.clone()?;
        let filling = filling(self.array(), &ask.spec.array);
        Some((PredictionAsk { filling, ..ask }, self.recalibration))
    }

    /// The array as built.
    pub const fn array(&self) -> &ArraySpec {
        &self.spec.array
    }

    /// The array that `speedup` compares with.
    pub const fn baseline(&self) -> &ArraySpec {
        &self.spec.baseline
    }

    /// Layers that differ from the others.
    pub fn layers(&self) -> &[(String, LayerRules)] {
        &self.layers
    }

    /// Threads of depthwise layers that are not named.
    pub const fn depthwise_threads(&self) -> DepthwiseThreads {
        self.spec.depthwise_threads
    }

    /// How K is reordered.
    pub const fn reorder(&self) -> Reorder {
        self.spec.reorder
    }

    pub(crate) fn error(&self, message: &dyn Display) -> RunError {
        RunError::user(&self.origin, message)
    }

    /// Whether every layer that differs is there.
    ///
    /// - Errors: those that are not simulated; by line where the file lists them.
    pub(crate) fn check_names(&self, names: &LayerNames<'_>) -> Result<(), RunError> {
        self.spec.layers.check(&names.simulated, &names.unsimulated)?;
        for (name, _) in &self.layers {
            layer_names::check(name, &names.simulated, &names.unsimulated, "it")
                .map_err(|unknown| self.error(&format!("{}; {}", unknown.why, unknown.remedy)))?;
        }
        Ok(())
    }

    /// The array of each layer.
    ///
    /// - Errors: layers that are not there, and rules that the array cannot follow.
    pub(crate) fn machines(&self, names: &LayerNames<'_>) -> Result<LayerMachines, RunError> {
        self.check_names(names)?;
        let every_layer =
            LayerMachines::new(self.spec.array).with_depthwise_threads(self.spec.depthwise_threads);
        self.layers
            .iter()
            .try_fold(every_layer, |machines, (name, rules)| {
                machines.with_layer(name, *rules)
            })
            .map_err(|error| self.error(&error))
    }
}
