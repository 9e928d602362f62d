//! The reference clock: the truth for time and registers, slow and obvious.
//!
//! Every register of every PE is a named field, and each cycle is evaluated, then committed (`array.rs`). It knows no
//! formula for cycles, looks nowhere ahead and keeps nothing side by side: it runs until no valid bit is left. It shares
//! with the other engines the arithmetic of one step (`sim-pe`) and which operands meet (`KMap`, `TileSequence`), no more.

mod accounting;
pub mod array;
mod drain;
mod edges;
pub mod pe;

use sim_core::record::EngineKind;
use sim_core::spec::{ArraySpec, Tiles};
use sim_core::units::Cycles;

use crate::engine::{Engine, EngineError, Measures, Mse, Operands, Outcome, check_operands, error_of};
use crate::mapping::{TileSequence, Tiling};
use crate::phases;
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
        check_operands(array, &operands.into())?;
        Ok(phases::run(array, operands, measures, |tiles, measures| {
            let run = Run::of_tiles(array, operands, tiles, measures, &AlwaysReady);
            run.finished()
        }))
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
    /// At the start of cycle 0, in which PE (0, 0) executes step 0 if `memory` has its operands. All outputs are computed,
    /// whatever is planned.
    ///
    /// - Errors: as [`Engine::run`].
    pub fn new(
        array: &ArraySpec,
        operands: &Operands<'a>,
        measures: Measures,
        memory: &'a dyn Memory,
    ) -> Result<Self, EngineError> {
        check_operands(array, &operands.into())?;
        let tiles = TileSequence::All(Tiling::new(array, operands.shape()));
        Ok(Self::of_tiles(array, operands, tiles, measures, memory))
    }

    /// The same of some tiles, which there must be; operands are checked.
    pub(crate) fn of_tiles(
        array: &ArraySpec,
        operands: &Operands<'a>,
        tiles: TileSequence<'a>,
        measures: Measures,
        memory: &'a dyn Memory,
    ) -> Self {
        Self {
            array: Array::new(array, operands, tiles, memory),
            accounting: Accounting::new(array, measures.pe_map),
            operands: *operands,
            mse: measures.mse,
            product: vec![0; operands.shape().m() * operands.shape().n()],
            now: Cycles(0),
        }
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

    /// What the run gives, after all that is left of it.
    pub fn finished(mut self) -> Outcome {
        while !self.is_done() {
            self.tick();
        }

        let (counters, busy) = self.accounting.close();
        Outcome {
            error: error_of(&self.operands, &self.product, self.mse),
            product: self.product,
            cycles: self.now,
            counters,
            busy,
        }
    }
}
