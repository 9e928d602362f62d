//! The reference clock: the truth for time and registers, slow and obvious.
//!
//! Every register of every PE is a named field, and each cycle is evaluated, then committed (`array.rs`). It knows no
//! formula for cycles, looks nowhere ahead and keeps nothing side by side: it runs until no valid bit is left. It shares
//! with the other engines the arithmetic of one step (`sim-pe`) and which operands meet (`KMap`, `Tiling`), no more.

mod accounting;
pub mod array;
mod drain;
mod edges;
pub mod pe;

use sim_core::record::EngineKind;
use sim_core::spec::{ArraySpec, Tiles};
use sim_core::units::Cycles;

use crate::engine::{Engine, EngineError, Measures, Mse, Operands, Outcome, check_operands, error_sums};
use accounting::Accounting;
use array::{AlwaysReady, Array, Memory};
use pe::Registers;

/// The engine that is the reference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock;

impl Engine for Clock {
    fn kind(&self) -> EngineKind {
        EngineKind::Clock
    }

    fn run(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        measures: Measures,
    ) -> Result<Outcome, EngineError> {
        let mut run = Run::new(array, operands, measures, &AlwaysReady)?;
        while !run.is_done() {
            run.tick();
        }
        Ok(run.finish())
    }
}

/// A product on the reference clock, cycle by cycle.
pub struct Run<'a> {
    array: Array<'a>,
    accounting: Accounting,
    operands: Operands<'a>,
    mse: Mse,
    product: Vec<i32>,
    now: Cycles,
}

impl<'a> Run<'a> {
    /// At the start of cycle 0, in which PE (0, 0) executes step 0 if `memory` has its operands.
    ///
    /// - Errors: as [`Engine::run`].
    pub fn new(
        array: &ArraySpec,
        operands: &Operands<'a>,
        measures: Measures,
        memory: &'a dyn Memory,
    ) -> Result<Self, EngineError> {
        check_operands(array, &operands.into())?;
        Ok(Self {
            array: Array::new(array, operands, memory),
            accounting: Accounting::new(array, measures.pe_map),
            operands: *operands,
            mse: measures.mse,
            product: vec![0; operands.shape().m() * operands.shape().n()],
            now: Cycles(0),
        })
    }

    /// The cycle that comes next.
    pub const fn now(&self) -> Cycles {
        self.now
    }

    /// The registers of PE (r, c) at r·C + c, as they stand in this cycle.
    pub fn registers(&self) -> &[Registers] {
        &self.array.state.pes
    }

    /// Whether no valid bit is left: the last result has left in the cycle before.
    pub fn is_done(&self) -> bool {
        self.array.is_done()
    }

    /// One cycle: evaluate, then commit.
    pub fn tick(&mut self) {
        let wires = self.array.wires();
        let next = self.array.evaluate(self.now, &wires);

        let n = self.operands.shape().n();
        for exit in self.array.exits() {
            let (row, col) = exit.output;
            self.product[row * n + col] = exit.value;
        }
        self.accounting.count(&self.array.state.pes, &wires);
        if self.array.a_tile_leaves() && self.array.spec.tiles() == Tiles::Serial {
            self.accounting.close_tile();
        }

        self.array.state = next;
        self.now += Cycles(1);
    }

    /// What the run gives, when it is done.
    pub fn finish(self) -> Outcome {
        let (counters, busy) = self.accounting.close();
        Outcome {
            error: match self.mse {
                Mse::Measure => Some(error_sums(&self.operands, &self.product)),
                Mse::Skip => None,
            },
            product: self.product,
            cycles: self.now,
            counters,
            busy,
        }
    }
}
