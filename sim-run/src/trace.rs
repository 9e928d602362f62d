//! The trace of a workload: read, or captured from a network, then pruned and thinned as asked for.

use std::collections::BTreeMap;

use reports::coverage::{Coverage, unsimulated_macs};
use sim_config::run::prediction::MethodSource;
use sim_config::run::{ModelWorkload, RunSpec, Workload};
use sim_core::prune::{LayerSparsity, PruneSpec};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Batch};
use sim_core::synthetic::ActivationZeros;
use sim_quant::kurtosis::kurtosis;
use sim_quant::lowering::Lowering;
use sim_quant::prune::prune_trace;
use sim_quant::synthetic::zero_activations;
use sim_trace::trace::{Layer, Trace};

use crate::error::RunError;
use crate::memory;
use crate::open::{Opened, Purpose};
use crate::predicted_trace;
use crate::prediction::{Prediction, PredictionAsk};
use crate::workers::Workers;

/// The products of a layer, all of one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerProducts {
    /// The layer's name.
    pub name: String,
    /// M, N and K of each.
    pub shape: Gemm,
    /// One for each image and group, or for each group where the array folds images.
    pub n_products: usize,
}

/// A trace that is ready to be simulated.
#[derive(Clone, Debug)]
pub struct PreparedTrace {
    /// The trace.
    pub trace: Trace,
    /// What predicted zeros of it now; `None`: nothing.
    pub prediction: Option<Prediction>,
    /// Kurtosis of the FP32 weights of its layers; a trace that was read holds codes alone.
    pub kurtosis: BTreeMap<String, f64>,
    /// The layers that were pruned for it now.
    pub pruned: Vec<LayerSparsity>,
    /// Images that could not be decoded.
    pub skipped: Vec<String>,
    /// The same of calibration images.
    pub skipped_calibration: Vec<String>,
}

impl PreparedTrace {
    /// Of a run's workload, with all that the run does to it.
    ///
    /// - Errors: a trace that cannot be read or does not fit in memory, and those of [`Self::capture`].
    pub fn of_run(spec: &RunSpec, workers: &Workers<'_>) -> Result<Self, RunError> {
        let ask = PredictionAsk::of_run(spec);
        let mut prepared = Self::of_workload(&spec.workload, spec.pruning, ask.as_ref(), workers)?;
        if let Some(zeros) = spec.activation_zeros {
            prepared.thin(zeros, spec.seed);
        }
        Ok(prepared)
    }

    /// Of a workload, pruned, with predicted zeros where they are asked for.
    ///
    /// - Errors: as [`Self::of_run`].
    pub fn of_workload(
        workload: &Workload,
        pruning: Option<PruneSpec>,
        ask: Option<&PredictionAsk>,
        workers: &Workers<'_>,
    ) -> Result<Self, RunError> {
        match workload {
            Workload::Trace(path) => {
                memory::check_trace_file(path)?;
                let mut trace = sim_trace::read(path)?;
                match ask.map(|ask| (&ask.spec.method, &ask.layers)) {
                    Some((MethodSource::Trace(claim), layers)) => {
                        predicted_trace::check(path, &trace, claim, layers)?;
                    }
                    // A file with a trace says no method that it could be captured with.
                    Some((MethodSource::Given(_), _)) | None => {}
                }
                let pruned = pruning.map_or_else(Vec::new, |spec| prune_trace(&mut trace, spec));
                Ok(Self {
                    trace,
                    prediction: None,
                    kurtosis: BTreeMap::new(),
                    pruned,
                    skipped: Vec::new(),
                    skipped_calibration: Vec::new(),
                })
            }
            Workload::Model(model) => Self::capture(model, pruning, ask, workers),
        }
    }

    /// Prune a network and capture it over images, with predicted zeros where they are asked for.
    ///
    /// - Errors: files that are not what they should be, and a network that cannot be run or has no layer.
    pub fn capture(
        workload: &ModelWorkload,
        pruning: Option<PruneSpec>,
        ask: Option<&PredictionAsk>,
        workers: &Workers<'_>,
    ) -> Result<Self, RunError> {
        let purpose = match ask {
            Some(_) => Purpose::PredictedTrace,
            None => Purpose::Trace,
        };
        let opened = Opened::new(workload, pruning, purpose, workers)?;
        let (mut trace, prediction) = opened.capture(workload, ask, workers)?;
        trace.origin.pruned.extend(pruning);
        let layers = opened.network.layers().iter();
        let kurtosis = layers.filter_map(|layer| Some((layer.name.clone(), kurtosis(&layer.weight.data)?)));
        Ok(Self {
            trace,
            prediction,
            kurtosis: kurtosis.collect(),
            pruned: opened.pruned,
            skipped: opened.skipped,
            skipped_calibration: opened.skipped_calibration,
        })
    }

    /// The products that each layer makes on an array.
    pub fn products(&self, array: &ArraySpec) -> Vec<LayerProducts> {
        let products = self.trace.layers.iter().filter_map(|layer| {
            let n_images = layer.input_shape[0];
            let (n_products, n_folded) = match array.batch() {
                Batch::Separate => (n_images, 1),
                Batch::Folded => (1, n_images),
            };
            // A layer without a product is an error that the simulation reports.
            let lowering = Lowering::of(layer).ok()?;
            Some(LayerProducts {
                name: layer.name.clone(),
                shape: lowering.gemm(n_folded).ok()?,
                n_products: n_products.saturating_mul(lowering.groups()),
            })
        });
        products.collect()
    }

    /// The part of the network that its layers are.
    pub fn coverage(&self) -> Coverage {
        let macs = |layer: &Layer| {
            let lowering = Lowering::of(layer).ok()?;
            let n_products = widen(lowering.groups()).checked_mul(widen(layer.input_shape[0]))?;
            lowering.gemm(1).ok()?.macs().checked_mul(n_products)
        };
        let simulated: Option<u64> = self.trace.layers.iter().map(macs).sum();
        let others = unsimulated_macs(&self.unsimulated());
        Coverage::new(simulated.unwrap_or(0), simulated.and(others), None)
    }

    /// Put zeros among its activations, drawn from `seed`.
    pub fn thin(&mut self, zeros: ActivationZeros, seed: u64) {
        zero_activations(&mut self.trace, zeros, seed);
    }
}
