//! A design: an array, and the methods around it that change answers or time.

use std::fmt::Display;

use sim_array::engine::Mse;
use sim_config::layer_names;
use sim_config::run::{DesignSpec, NamedLayers};
use sim_core::layer_rules::LayerRules;
use sim_core::quantization::DepthwiseThreads;
use sim_core::recalibration::RecalibrationMode;
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::spec::{ArraySpec, Threads};
use sim_layers::machines::LayerMachines;
use sim_quant::reorder::ReorderError;

use crate::error::RunError;

/// An array and the methods around it.
///
/// Invariant: K is reordered only where the array splits it among threads.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    name: String,
    origin: String,
    array: ArraySpec,
    baseline: ArraySpec,
    /// As the file lists them.
    listed: NamedLayers,
    /// Layers that differ from the others: those that are listed, and further ones.
    layers: Vec<(String, LayerRules)>,
    depthwise_threads: DepthwiseThreads,
    reorder: Reorder,
    recalibration: Option<RecalibrationMode>,
    mse: Mse,
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
        Self {
            name: name.into(),
            origin: origin.into(),
            array: spec.array,
            baseline: spec.baseline,
            listed: spec.layers.clone(),
            layers: (spec.layers.iter())
                .map(|(layer, rules)| (layer.to_owned(), rules))
                .collect(),
            depthwise_threads: spec.depthwise_threads,
            reorder: spec.reorder,
            recalibration: None,
            mse: Mse::Skip,
        }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// The same with K reordered.
    ///
    /// - Errors: an array that does not split K among threads.
    pub fn reordered(self, reorder: Reorder) -> Result<Self, RunError> {
        let pe = self.array.pe();
        if reorder != Reorder::Off && pe.nb_smt().is_none() {
            return Err(self.error(&ReorderError::Kind {
                kind: pe.kind().name(),
            }));
        }
        Ok(Self { reorder, ..self })
    }

    /// The same with new statistics for batch norms on this array; `None`: they keep theirs.
    #[must_use]
    pub fn recalibrated(self, recalibration: Option<RecalibrationMode>) -> Self {
        Self {
            recalibration,
            ..self
        }
    }

    /// The same with the error of every product measured or not.
    #[must_use]
    pub fn measuring(self, mse: Mse) -> Self {
        Self { mse, ..self }
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

    /// What results call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it comes from, as messages name it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The array as built.
    pub const fn array(&self) -> &ArraySpec {
        &self.array
    }

    /// The array that `speedup` compares with.
    pub const fn baseline(&self) -> &ArraySpec {
        &self.baseline
    }

    /// Layers that differ from the others.
    pub fn layers(&self) -> &[(String, LayerRules)] {
        &self.layers
    }

    /// Threads of depthwise layers that are not named.
    pub const fn depthwise_threads(&self) -> DepthwiseThreads {
        self.depthwise_threads
    }

    /// How K is reordered.
    pub const fn reorder(&self) -> Reorder {
        self.reorder
    }

    /// How batch norms get new statistics on this array; `None`: they keep theirs.
    pub const fn recalibration(&self) -> Option<RecalibrationMode> {
        self.recalibration
    }

    /// Whether the error of every product is measured.
    pub const fn mse(&self) -> Mse {
        self.mse
    }

    pub(crate) fn error(&self, message: &dyn Display) -> RunError {
        RunError::user(self.origin.clone(), message)
    }

    /// Whether every layer that differs is there.
    ///
    /// - Errors: those that are not simulated; by line where the file lists them.
    pub(crate) fn check_names(&self, names: &LayerNames<'_>) -> Result<(), RunError> {
        let unsimulated: Vec<(&str, &str)> = (names.unsimulated.iter())
            .map(|layer| (layer.name.as_str(), layer.reason.as_str()))
            .collect();
        self.listed.check(&names.simulated, &unsimulated)?;
        for (name, _) in &self.layers {
            layer_names::check(name, &names.simulated, &unsimulated, "it")
                .map_err(|unknown| self.error(&format!("{}; {}", unknown.why, unknown.remedy)))?;
        }
        Ok(())
    }

    /// The array of each layer.
    ///
    /// - Errors: layers that are not there, and rules that the array cannot follow.
    pub(crate) fn machines(&self, names: &LayerNames<'_>) -> Result<LayerMachines, RunError> {
        self.check_names(names)?;
        let every_layer = LayerMachines::new(self.array).with_depthwise_threads(self.depthwise_threads);
        self.layers
            .iter()
            .try_fold(every_layer, |machines, (name, rules)| {
                machines.with_layer(name, *rules)
            })
            .map_err(|error| self.error(&error))
    }
}
