//! The trace of a workload: read, or captured from a network, then pruned and thinned as asked for.

use sim_config::run::{ModelWorkload, RunSpec, Workload};
use sim_core::prune::{LayerSparsity, PruneSpec};
use sim_core::synthetic::ActivationZeros;
use sim_quant::capture::capture;
use sim_quant::prune::prune_trace;
use sim_quant::synthetic::zero_activations;
use sim_trace::trace::Trace;

use crate::error::EvalError;
use crate::open::Opened;
use crate::prepare::Workers;

/// A trace that is ready to be simulated.
#[derive(Clone, Debug)]
pub struct PreparedTrace {
    /// The trace.
    pub trace: Trace,
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
    /// - Errors: a trace that cannot be read, and those of [`Self::capture`].
    pub fn of_run(spec: &RunSpec, workers: &Workers<'_>) -> Result<Self, EvalError> {
        let mut prepared = Self::of_workload(spec.workload(), spec.pruning(), workers)?;
        if let Some(zeros) = spec.activation_zeros() {
            prepared.thin(zeros, spec.seed());
        }
        Ok(prepared)
    }

    /// Of a workload, pruned.
    ///
    /// - Errors: as [`Self::of_run`].
    pub fn of_workload(
        workload: &Workload,
        pruning: Option<PruneSpec>,
        workers: &Workers<'_>,
    ) -> Result<Self, EvalError> {
        match workload {
            Workload::Trace(path) => {
                let mut trace = sim_trace::read(path)?;
                let pruned = pruning.map_or_else(Vec::new, |spec| prune_trace(&mut trace, spec));
                Ok(Self {
                    trace,
                    pruned,
                    skipped: Vec::new(),
                    skipped_calibration: Vec::new(),
                })
            }
            Workload::Model(model) => Self::capture(model, pruning, workers),
        }
    }

    /// Prune a network and capture it over images.
    ///
    /// - Errors: files that are not what they should be, and a network that cannot be run or of which nothing can be
    ///   simulated.
    pub fn capture(
        workload: &ModelWorkload,
        pruning: Option<PruneSpec>,
        workers: &Workers<'_>,
    ) -> Result<Self, EvalError> {
        let opened = Opened::new(workload, pruning, workers)?;
        let options = opened.capture_options(workload, workers.jobs, workers.stop)?;
        let mut trace = capture(
            &opened.network,
            &opened.images,
            opened.calibration.as_ref(),
            &options,
            workers.progress,
        )
        .map_err(|error| EvalError::capture(&workload.model, error))?;
        trace.origin.pruned.extend(pruning);
        Ok(Self {
            trace,
            pruned: opened.pruned,
            skipped: opened.skipped,
            skipped_calibration: opened.skipped_calibration,
        })
    }

    /// Put zeros among its activations, drawn from `seed`.
    pub fn thin(&mut self, zeros: ActivationZeros, seed: u64) {
        zero_activations(&mut self.trace, zeros, seed);
    }
}
