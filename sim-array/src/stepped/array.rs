//! The array's clock: evaluate everything from the registers as they stand, then commit at the edge.

use sim_core::counters::Counters;
use sim_core::spec::{ArraySpec, Pe};
use sim_core::units::Cycles;
use sim_pe::lanes::Lanes;
use sim_pe::mutant::{self, Mutant};

use super::books::Books;
use super::compute::evaluate;
use super::drain::Drain;
use super::feed::Feeder;
use super::probe::Probe;
use super::registers::{Registers, control};
use crate::engine::Operands;

/// An array in the middle of a product.
pub(super) struct Machine<'a> {
    registers: Registers,
    pe: Pe,
    feeder: Feeder<'a>,
    drain: Drain,
    books: Books,
    /// What the first pipeline stage makes in this cycle, and the control words that go with it.
    steps: Lanes,
    controls: Vec<u8>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(array: &ArraySpec, operands: &Operands<'a>) -> Self {
        let n_pes = array.rows() * array.cols();
        let mut registers = Registers::new(array);
        let mut feeder = Feeder::new(array, operands);
        // Cycle 0 is the one in which PE (0, 0) executes step 0; loading it is not counted.
        feeder.advance(0, &mut registers);
        Self {
            registers,
            pe: array.pe(),
            feeder,
            drain: Drain::new(array, operands.shape()),
            books: Books::new(array),
            steps: Lanes::new(n_pes),
            controls: vec![0; n_pes],
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.drain.is_done()
    }

    pub(super) fn finish(mut self) -> (Vec<i32>, Counters) {
        (self.drain.into_product(), self.books.close(&mut self.steps))
    }

    /// One cycle.
    #[inline(always)]
    pub(super) fn tick<P: Probe>(&mut self, now: Cycles, probe: &mut P) {
        let registers = &mut self.registers;
        probe.cycle(now, registers);

        // Evaluate: every PE multiplies what it holds.
        evaluate(self.pe, registers, &mut self.steps);
        self.books.count(registers, &mut self.steps);
        self.controls.copy_from_slice(&registers.control);

        // Commit, at the clock edge. Shadows move before they load: one may do both in a cycle.
        if !mutant::is_on(Mutant::PipelineIgnored) {
            pass_pipeline(registers, &mut self.steps.products, &mut self.controls);
        }
        let bottom_row = &self.controls[self.controls.len() - registers.cols()..];
        if mutant::is_on(Mutant::EarlyDrain) {
            self.drain.start(registers.rows(), bottom_row);
        }
        self.drain.shift(now, registers, probe);
        accumulate(registers, &self.steps.products, &self.controls);
        if !mutant::is_on(Mutant::EarlyDrain) {
            self.drain.start(registers.rows(), bottom_row);
        }

        // Operands move on, and the edges load.
        registers.move_operands();
        let n_tiles_left = self.drain.n_tiles_left();
        if self.feeder.starts_anew(n_tiles_left) && !self.drain.is_done() {
            self.books.close_tile();
        }
        self.feeder.advance(n_tiles_left, registers);
    }
}

/// Swap what enters the pipeline's middle stages with what leaves them.
fn pass_pipeline(registers: &mut Registers, products: &mut Vec<i32>, controls: &mut Vec<u8>) {
    if let Some((oldest_products, oldest_controls)) = registers.pipeline.last_mut() {
        std::mem::swap(oldest_products, products);
        std::mem::swap(oldest_controls, controls);
        registers.pipeline.rotate_right(1);
    }
}

/// The last pipeline stage: add, and hand a finished sum to the shadow register at the same edge.
#[inline(always)]
fn accumulate(registers: &mut Registers, products: &[i32], controls: &[u8]) {
    let keeps_sum = mutant::is_on(Mutant::FirstLost);
    let sums = registers.accumulators.iter_mut().zip(products).zip(controls);
    let mut any = 0;
    for ((accumulator, &product), &word) in sums {
        let kept = if word & control::FIRST != 0 && !keeps_sum {
            0
        } else {
            *accumulator
        };
        let added = if word & control::VALID != 0 { product } else { 0 };
        *accumulator = kept + added;
        any |= word;
    }
    if any & control::LAST == 0 {
        return;
    }
    let shadows = registers.shadows.iter_mut().zip(&mut registers.shadow_parities);
    for (((shadow, parity), &sum), &word) in shadows.zip(&registers.accumulators).zip(controls) {
        if word & control::LAST != 0 {
            *shadow = sum;
            *parity = word & control::PARITY;
        }
    }
}
