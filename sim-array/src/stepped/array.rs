//! The array's clock: evaluate everything from the registers as they stand, then commit at the edge.

use std::rc::Rc;

use sim_core::busy::{BusyMap, PeMap};
use sim_core::counters::Counters;
use sim_core::mutant::{self, Mutant};
use sim_core::shape::widen;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_pe::lanes::Lanes;
use sim_simd::HasAvx2;

use super::accounting::Accounting;
use super::drain::Drain;
use super::feed::Feeder;
use super::probe::{Looks, Probe};
use super::registers::{Registers, control, diagonal};
use crate::engine::Operands;
use crate::mapping::TileSequence;

/// An array in the middle of a product.
pub(super) struct Machine<'a> {
    registers: Registers,
    lanes: Lanes,
    tiles: Rc<TileSequence<'a>>,
    feeder: Feeder<'a>,
    drain: Drain<'a>,
    accounting: Accounting,
    /// What the first of several pipeline stages makes in this cycle.
    products: Vec<i32>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        array: &ArraySpec,
        operands: &Operands<'a>,
        tiles: TileSequence<'a>,
        avx2: Option<HasAvx2>,
        pe_map: PeMap,
    ) -> Self {
        let mut registers = Registers::new(array);
        let tiles = Rc::new(tiles);
        let mut feeder = Feeder::new(array, operands, Rc::clone(&tiles));
        // Cycle 0 is the one in which PE (0, 0) executes step 0; loading it is not counted.
        feeder.advance(0, &mut registers);
        Self {
            products: vec![0; registers.accumulators.len()],
            registers,
            lanes: Lanes::new(array.pe(), array.rows(), array.cols(), avx2, pe_map),
            feeder,
            drain: Drain::new(array, operands.shape(), Rc::clone(&tiles)),
            tiles,
            accounting: Accounting::new(array),
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.drain.is_done()
    }

    /// The product, the counters and, where it was asked for, the map of a machine that is done before cycle `now`.
    pub(super) fn finish(self, now: Cycles) -> (Vec<i32>, Counters, Option<BusyMap>) {
        let counters = self.accounting.close(now, &self.lanes.tallies());
        // A bubble or a PE without an output has no active thread, so all busy steps are those of real outputs.
        (self.drain.into_product(), counters, self.lanes.into_map())
    }

    /// One cycle, or several where nothing happens but that operands move and meet: how many there were.
    #[inline(always)]
    pub(super) fn tick<P: Probe>(&mut self, now: Cycles, probe: &mut P) -> Cycles {
        let n_quiet = match P::LOOKS {
            Looks::EveryCycle => match probe.looks_from().0.saturating_sub(now.0) {
                0 => 0,
                n_before => self
                    .n_quiet()
                    .min(usize::try_from(n_before).unwrap_or(usize::MAX)),
            },
            Looks::Never => self.n_quiet(),
        };
        if 0 < n_quiet {
            let (held, accumulators, holds) = self.registers.held_and_accumulators();
            self.lanes.steps(n_quiet, &held, accumulators);
            holds.clear(accumulators);
            self.feeder.pass(n_quiet, &mut self.registers);
            return Cycles(widen(n_quiet));
        }
        self.tick_once(now, probe);
        Cycles(1)
    }

    /// Cycles from this one on in which no tile begins, ends or drains and what enters lies ready.
    #[inline(always)]
    fn n_quiet(&self) -> usize {
        if self.registers.moving.has_edges
            || self.drain.is_draining()
            || 0 < self.registers.n_stages_between()
        {
            0
        } else {
            self.feeder.n_ready()
        }
    }

    #[inline(always)]
    fn tick_once<P: Probe>(&mut self, now: Cycles, probe: &mut P) {
        let registers = &mut self.registers;
        let is_edge = registers.is_at_edge_of_tile();
        if is_edge {
            load_holds(registers, &self.tiles);
        }
        probe.cycle(now, registers);

        // Every PE multiplies what it holds and, at the clock edge, adds it. A bubble's operands are zeros.
        let n_between = if mutant::is_on(Mutant::PipelineIgnored) {
            0
        } else {
            registers.n_stages_between()
        };
        if is_edge {
            self.accounting.count(now, registers);
            clear_firsts(registers, n_between);
        }
        if n_between == 0 {
            let (held, accumulators, holds) = registers.held_and_accumulators();
            self.lanes.steps(1, &held, accumulators);
            holds.clear(accumulators);
        } else {
            self.products.fill(0);
            self.lanes.steps(1, &registers.held(), &mut self.products);
            registers.holds.clear(&mut self.products);
            accumulate_oldest(registers, &mut self.products);
        }

        // Shadows move before they load: one may do both at an edge.
        if is_edge && mutant::is_on(Mutant::EarlyDrain) {
            self.drain.start(registers, n_between);
        }
        self.drain.shift(now, registers, probe);
        if is_edge {
            load_shadows(registers, n_between);
            if !mutant::is_on(Mutant::EarlyDrain) {
                self.drain.start(registers, n_between);
            }
        }

        // Operands move on, and the edges load.
        let n_tiles_left = self.drain.n_tiles_left();
        if self.feeder.starts_anew(n_tiles_left) && !self.drain.is_done() {
            self.accounting.close_tile(now + Cycles(1));
        }
        self.feeder.advance(n_tiles_left, registers);
    }
}

/// The bit of each PE comes with the first operands of a tile.
fn load_holds(registers: &mut Registers, tiles: &TileSequence<'_>) {
    for number in 0..registers.layout.rows + registers.layout.cols - 1 {
        if registers.diagonals(0)[number] & control::FIRST != 0 {
            registers.holds.begin(number, tiles);
        }
    }
}

/// The first step of a tile adds to nothing.
fn clear_firsts(registers: &mut Registers, n_between: usize) {
    if mutant::is_on(Mutant::FirstLost) {
        return;
    }
    let layout = registers.layout;
    for number in 0..layout.rows + layout.cols - 1 {
        if registers.diagonals(n_between)[number] & control::FIRST != 0 {
            for (row, col) in diagonal(&layout, number) {
                registers.accumulators[row * layout.filled_cols + col] = 0;
            }
        }
    }
}

/// What enters the pipeline's middle stages takes the place of what leaves them and is added.
#[inline(always)]
fn accumulate_oldest(registers: &mut Registers, products: &mut Vec<i32>) {
    if let Some(oldest) = registers.stages.last_mut() {
        std::mem::swap(oldest, products);
        registers.stages.rotate_right(1);
    }
    for (accumulator, &product) in registers.accumulators.iter_mut().zip(&*products) {
        *accumulator += product;
    }
}

/// A finished sum goes to the shadow register at the edge that completes it.
fn load_shadows(registers: &mut Registers, n_between: usize) {
    let layout = registers.layout;
    for number in 0..layout.rows + layout.cols - 1 {
        let word = registers.diagonals(n_between)[number];
        if word & control::LAST != 0 {
            for (row, col) in diagonal(&layout, number) {
                let pe = row * layout.filled_cols + col;
                registers.shadows[pe] = registers.accumulators[pe];
                registers.shadow_parities[pe] = word & control::PARITY;
            }
        }
    }
}
