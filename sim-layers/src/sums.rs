//! Records of a layer's products while they are summed.

use sim_core::counters::Counters;
use sim_core::record::{EngineKind, ProductRecord};
use sim_core::shape::Gemm;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;

/// No product of this shape yet, on `array`, which is `built` with the layer's own rules.
pub(crate) fn none(engine: EngineKind, array: ArraySpec, built: &ArraySpec, shape: Gemm) -> ProductRecord {
    ProductRecord {
        shape,
        n_products: 0,
        engine,
        array,
        cycles: Cycles::default(),
        baseline_cycles: Cycles::default(),
        counters: Counters::zero(built.pe().max_active()),
        error: None,
        busy: None,
        predicted: None,
    }
}

/// Add other products of the shape, without their maps.
pub(crate) fn add(sums: &mut ProductRecord, other: &ProductRecord) {
    if let Some(predicted) = other.predicted {
        *sums.predicted.get_or_insert_default() += predicted;
    }
    sums.n_products += other.n_products;
    sums.cycles += other.cycles;
    sums.baseline_cycles += other.baseline_cycles;
    sums.counters += other.counters;
    if let Some(error) = other.error {
        *sums.error.get_or_insert_default() += error;
    }
}
