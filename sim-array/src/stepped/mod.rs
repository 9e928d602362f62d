//! The fast clock: every register of every PE, many PEs at once. The reference clock (`clock`) says what it must hold in
//! every cycle; this one is written for speed.
//!
//! It changes registers in place, so the order of statements in a tick carries meaning. Operands are laid out cycles
//! ahead, and the array moves by moving a window over them. It knows no closed form for cycles: it runs until the last
//! result has left.

mod accounting;
mod array;
mod drain;
mod feed;
mod holds;
pub mod probe;
pub mod registers;
mod streams;
#[cfg(test)]
mod tests;
mod window;

use sim_core::busy::PeMap;
use sim_core::record::EngineKind;
use sim_core::spec::ArraySpec;
use sim_core::units::Cycles;
use sim_simd::HasAvx2;
use sim_simd::integer::Kernels;

use crate::engine::{Engine, EngineError, Measures, Operands, Outcome, check_operands, error_of};
use crate::mapping::{TileSequence, Tiling};
use crate::phases;
use crate::switching;
use probe::{NoProbe, Probe};

/// The engine that clocks registers.
#[derive(Clone, Copy, Debug)]
pub struct Stepped {
    avx2: Option<HasAvx2>,
}

impl Default for Stepped {
    /// On the fastest kernels of this processor.
    fn default() -> Self {
        Self::on(Kernels::fastest())
    }
}

impl Stepped {
    /// The engine where products run on these kernels; all give the same outcome.
    pub const fn on(kernels: Kernels) -> Self {
        Self { avx2: kernels.avx2() }
    }

    /// Run a product and let `probe` see every cycle. Where outputs are predicted, each phase has a cycle 0 of its own.
    ///
    /// - Errors: as [`Engine::run`].
    pub fn run_probed<P: Probe>(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        measures: Measures,
        probe: &mut P,
    ) -> Result<Outcome, EngineError> {
        run_with(self.avx2, array, operands, measures, probe)
    }

    /// Clock a product for `probe` alone, until it has seen enough or the last result has left. All outputs are computed,
    /// whatever is planned.
    ///
    /// - Errors: as [`Engine::run`].
    pub fn watch<P: Probe>(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        probe: &mut P,
    ) -> Result<(), EngineError> {
        check_operands(array, &operands.into())?;
        let tiles = TileSequence::All(Tiling::new(array, operands.shape()));
        self.watch_tiles(array, operands, tiles, probe);
        Ok(())
    }

    /// The same of some tiles, which there must be; operands are checked.
    pub(crate) fn watch_tiles<P: Probe>(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        tiles: TileSequence<'_>,
        probe: &mut P,
    ) {
        let mut machine = array::Machine::new(array, operands, tiles, self.avx2, PeMap::Off);
        let mut now = Cycles(0);
        while !machine.is_done() && !probe.has_seen_enough() {
            now += machine.tick(now, probe);
        }
    }
}

/// Run a product, with AVX2 where there is proof of it.
fn run_with<P: Probe>(
    avx2: Option<HasAvx2>,
    array: &ArraySpec,
    operands: &Operands<'_>,
    measures: Measures,
    probe: &mut P,
) -> Result<Outcome, EngineError> {
    check_operands(array, &operands.into())?;
    let mut outcome = phases::run(array, operands, measures, |tiles, measures| {
        run_tiles(avx2, array, operands, tiles, measures, probe)
    });
    outcome.counters.switching = switching::count(array.pe(), operands);
    Ok(outcome)
}

/// Run some tiles, which there must be.
fn run_tiles<P: Probe>(
    avx2: Option<HasAvx2>,
    array: &ArraySpec,
    operands: &Operands<'_>,
    tiles: TileSequence<'_>,
    measures: Measures,
    probe: &mut P,
) -> Outcome {
    let mut machine = array::Machine::new(array, operands, tiles, avx2, measures.pe_map);
    let cycles = match avx2 {
        Some(found) => found.vectorized(
            #[inline(always)]
            || clock(&mut machine, probe),
        ),
        None => clock(&mut machine, probe),
    };
    let (product, counters, busy) = machine.finish(cycles);
    Outcome {
        error: error_of(operands, &product, measures.mse),
        product,
        cycles,
        counters,
        busy,
    }
}

impl Engine for Stepped {
    fn kind(&self) -> EngineKind {
        EngineKind::Stepped
    }

    fn run(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        measures: Measures,
    ) -> Result<Outcome, EngineError> {
        self.run_probed(array, operands, measures, &mut NoProbe)
    }
}

/// Tick until the last result has left.
#[inline(always)]
fn clock<P: Probe>(machine: &mut array::Machine<'_>, probe: &mut P) -> Cycles {
    let mut cycles = Cycles(0);
    while !machine.is_done() {
        cycles += machine.tick(cycles, probe);
    }
    cycles
}
