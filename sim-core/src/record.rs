//! The record of one simulated product or layer: integers only. Ratios are made in reports.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::busy::BusyMap;
use crate::convolution::LayerKind;
use crate::counters::{Counters, ErrorSums};
use crate::named;
use crate::prediction::{Counts, PlaceMethod};
use crate::quantization::{CodeBits, QuantizationSpec, WeightStep};
use crate::shape::Gemm;
use crate::spec::{ArraySpec, Threads};
use crate::units::Cycles;

named! {
    /// Which engine produced a record.
    pub enum EngineKind {
        /// Closed-form time and integer matrix algebra.
        Algebraic = "algebraic",
        /// Every register, clocked, many PEs at once.
        Stepped = "stepped",
        /// The reference: every register, clocked, PE by PE.
        Clock = "clock",
    }
}

/// One product, or all products of one layer summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRecord {
    /// The shape of one product.
    pub shape: Gemm,
    /// How many products were summed: groups × images (1 × groups where images are folded).
    pub n_products: u64,
    /// Which engine ran.
    pub engine: EngineKind,
    /// The array that ran it (throttled threads included).
    pub array: ArraySpec,
    /// Cycles, summed over products.
    pub cycles: Cycles,
    /// Cycles of the same products on the baseline.
    pub baseline_cycles: Cycles,
    /// Counters, summed over products; the active-thread histogram has the T + 1 entries of the unthrottled array.
    pub counters: Counters,
    /// Error sums; `None` where not asked for.
    pub error: Option<ErrorSums>,
    /// Busy steps of each PE, summed over products; `None` where not asked for.
    pub busy: Option<BusyMap>,
    /// Where outputs are predicted, what the array did with them.
    pub predicted: Option<PredictedRecord>,
}

/// What an array did with predicted outputs, summed over products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictedRecord {
    /// Outputs that are computed without asking.
    pub first: u64,
    /// Not computed.
    pub skipped: u64,
    /// Computed although the prediction skips them: they fill rows up. They count as kept.
    pub filled_up: u64,
    /// Tiles of phases 1 and 2.
    pub tiles: [u64; 2],
    /// Cycles of phases 1 and 2.
    pub cycles: [Cycles; 2],
    /// Cycles between them.
    pub waiting: Cycles,
    /// Cycles if phase 2 had as many tiles as each bound says, waiting included.
    pub compact: Cycles,
    /// The same.
    pub ideal: Cycles,
    /// Cycles if all outputs were computed.
    pub dense: Cycles,
    /// Multiply-adds of the unit that predicts.
    pub predictor_macs: u64,
}

impl AddAssign for PredictedRecord {
    fn add_assign(&mut self, other: Self) {
        let Self {
            first,
            skipped,
            filled_up,
            tiles,
            cycles,
            waiting,
            compact,
            ideal,
            dense,
            predictor_macs,
        } = other;
        self.first += first;
        self.skipped += skipped;
        self.filled_up += filled_up;
        for (sum, tiles) in self.tiles.iter_mut().zip(tiles) {
            *sum += tiles;
        }
        for (sum, cycles) in self.cycles.iter_mut().zip(cycles) {
            *sum += cycles;
        }
        self.waiting += waiting;
        self.compact += compact;
        self.ideal += ideal;
        self.dense += dense;
        self.predictor_macs += predictor_macs;
    }
}

impl ProductRecord {
    /// M·N·K over all products, zeros included.
    pub const fn macs(&self) -> u64 {
        self.shape.macs() * self.n_products
    }

    /// M·N over all products.
    pub const fn n_outputs(&self) -> u64 {
        self.shape.n_outputs() * self.n_products
    }

    /// Outputs that are computed.
    pub fn n_computed(&self) -> u64 {
        self.n_outputs() - self.predicted.map_or(0, |predicted| predicted.skipped)
    }
}

/// One simulated layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRecord {
    /// The layer's name in its network.
    pub name: String,
    /// Groups of the convolution.
    pub groups: usize,
    /// Maps that it read: the images of the workload, or as many times more as it reads maps of an image.
    pub images: usize,
    /// Threads the layer ran with; `None` for SPARQ kinds.
    pub threads: Option<Threads>,
    /// The sums over groups and images.
    pub product: ProductRecord,
    /// What predicted its outputs; `None` where all are computed.
    pub place: Option<PlaceRecord>,
    /// What it was in its network.
    pub kind: LayerKind,
    /// How it became codes; `None` where nobody knows.
    pub quantized: Option<QuantizedRecord>,
}

/// How a layer of a network became codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantizedRecord {
    /// Kurtosis of its FP32 weights; `None` where there is none, or only the codes are known.
    pub kurtosis: Option<f64>,
    /// Bits of its weights.
    pub weight_bits: CodeBits,
    /// Bits of its activations.
    pub activation_bits: CodeBits,
    /// How Δ of its weights was found.
    pub weight_step: WeightStep,
}

impl QuantizedRecord {
    /// Of a layer with weights of this kurtosis.
    pub const fn of(spec: &QuantizationSpec, kurtosis: Option<f64>) -> Self {
        Self {
            kurtosis,
            weight_bits: spec.weight_bits,
            activation_bits: spec.activation_bits,
            weight_step: spec.weight_step,
        }
    }
}

/// What predicted the outputs of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaceRecord {
    /// The method.
    pub method: PlaceMethod,
    /// What the outputs would have been, over all maps; `None` where nobody knows.
    pub counts: Option<Counts>,
}

/// A layer that was not simulated, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsimulatedLayer {
    /// The layer's name in its network.
    pub name: String,
    /// The reason, for a person.
    pub reason: String,
    /// Its MACs over all images, zeros included; null where they are not known.
    #[serde(default)]
    pub macs: Option<u64>,
}
