//! The algebraic engine: closed-form time, integer matrix algebra and histograms.
//!
//! NB-SMT and SPARQ never stall on data, so time depends on shapes alone; their arithmetic, though it looks
//! data-dependent at every step, is a sum of a few integer products of transformed operands; and their counters are
//! products of row and column histograms. Everything is exact.

mod busy;
mod code;
mod columns;
mod components;
mod error;
mod operand_map;
mod packed;
mod pattern;
mod plan;
mod planned;
mod product;
mod sparse;
mod sparse_weights;
mod statistics;
mod sums;
#[cfg(test)]
mod tests;
mod weights;
mod windowed;

use std::ops::Range;

use sim_core::busy::PeMap;
use sim_core::counters::{ActiveSteps, Counters, ErrorSums, PeCycles};
use sim_core::record::EngineKind;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, Pe};
use sim_core::units::Cycles;
use sim_simd::integer::Kernels;
use sim_simd::pages;

use busy::Busy;
use components::Known;
use planned::{Dealer, Plans};
use product::Multiplier;
use sim_array::engine::{
    Engine, EngineError, Measures, Mse, Operands, Outcome, StreamedOperands, check_operands,
};
use sim_array::mapping::Schedule;
use statistics::StepStatistics;
use windowed::{RowBlock, Windows};

/// Rows of A that are worked on at a time: whole tiles and whole panels of the kernels, and few enough that what is
/// made of them stays in a cache.
const BLOCK_ROWS: usize = 96;

/// The algebraic engine. It runs every machine of this crate whose time depends on shapes alone.
///
/// One product runs on one thread; tiles, images and layers are the caller's to spread over cores. Beside operands and
/// outputs it holds the packed weights and a block of rows.
#[derive(Debug)]
pub struct Algebraic {
    kernels: Kernels,
    known: Known,
}

impl Default for Algebraic {
    /// On the fastest kernels of this processor.
    fn default() -> Self {
        Self::on(Kernels::fastest())
    }
}

impl Engine for Algebraic {
    fn kind(&self) -> EngineKind {
        EngineKind::Algebraic
    }

    fn run(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        measures: Measures,
    ) -> Result<Outcome, EngineError> {
        self.run_streamed(array, &operands.into(), measures)
    }

    fn run_streamed(
        &self,
        array: &ArraySpec,
        operands: &StreamedOperands<'_>,
        measures: Measures,
    ) -> Result<Outcome, EngineError> {
        check_operands(array, operands)?;
        Ok(self.outcome(array, operands, measures))
    }
}

impl Algebraic {
    /// The engine on these kernels; all give the same outcome.
    pub const fn on(kernels: Kernels) -> Self {
        Self {
            kernels,
            known: Known::new(),
        }
    }

    /// The product alone, without time and counters.
    ///
    /// - Errors: as [`Engine::run`].
    pub fn product_only(
        &self,
        array: &ArraySpec,
        operands: &StreamedOperands<'_>,
    ) -> Result<Vec<i32>, EngineError> {
        check_operands(array, operands)?;
        let (product, _) = self.multiply(array.pe(), operands, Mse::Skip, |_| {});
        Ok(product)
    }

    /// Products by the same weights one after the other, each of `shape`: what [`Engine::run_streamed`] gives for them,
    /// added up, with all their rows of C behind one another. Weights are made ready once.
    /// There is no map of PEs: only each product by itself knows where its rows meet the array's.
    ///
    /// - Shapes: the rows of `operands` are those of all products, in order.
    /// - Errors: as [`Engine::run`].
    ///
    /// # Panics
    /// Where the rows are not those of whole products.
    pub fn run_in_turn(
        &self,
        array: &ArraySpec,
        operands: &StreamedOperands<'_>,
        shape: Gemm,
        mse: Mse,
    ) -> Result<Outcome, EngineError> {
        let all = operands.shape();
        let n_products = all.m() / shape.m();
        assert!(
            all.m() == n_products * shape.m() && (all.n(), all.k()) == (shape.n(), shape.k()),
            "products of another shape"
        );
        let outcome = self.run_streamed(array, operands, mse.into())?;
        // Plans know where their products end.
        if operands.plans().is_empty() {
            return Ok(in_turn(outcome, array, shape, n_products));
        }
        Ok(outcome)
    }
}

/// The outcome of one product as that of `n_products` of `shape` that share its rows. What is counted in steps of outputs is
/// a sum over rows; only time knows where a product ends.
fn in_turn(outcome: Outcome, array: &ArraySpec, shape: Gemm, n_products: usize) -> Outcome {
    let active = outcome.counters.pe_cycles.active;
    let none_active = ActiveSteps::zero(active.counts().len() - 1);
    let mut counters = outcome.counters;
    counters.pe_cycles = PeCycles::zero(active.counts().len() - 1);
    let mut cycles = Cycles::default();
    let schedule = Schedule::new(array, shape);
    for _ in 0..n_products {
        cycles += schedule.cycles();
        counters.pe_cycles += schedule.pe_cycles(none_active);
    }
    counters.pe_cycles.active = active;
    Outcome {
        cycles,
        counters,
        ..outcome
    }
}

impl Algebraic {
    fn outcome(
        &self,
        array: &ArraySpec,
        operands: &StreamedOperands<'_>,
        Measures { mse, pe_map }: Measures,
    ) -> Outcome {
        let shape = operands.shape();
        let plans = Plans::of(operands.plans());
        let mut dealer = plans.map(|plans| Dealer::new(plans, shape));
        let mut tally = StepStatistics::new(self.kernels, array.pe(), shape);
        let mut busy = match pe_map {
            PeMap::Off => None,
            PeMap::Count => Some(Busy::new(self.kernels, array, operands)),
        };
        let (product, error) = self.multiply(array.pe(), operands, mse, |block| {
            match &mut dealer {
                None => tally.add(block),
                Some(dealer) => dealer.deal(&mut tally, block, operands.weights()),
            }
            if let Some(busy) = &mut busy {
                busy.add(block.given);
            }
        });
        let n_places = plans.map(Plans::n_places_by_channel);
        let statistics = tally.finish(operands.weights(), n_places.as_deref());
        let (cycles, pe_cycles) = match plans {
            None => {
                let schedule = Schedule::new(array, shape);
                (schedule.cycles(), schedule.pe_cycles(statistics.active))
            }
            Some(plans) => (plans.cycles(), plans.pe_cycles(statistics.active)),
        };
        Outcome {
            product,
            cycles,
            counters: Counters {
                pe_cycles,
                reduced: statistics.reduced,
                operand_widths: statistics.operand_widths,
                switching: statistics.switching,
            },
            error: match mse {
                Mse::Measure => Some(error),
                Mse::Skip => None,
            },
            busy: busy.map(Busy::finish),
        }
    }

    /// C, `[m, n]`, and its error sums where they are measured; `see` sees every block of rows once, in order.
    fn multiply(
        &self,
        pe: Pe,
        operands: &StreamedOperands<'_>,
        mse: Mse,
        mut see: impl FnMut(RowBlock<'_>),
    ) -> (Vec<i32>, ErrorSums) {
        let (m, n) = (operands.shape().m(), operands.shape().n());
        let mut product = pages::zeros(m * n);
        let mut multiplier = Multiplier::new(self.kernels, pe, &self.known.residue(pe), operands, mse);
        let mut windows = Windows::of(self.kernels, pe, operands.shape().k());
        let mut error = ErrorSums::default();
        let mut buffer = Vec::new();
        let plans = Plans::of(operands.plans());
        for (rows, outputs) in blocks(m).zip(product.chunks_mut(BLOCK_ROWS * n)) {
            let kept = plans.map(|plans| (plans, rows.start));
            let rows = operands.activations().rows(rows, &mut buffer);
            let block = windows.block(rows);
            multiplier.load(block);
            see(block);
            error += multiplier.multiply(block, kept, outputs);
        }
        (product, error)
    }
}

fn blocks(m: usize) -> impl Iterator<Item = Range<usize>> {
    (0..m)
        .step_by(BLOCK_ROWS)
        .map(move |first| first..(first + BLOCK_ROWS).min(m))
}
