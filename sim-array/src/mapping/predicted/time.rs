//! Cycles and PE-cycles of a plan.

use sim_core::counters::{ActiveSteps, PeCycles};
use sim_core::mutant::{self, Mutant};
use sim_core::prediction::OutputBound;
use sim_core::shape::widen;
use sim_core::units::Cycles;

use super::{OutputPhase, OutputPlan};
use crate::mapping::Schedule;

/// When the phases of a product run: phase 1, a wait, phase 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredictedTime {
    /// Tiles of phases 1 and 2.
    pub tiles: [u64; 2],
    /// Cycles of phases 1 and 2, each of a product of its own; 0 without tiles.
    pub cycles: [Cycles; 2],
    /// Cycles between them in which the array waits for the predictor.
    pub waiting: Cycles,
}

impl PredictedTime {
    /// Cycles of the product, waiting included.
    pub fn total(&self) -> Cycles {
        let [first, free] = self.cycles;
        let mut total = first + self.waiting + free;
        if mutant::is_on(Mutant::PhasesOverlap) {
            total.0 -= u64::from(!self.tiles.contains(&0));
        }
        total
    }
}

impl OutputPlan {
    /// When each PE does what in a phase, from the phase's own cycle 0 on.
    pub fn schedule(&self, phase: OutputPhase) -> Schedule {
        let (k, n_outputs) = (self.outputs().shape().k(), self.phase(phase).n_outputs);
        Schedule::of_tiles(&self.array, k, self.n_tiles(phase), n_outputs)
    }

    /// Tiles and cycles of the product.
    ///
    /// - Phase 2 begins when phase 1 has ended and the predictor is ready, which has looked at all M·N outputs since cycle 0.
    ///   Nothing is waited for where a phase has no tiles.
    pub fn time(&self) -> PredictedTime {
        self.time_with(self.n_tiles(OutputPhase::Free))
    }

    /// Tiles and cycles as if phase 2 had as few tiles as a bound says.
    pub fn bound_time(&self, bound: OutputBound) -> PredictedTime {
        self.time_with(self.bound(bound))
    }

    fn time_with(&self, n_free: u64) -> PredictedTime {
        let shape = self.outputs().shape();
        let n_computed = self.n_computed(OutputPhase::Free);
        let first = self.schedule(OutputPhase::First).cycles();
        let free = Schedule::of_tiles(&self.array, shape.k(), n_free, n_computed).cycles();
        let tiles = [self.n_tiles(OutputPhase::First), n_free];
        let decided = self.rules.predictor_lanes.cycles(shape.n_outputs());
        PredictedTime {
            tiles,
            cycles: [first, free],
            waiting: if tiles.contains(&0) {
                Cycles(0)
            } else if mutant::is_on(Mutant::WaitingPerTile) {
                Cycles(decided.0.saturating_sub(first.0) * n_free)
            } else {
                Cycles(decided.0.saturating_sub(first.0))
            },
        }
    }

    /// Every PE-cycle, given the steps of computed outputs by active threads.
    ///
    /// - Units: PE-cycles; they add up to `R·C·cycles`.
    /// - Errors: none; `active` must count the S steps of each computed output.
    pub fn pe_cycles(&self, active: ActiveSteps) -> PeCycles {
        let n_steps = widen(self.array.pe().n_steps(self.outputs().shape().k()));
        let mut sums = PeCycles {
            active,
            waiting: self.array.n_pes() * self.time().waiting.0,
            ..PeCycles::zero(0)
        };
        for phase in OutputPhase::ALL {
            sums += PeCycles {
                skipped: self.n_idle(phase) * n_steps,
                ..self.schedule(phase).pe_cycles(ActiveSteps::zero(0))
            };
        }
        sums
    }
}
