//! Engines beside one another over a trace, product by product.

use std::fmt;
use std::sync::atomic::AtomicBool;

use sim_array::engine::{ActivationRows as _, Operands};
use sim_array::lockstep::{Divergence, Truth};
use sim_core::parallel_map::{Unfinished, parallel_map_largest_first};
use sim_core::progress::Progress;
use sim_core::reorder::Reorder;
use sim_trace::trace::Trace;

use crate::engines::Engines;
use crate::machines::LayerMachines;
use crate::plan::{Product, TracePlan};
use crate::predicted::PredictedLayers;
use crate::simulate::SimulateError;

/// How a trace is checked.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions<'a> {
    /// The array of each layer.
    pub machines: &'a LayerMachines,
    /// The engines.
    pub engines: &'a Engines,
    /// The engine that the others are held to.
    pub truth: Truth,
    /// How K is reordered; anything but `Off` needs an NB-SMT array.
    pub reorder: Reorder,
    /// What the array does with outputs that the trace predicts to be zero; `None`: it computes all of them.
    pub prediction: Option<&'a PredictedLayers>,
    /// Threads of this computer; at least one is used. Results do not depend on it.
    pub jobs: usize,
    /// Set from elsewhere to end the check after the products at hand.
    pub stop: &'a AtomicBool,
}

/// The first product of a trace on which the engines part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceDivergence {
    /// Name of the layer.
    pub layer: String,
    /// Layer, image and group, for a person.
    pub place: String,
    /// Where in the outcome.
    pub divergence: Divergence,
}

impl fmt::Display for TraceDivergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.divergence)
    }
}

/// Run engines on every product of `trace` and compare whole outcomes; `None` where all are equal.
///
/// - Errors: as [`crate::simulate::simulate`].
pub fn check(
    trace: &Trace,
    options: &CheckOptions<'_>,
    progress: &dyn Progress,
) -> Result<Option<TraceDivergence>, SimulateError> {
    let plan = TracePlan::new(
        trace,
        options.machines,
        (options.reorder, options.prediction),
        options.jobs,
        options.stop,
    )?;
    progress.begin("checking", plan.products.len());
    let size = |product: &Product| product.gemm.macs();
    let compared = parallel_map_largest_first(&plan.products, size, options.jobs, options.stop, |product| {
        compare(&plan, product, options)?;
        progress.advance(&plan.layer(product.layer).name);
        Ok(())
    });
    match compared {
        Ok(_) => Ok(None),
        Err(Unfinished::Failed(End::Parted(divergence))) => Ok(Some(*divergence)),
        Err(Unfinished::Failed(End::Refused(error))) => Err(error),
        Err(Unfinished::Stopped) => Err(SimulateError::Stopped),
    }
}

/// Why a check ends early.
enum End {
    Parted(Box<TraceDivergence>),
    Refused(SimulateError),
}

fn compare(plan: &TracePlan<'_>, product: &Product, options: &CheckOptions<'_>) -> Result<(), End> {
    let compared = plan.with_operands(product, |shape, activations, weights| {
        let mut buffer = Vec::new();
        let activations = activations.rows(0..shape.m(), &mut buffer);
        let array = plan.array(product.layer);
        let outputs = plan.outputs(product.layer);
        let outputs =
            outputs.map(|outputs| outputs.plan((product.images.clone(), product.group), shape, array));
        let operands = Operands::new(shape, activations, weights)?;
        let operands = match &outputs {
            Some(outputs) => operands.with_plan(outputs),
            None => operands,
        };
        options.engines.check(array, &operands, options.truth)
    });
    match compared {
        Ok(None) => Ok(()),
        Ok(Some(divergence)) => Err(End::Parted(Box::new(TraceDivergence {
            layer: plan.layer(product.layer).name.clone(),
            place: plan.place(product),
            divergence,
        }))),
        Err(error) => Err(End::Refused(SimulateError::Engine {
            place: plan.place(product),
            error,
        })),
    }
}
