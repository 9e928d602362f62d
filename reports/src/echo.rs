//! An array as its file says it, with everything that was left to defaults.

use serde::{Deserialize, Serialize};
use sim_core::pe_keys::PeKeys;
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Dataflow};
use sim_core::units::{Megahertz, count_as_f64};

/// The echo of an array and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayEcho {
    pub(crate) array: ArrayKeys,
    pub(crate) pe: PeKeys,
    blake3: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ArrayKeys {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    dataflow: Dataflow,
    clock_mhz: u32,
    tiles: String,
    batch: String,
}

impl ArrayEcho {
    /// Of a spec.
    pub fn of(spec: &ArraySpec) -> Self {
        let array = ArrayKeys {
            rows: spec.rows(),
            cols: spec.cols(),
            dataflow: spec.dataflow(),
            clock_mhz: spec.clock().0,
            tiles: spec.tiles().name().to_owned(),
            batch: spec.batch().name().to_owned(),
        };
        let pe = PeKeys::of(spec);
        let text = crate::json::text(&(&array, &pe));
        Self {
            array,
            pe,
            blake3: blake3::hash(text.as_bytes()).to_hex().to_string(),
        }
    }

    /// Of the array.
    pub(crate) const fn clock(&self) -> Megahertz {
        Megahertz(self.array.clock_mhz)
    }

    /// MACs for each operand that enters the array at its edges, in ⌈M/R⌉·⌈N/C⌉ tiles.
    pub(crate) fn macs_per_operand(&self, shape: Gemm) -> f64 {
        let ArrayKeys {
            rows, cols, dataflow, ..
        } = self.array;
        let tiles = shape.m().div_ceil(rows) * shape.n().div_ceil(cols);
        let operands = widen(tiles * shape.k()) * dataflow.edge_operands(widen(rows), widen(cols));
        count_as_f64(shape.macs()) / count_as_f64(operands)
    }
}
