//! What a command means: operands and traces, from the files that it names.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use reports::accuracy::images::SkippedSet;
use sim_array::engine::{EngineError, Operands};
use sim_config::run::{ModelWorkload, RunSpec, Workload};
use sim_core::prune::PruneSpec;
use sim_core::shape::Gemm;
use sim_run::error::EvalError;
use sim_layers::machines::LayerMachines;
use sim_run::prepare::Workers;
use sim_run::trace::PreparedTrace;
use sim_trace::trace::Trace;

use crate::failure::Failure;
use crate::memory::{self, Product};
use crate::operands;
use crate::output;
use crate::progress::Bar;

/// Two matrices that form a product.
pub(crate) struct Matrices {
    activations: Vec<u8>,
    weights: Vec<i8>,
    shape: Gemm,
    paths: [PathBuf; 2],
}

impl Matrices {
    /// Read A `[M, K]` and W `[N, K]`, once it is known that they fit in memory with their product.
    pub(crate) fn read(activations: &Path, weights: &Path, product: Product) -> Result<Self, Failure> {
        let a = operands::open::<u8>(activations).map_err(|error| Failure::user(&error))?;
        let w = operands::open::<i8>(weights).map_err(|error| Failure::user(&error))?;
        if a.cols != w.cols {
            return Err(Failure::User(format!(
                "{}: K is {}, but {} has K = {}; activations are [M, K] and weights [N, K]",
                weights.display(),
                w.cols,
                activations.display(),
                a.cols
            )));
        }
        let shape = Gemm::new(a.rows, w.rows, a.cols).map_err(|error| {
            let path = if error.dimension == "N" {
                weights
            } else {
                activations
            };
            Failure::User(format!("{}: {error}; give a matrix with values", path.display()))
        })?;
        memory::check_product(activations, shape, product)?;
        Ok(Self {
            activations: a.read().map_err(|error| Failure::user(&error))?,
            weights: w.read().map_err(|error| Failure::user(&error))?,
            shape,
            paths: [activations.to_owned(), weights.to_owned()],
        })
    }

    /// A product that the array refuses, with the file to blame and the remedy.
    pub(crate) fn failure(&self, error: &EngineError) -> Failure {
        let [activations, weights] = &self.paths;
        let (path, remedy) = match error {
            EngineError::NotTwoOfFour { .. } => (weights, "prune the weights, or take a `sparq` array"),
            EngineError::AccumulatorRange { .. } => (activations, "cut K into parts and add their products"),
            EngineError::Empty(_) | EngineError::Length { .. } => (activations, "give matrices with values"),
        };
        Failure::User(format!("{}: {error}; {remedy}", path.display()))
    }

    /// M, N and K.
    pub(crate) const fn shape(&self) -> Gemm {
        self.shape
    }

    /// The operands of the product.
    pub(crate) fn operands(&self) -> Result<Operands<'_>, Failure> {
        Operands::new(self.shape, &self.activations, &self.weights).map_err(|error| self.failure(&error))
    }
}

/// The trace of a run, as the run asks for it: read, or captured now.
pub(crate) fn trace(spec: &RunSpec, jobs: usize, stop: &AtomicBool) -> Result<PreparedTrace, Failure> {
    match spec.workload() {
        Workload::Trace(path) => memory::check_trace_file(path)?,
        Workload::Model(_) => {}
    }
    Ok(told(jobs, stop, |workers| PreparedTrace::of_run(spec, workers))?)
}

/// The array of each layer of a run, whose workload `trace` is.
///
/// - Errors: layers of the run file that are not simulated, by line.
pub(crate) fn machines(spec: &RunSpec, trace: &Trace) -> Result<LayerMachines, Failure> {
    let simulated: Vec<&str> = trace.layers.iter().map(|layer| layer.name.as_str()).collect();
    let unsimulated: Vec<(&str, &str)> = (trace.unsimulated.iter())
        .map(|layer| (layer.name.as_str(), layer.reason.as_str()))
        .collect();
    spec.layers().check(&simulated, &unsimulated)?;
    let every_layer = LayerMachines::new(*spec.array()).with_depthwise_threads(spec.depthwise_threads());
    (spec.layers().iter())
        .try_fold(every_layer, |machines, (name, rules)| {
            machines.with_layer(name, rules)
        })
        .map_err(|error| Failure::user(&error))
}

/// Prune a network and capture it over images.
pub(crate) fn capture_model(
    workload: &ModelWorkload,
    pruning: Option<PruneSpec>,
    jobs: usize,
    stop: &AtomicBool,
) -> Result<PreparedTrace, EvalError> {
    told(jobs, stop, |workers| {
        PreparedTrace::capture(workload, pruning, workers)
    })
}

/// Show how far `prepare` is, and say what it left out.
fn told(
    jobs: usize,
    stop: &AtomicBool,
    prepare: impl FnOnce(&Workers<'_>) -> Result<PreparedTrace, EvalError>,
) -> Result<PreparedTrace, EvalError> {
    let bar = Bar::of_images();
    let prepared = prepare(&Workers {
        jobs,
        stop,
        progress: &bar,
    });
    bar.finish();
    let prepared = prepared?;
    for (names, what) in [
        (&prepared.skipped, "images"),
        (&prepared.skipped_calibration, "calibration images"),
    ] {
        if let Some(sentence) = SkippedSet::of(names).sentence(what) {
            output::note(&sentence);
        }
    }
    Ok(prepared)
}
