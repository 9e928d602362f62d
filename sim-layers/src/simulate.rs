//! A trace on an array: one record per layer.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sim_array::engine::{Engine, EngineError, Measures, StreamedOperands};
use sim_array::mapping::Schedule;
use sim_core::busy::BusyMap;
use sim_core::counters::{Counters, ErrorSums};
use sim_core::ids::LayerId;
use sim_core::parallel_map::{Unfinished, parallel_map_largest_first};
use sim_core::progress::Progress;
use sim_core::record::{LayerRecord, PredictedRecord, ProductRecord};
use sim_core::reorder::Reorder;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_trace::trace::Trace;

use crate::machines::LayerMachines;
pub use crate::plan::PlanError;
use crate::plan::{Product, TracePlan};
use crate::predicted::PredictedLayers;
use crate::{predicted, sums};

/// How a trace is simulated.
#[derive(Clone, Copy)]
pub struct SimulateOptions<'a> {
    /// The array of each layer.
    pub machines: &'a LayerMachines,
    /// How K is reordered; anything but `Off` needs an NB-SMT array.
    pub reorder: Reorder,
    /// What the array does with outputs that the trace predicts to be zero; `None`: it computes all of them.
    pub prediction: Option<&'a PredictedLayers>,
    /// The array that `speedup` compares with; only its time is needed.
    pub baseline: ArraySpec,
    /// What runs the products.
    pub engine: &'a dyn Engine,
    /// What is measured beside the counters.
    pub measures: Measures,
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// Set from elsewhere to end the run after the products at hand.
    pub stop: &'a AtomicBool,
}

/// A trace that cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The trace gives no products.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The engine cannot run a product.
    #[error("{place}: {error}{}", remedy(error))]
    Engine {
        /// Layer, image and group.
        place: String,
        /// What the engine says.
        #[source]
        error: EngineError,
    },
    /// The stop flag was set.
    #[error("stopped before the last product")]
    Stopped,
}

impl From<Unfinished<PlanError>> for SimulateError {
    fn from(unfinished: Unfinished<PlanError>) -> Self {
        match unfinished {
            Unfinished::Stopped => Self::Stopped,
            Unfinished::Failed(error) => Self::Plan(error),
        }
    }
}

pub(crate) const fn remedy(error: &EngineError) -> &'static str {
    match error {
        EngineError::NotTwoOfFour { .. } => "; prune the network with `2:4`, or take a `sparq` array",
        EngineError::AccumulatorRange { .. } => "; take the layer out of the simulated ones",
        EngineError::Empty(_)
        | EngineError::Length { .. }
        | EngineError::OtherPlan(_)
        | EngineError::SeveralPlans(_) => "",
    }
}

/// Run every product of `trace` on the array: one per layer, image and group, or per layer and group where the array
/// folds images.
///
/// Cycles and counts of a layer are sums over its products; those of the baseline are its closed form over the same
/// shapes, never throttled or reordered.
///
/// - Errors: a trace that breaks its rules, layers and orders of K that the trace does not have, and products that the
///   array's PEs cannot run, by layer.
pub fn simulate(
    trace: &Trace,
    options: &SimulateOptions<'_>,
    progress: &dyn Progress,
) -> Result<Vec<LayerRecord>, SimulateError> {
    let plan = TracePlan::new(
        trace,
        options.machines,
        (options.reorder, options.prediction),
        options.jobs,
        options.stop,
    )?;
    progress.begin("simulating", plan.products.len());
    let size = |product: &Product| product.gemm.macs();
    let maps = Maps::new(trace.layers.len());
    let done = parallel_map_largest_first(&plan.products, size, options.jobs, options.stop, |product| {
        let sums = run(&plan, product, options, &maps);
        progress.advance(&plan.layer(product.layer).name);
        sums
    });
    let sums = done.map_err(|unfinished| match unfinished {
        Unfinished::Stopped => SimulateError::Stopped,
        Unfinished::Failed(error) => error,
    })?;
    let mut records: Vec<LayerRecord> = Vec::with_capacity(trace.layers.len());
    let mut current = None;
    for (product, sums) in plan.products.iter().zip(sums) {
        // Products are in order of their layers.
        if current != Some(product.layer) {
            let mut record = empty_record(&plan, product, options);
            record.product.busy = maps.take(product.layer);
            records.push(record);
            current = Some(product.layer);
        }
        if let Some(record) = records.last_mut() {
            add(
                &mut record.product,
                &sums,
                Schedule::new(&options.baseline, product.gemm).cycles(),
            );
        }
    }
    Ok(records)
}

/// Busy steps by layer. A map can be large and products many, so each is added as soon as it is there; the order of
/// sums of integers does not show.
struct Maps(Vec<Mutex<Option<BusyMap>>>);

impl Maps {
    fn new(n_layers: usize) -> Self {
        Self((0..n_layers).map(|_| Mutex::new(None)).collect())
    }

    fn add(&self, layer: LayerId, map: BusyMap) {
        match &mut *self.of(layer) {
            Some(sum) => *sum += &map,
            sum @ None => *sum = Some(map),
        }
    }

    fn take(&self, layer: LayerId) -> Option<BusyMap> {
        self.of(layer).take()
    }

    fn of(&self, layer: LayerId) -> MutexGuard<'_, Option<BusyMap>> {
        // A thread that panics ends the run, so nobody sees what it left.
        self.0[layer.idx()].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept of an outcome: the product itself can be large.
struct Sums {
    cycles: Cycles,
    counters: Counters,
    error: Option<ErrorSums>,
    predicted: Option<PredictedRecord>,
}

fn run(
    plan: &TracePlan<'_>,
    product: &Product,
    options: &SimulateOptions<'_>,
    maps: &Maps,
) -> Result<Sums, SimulateError> {
    plan.with_operands(product, |shape, activations, weights| {
        let array = plan.array(product.layer);
        let outputs = plan.outputs(product.layer);
        let output_plan =
            outputs.map(|outputs| outputs.plan((product.images.clone(), product.group), shape, array));
        let operands = StreamedOperands::new(shape, activations, weights)?.with_plans(output_plan.as_slice());
        let outcome = options.engine.run_streamed(array, &operands, options.measures)?;
        if let Some(map) = outcome.busy {
            maps.add(product.layer, map);
        }
        Ok(Sums {
            cycles: outcome.cycles,
            counters: outcome.counters,
            error: outcome.error,
            predicted: outputs
                .zip(output_plan.as_ref())
                .map(|(outputs, plan)| outputs.record(plan)),
        })
    })
    .map_err(|error| SimulateError::Engine {
        place: plan.place(product),
        error,
    })
}

fn empty_record(plan: &TracePlan<'_>, first: &Product, options: &SimulateOptions<'_>) -> LayerRecord {
    let layer = plan.layer(first.layer);
    let array = *plan.array(first.layer);
    LayerRecord {
        name: layer.name.clone(),
        groups: layer.geometry.groups,
        images: layer.input_shape[0],
        threads: array.pe().threads(),
        product: sums::none(options.engine.kind(), array, options.machines.array(), first.gemm),
        place: plan.outputs(first.layer).and_then(|_| predicted::place(layer)),
        kind: layer.kind,
        quantized: None,
    }
}

fn add(record: &mut ProductRecord, sums: &Sums, baseline_cycles: Cycles) {
    record.n_products += 1;
    record.cycles += sums.cycles;
    record.baseline_cycles += baseline_cycles;
    record.counters += sums.counters;
    if let Some(predicted) = sums.predicted {
        *record.predicted.get_or_insert_default() += predicted;
    }
    if let Some(error) = sums.error {
        *record.error.get_or_insert_default() += error;
    }
}
