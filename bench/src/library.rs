//! Calls of the simulator's libraries that are not the command line's.

use sim_array::engine::Operands;
use sim_core::spec::ArraySpec;

/// The product alone, no statistics; `None` while the library has no such call.
pub(crate) const PRODUCT_ONLY: Option<ProductOnly> = None;

/// A product without statistics.
pub(crate) type ProductOnly = fn(&ArraySpec, &Operands<'_>) -> anyhow::Result<Vec<i32>>;
