//! The record of one simulated product or layer: integers only. Ratios are made in reports.

use serde::{Deserialize, Serialize};

use crate::busy::BusyMap;
use crate::counters::{Counters, ErrorSums};
use crate::named;
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
}

/// One simulated layer.
#[derive(Clone, Debug, PartialEq, Eq)]
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
