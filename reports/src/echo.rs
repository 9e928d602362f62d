//! An array as its file says it, with everything that was left to defaults.

use serde::{Deserialize, Serialize};
use sim_core::pe_keys::PeKeys;
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, Dataflow};
use sim_core::units::{Megahertz, count_as_f64};

use crate::frame::Value;

/// The echo of an array and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayEcho {
    array: ArrayKeys,
    pe: PeKeys,
    blake3: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ArrayKeys {
    rows: usize,
    cols: usize,
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
}

impl ArrayEcho {
    /// The value of a key of [`crate::stored::MACHINE_COLUMNS`]; null where this machine does not have it.
    pub(crate) fn value(&self, key: &str) -> Value {
        match key {
            "pe.kind" => self.pe.kind.as_str().into(),
            "pe.threads" => self.pe.threads.into(),
            "pe.policy" => self.pe.policy.as_deref().into(),
            "pe.window" => self.pe.window.as_deref().into(),
            "array.rows" => self.array.rows.into(),
            "array.cols" => self.array.cols.into(),
            _ => Value::Null,
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
