//! Operand streams: real layers of the default network, pruned ones, and random ones of known sparsity.

use std::path::Path;

use anyhow::Context;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sim_array::engine::Operands;
use sim_array::mapping::predicted::{
    ChannelSequence, OutputMap, OutputPlan, PixelSequence, PredictedOutputs,
};
use sim_core::prediction::{ChannelOrder, OutputRules, PixelOrder};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Tiles};
use sim_quant::lowering::Lowering;
use sim_trace::trace::Trace;

use crate::stimulus::{Cycle, record};

/// The trace, from the root of the repository.
const TRACE: &str = "traces/data/fashion-resnet8.safetensors";
/// The PE that is followed: it has neighbours on every side, and a masked row in an edge tile.
const PE: (usize, usize) = (2, 1);
/// A product with fewer terms ends in a row of tiles that is not full.
const SHORT_K: usize = 50;
/// Terms of a random product; shorter than a layer's, so that results are not rare.
const MAX_RANDOM_K: usize = 160;

/// Which outputs of a stream are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computed {
    /// All.
    All,
    /// About half of them, as if the others had been predicted to be zero.
    Half,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The table is fitted to it.
    Fit,
    /// The table is checked on it.
    HeldOut,
}

/// Where operands come from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Layer(Layer),
    Random(Random),
}

/// Pixels of a layer of the network from one on, with its smallest weights set to zero.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layer {
    index: usize,
    pixel: usize,
    pruned_percent: usize,
}

/// Operands of random values; so many per cent of them zero.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Random {
    zero_activations: u32,
    zero_weights: u32,
    bits: Bits,
    k: usize,
}

/// How large random values get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bits {
    /// All eight bits.
    Eight,
    /// Small values are frequent, as in a network.
    Skewed,
}

/// A stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stream {
    source: Source,
    tiles: Tiles,
    pub(crate) purpose: Use,
}

const fn layer(index: usize, pixel: usize, pruned_percent: usize, purpose: Use) -> Stream {
    let source = Source::Layer(Layer {
        index,
        pixel,
        pruned_percent,
    });
    Stream {
        source,
        tiles: Tiles::Pipelined,
        purpose,
    }
}

const fn random(
    zero_activations: u32,
    zero_weights: u32,
    bits: Bits,
    k: usize,
    tiles: Tiles,
    purpose: Use,
) -> Stream {
    let source = Source::Random(Random {
        zero_activations,
        zero_weights,
        bits,
        k,
    });
    Stream {
        source,
        tiles,
        purpose,
    }
}

/// All streams: the table is never checked on what it was fitted to.
pub(crate) const ALL: [Stream; 27] = [
    layer(0, 330, 0, Use::Fit),
    layer(3, 60, 0, Use::Fit),
    layer(6, 14, 0, Use::Fit),
    layer(4, 20, 0, Use::Fit),
    layer(5, 20, 60, Use::Fit),
    layer(3, 90, 85, Use::Fit),
    layer(0, 200, 80, Use::Fit),
    layer(4, 60, 70, Use::Fit),
    layer(4, 120, 0, Use::Fit),
    layer(6, 28, 50, Use::Fit),
    random(0, 0, Bits::Eight, 160, Tiles::Pipelined, Use::Fit),
    random(50, 0, Bits::Eight, 96, Tiles::Serial, Use::Fit),
    random(70, 30, Bits::Skewed, 40, Tiles::Serial, Use::Fit),
    random(10, 10, Bits::Skewed, 144, Tiles::Pipelined, Use::Fit),
    random(45, 5, Bits::Skewed, 64, Tiles::Pipelined, Use::Fit),
    random(75, 10, Bits::Eight, 48, Tiles::Serial, Use::Fit),
    random(90, 60, Bits::Eight, 160, Tiles::Pipelined, Use::Fit),
    random(100, 0, Bits::Eight, 160, Tiles::Pipelined, Use::Fit),
    layer(1, 400, 0, Use::HeldOut),
    layer(2, 77, 0, Use::HeldOut),
    layer(5, 20, 0, Use::HeldOut),
    layer(7, 10, 0, Use::HeldOut),
    layer(1, 250, 40, Use::HeldOut),
    layer(2, 50, 60, Use::HeldOut),
    layer(6, 21, 80, Use::HeldOut),
    random(30, 0, Bits::Skewed, 128, Tiles::Pipelined, Use::HeldOut),
    random(80, 0, Bits::Eight, 64, Tiles::Serial, Use::HeldOut),
];

impl Stream {
    /// How much it counts in a fit, beside a random stream.
    pub(crate) const fn weight(&self) -> f64 {
        match self.source {
            Source::Layer(_) => 1.5,
            Source::Random(_) => 1.0,
        }
    }

    /// A name for people.
    pub(crate) fn name(&self) -> String {
        let tiles = match self.tiles {
            Tiles::Pipelined => "",
            Tiles::Serial => ", serial tiles",
        };
        match self.source {
            Source::Layer(layer) if layer.pruned_percent == 0 => format!("layer {}", layer.index),
            Source::Layer(layer) => format!("layer {}, {} % pruned", layer.index, layer.pruned_percent),
            Source::Random(random) => {
                let values = match random.bits {
                    Bits::Eight => "uniform",
                    Bits::Skewed => "mostly small",
                };
                format!(
                    "random, {values}, zeros {} % / {} %, K {}{tiles}",
                    random.zero_activations, random.zero_weights, random.k
                )
            }
        }
    }

    /// One PE of a 4×4 array through at least `n_cycles` of the stream, or as long as the layer lasts.
    pub(crate) fn record(
        &self,
        array: &ArraySpec,
        trace: &Trace,
        n_cycles: usize,
        computed: Computed,
    ) -> anyhow::Result<Vec<Cycle>> {
        let array = array.with_tiles(self.tiles);
        let (k, mut source) = match self.source {
            Source::Layer(layer) => layer.operands(trace, &array)?,
            Source::Random(random) => (random.k, random.operands()),
        };
        sim_testkit::cases::keep_two_of_four(array.pe(), &mut source.weights, k);
        let n_steps = array.pe().n_steps(k);
        let (rows, cols) = (array.rows(), array.cols());
        let n = source.weights.len() / k;
        // Column tiles run inside row tiles. Masked steps are rare in a network: only where tiles are short does the last
        // row of tiles leave the PE that is followed without an output.
        let n_tile_cols = n / cols;
        let n_tile_rows = n_cycles.div_ceil(n_steps.max(rows) * n_tile_cols).max(2);
        let n_missing = if k < SHORT_K { rows - PE.0 } else { 0 };
        let m = (n_tile_rows * rows - n_missing).min(source.activations.len() / k / rows * rows);
        let shape = Gemm::new(m, n, k)?;
        let operands = Operands::new(shape, &source.activations[..m * k], &source.weights[..n * k])?;
        let plan = match computed {
            Computed::All => None,
            Computed::Half => Some(plan_of_half(&array, shape)?),
        };
        let operands = plan.as_ref().map_or(operands, |plan| operands.with_plan(plan));
        let mut cycles = record(&array, &operands, PE.0, PE.1)?;
        cycles.truncate(2 * n_cycles);
        Ok(cycles)
    }
}

/// The tiles of the whole product, in its order, with half of the outputs skipped.
fn plan_of_half(array: &ArraySpec, shape: Gemm) -> anyhow::Result<OutputPlan> {
    let (m, n) = (shape.m(), shape.n());
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[19; 32]);
    let kept: Vec<u8> = (0..m * n)
        .map(|_| u8::from(rng.next_u32().is_multiple_of(2)))
        .collect();
    let outputs = PredictedOutputs::new(shape, &vec![0; m], &kept)?;
    let map = OutputMap { height: m, width: 1 };
    let pixels = PixelSequence::new(PixelOrder::Raster, map, 1, array.rows());
    let channels = ChannelSequence::new(ChannelOrder::Natural, &vec![0; n]);
    Ok(OutputPlan::new(
        array,
        OutputRules::default(),
        outputs,
        &pixels,
        &channels,
    )?)
}

struct Matrices {
    activations: Vec<u8>,
    weights: Vec<i8>,
}

/// Read the trace.
pub(crate) fn trace() -> anyhow::Result<Trace> {
    sim_trace::read(Path::new(TRACE)).with_context(|| TRACE.to_owned())
}

impl Layer {
    /// K, and the operands.
    fn operands(self, trace: &Trace, array: &ArraySpec) -> anyhow::Result<(usize, Matrices)> {
        let layer = trace
            .layers
            .get(self.index)
            .context("the trace has fewer layers")?;
        let lowering = Lowering::of(layer)?;
        let (order, k) = (array.pe().k_order(), lowering.k());
        let image = &layer.input[..lowering.input_len()];
        let activations = lowering.activations(image, layer.zero_point, 0, order).to_vec();
        let mut weights = lowering.weights(&layer.weight, 0, order).into_owned();
        weights.truncate(2 * array.cols() * k);
        let mut by_size: Vec<usize> = (0..weights.len()).collect();
        by_size.sort_by_key(|&place| weights[place].unsigned_abs());
        for &place in &by_size[..weights.len() * self.pruned_percent / 100] {
            weights[place] = 0;
        }
        let activations = activations[self.pixel * k..].to_vec();
        Ok((k, Matrices { activations, weights }))
    }
}

impl Random {
    fn operands(self) -> Matrices {
        let mut seeds = [17; 32];
        let seed = self.zero_activations * 1000 + self.zero_weights;
        seeds[..4].copy_from_slice(&seed.to_le_bytes());
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seeds);
        let mut byte = |zero_percent: u32| -> u8 {
            let [value, shift, ..] = rng.next_u32().to_le_bytes();
            if rng.next_u32() % 100 < zero_percent {
                return 0;
            }
            let shift = match self.bits {
                Bits::Eight => 0,
                Bits::Skewed => shift % 6,
            };
            (value.cast_signed() >> shift).cast_unsigned().max(1)
        };
        // An activation is never negative.
        let mask = match self.bits {
            Bits::Eight => 0xFF,
            Bits::Skewed => 0x7F,
        };
        let activations = (0..64 * 4 * MAX_RANDOM_K).map(|_| byte(self.zero_activations) & mask);
        let activations = activations.collect();
        let weights = (0..8 * MAX_RANDOM_K).map(|_| byte(self.zero_weights).cast_signed());
        Matrices {
            activations,
            weights: weights.collect(),
        }
    }
}
