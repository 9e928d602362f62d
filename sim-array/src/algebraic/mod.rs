//! The algebraic engine: closed-form time, integer matrix algebra and histograms.
//!
//! NB-SMT and SPARQ never stall on data, so time depends on shapes alone; their arithmetic, though it looks
//! data-dependent at every step, is a sum of a few integer products of transformed operands; and their counters are
//! products of row and column histograms. Everything is exact.

mod code;
mod dense;
mod form;
mod kernels;
mod panels;
mod plan;
mod product;
mod rules;
mod statistics;
#[cfg(test)]
mod tests;
pub mod timing;

use kernels::Kernels;
use sim_core::counters::Counters;
use sim_core::record::EngineKind;
use sim_core::spec::ArraySpec;

use crate::engine::{Engine, EngineError, Mse, Operands, Outcome, check_operands};
use crate::switching;

/// The algebraic engine. It runs every machine of this crate whose time depends on shapes alone.
///
/// One product runs on one thread; tiles, images and layers are the caller's to spread over cores. Beside operands and
/// outputs it holds one packed block along K; measuring the error takes a second matrix of outputs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Algebraic;

impl Engine for Algebraic {
    fn kind(&self) -> EngineKind {
        EngineKind::Algebraic
    }

    fn run(&self, array: &ArraySpec, operands: &Operands<'_>, mse: Mse) -> Result<Outcome, EngineError> {
        check_operands(array, &operands.into())?;
        let shape = operands.shape();
        let kernels = Kernels::fastest();
        let statistics = statistics::statistics(kernels, array.pe(), operands);
        let (product, error) = product::product(kernels, array.pe(), operands, mse);
        Ok(Outcome {
            product,
            cycles: timing::cycles(array, shape),
            counters: Counters {
                pe_cycles: timing::pe_cycles(array, shape, statistics.active),
                reduced: statistics.reduced,
                operand_widths: statistics.operand_widths,
                switching: switching::count(array.pe(), operands),
            },
            error,
        })
    }
}
