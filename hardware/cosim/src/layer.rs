//! A layer of the default network, from the trace in the repository.

use std::path::Path;

use anyhow::Context;
use sim_array::engine::Operands;
use sim_quant::lowering::Lowering;

use crate::divergence::Divergence;
use crate::lockstep::{LockstepCounts, run};
use crate::machines::Machine;
use crate::model::Model;
use crate::top::Visibility;

/// The trace, from the root of the repository.
const TRACE: &str = "traces/data/fashion-resnet8.safetensors";
/// Its layer with a stride: 196 pixels, 32 channels, 144 terms.
pub(crate) const LAYER: usize = 2;

/// One image of the layer on `model`.
///
/// 2:4 machines run the layer with its weights cut to the first two non-zeros of every four.
pub(crate) fn layer(
    model: &mut Model,
    machine: &Machine,
    visibility: Visibility,
    waveform: &Path,
) -> anyhow::Result<Result<LockstepCounts, Divergence>> {
    let trace = sim_trace::read(Path::new(TRACE)).with_context(|| TRACE.to_owned())?;
    let layer = trace.layers.get(LAYER).context("the trace has fewer layers")?;
    let lowering = Lowering::of(layer)?;
    let pe = machine.array.pe();
    let order = pe.k_order();
    let image = &layer.input[..lowering.input_len()];
    let activations = lowering.activations(image, layer.zero_point, 0, order).to_vec();
    let mut weights = lowering.weights(&layer.weight, 0, order).into_owned();
    sim_testkit::cases::keep_two_of_four(pe, &mut weights, lowering.k());
    let operands = Operands::new(lowering.gemm(1)?, &activations, &weights)?;
    run(model, machine, visibility, &operands, waveform)
}
