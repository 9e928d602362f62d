//! What changes from step to step, in the registers of the stepped engine.

use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::{Registers, control};
use sim_core::counters::Switching;
use sim_core::units::Cycles;

use crate::oracle::add_lane;

/// Watches every PE's operand registers.
#[derive(Default)]
pub struct SwitchingWatch {
    before: Option<Registers>,
    /// What was seen.
    pub seen: Switching,
}

impl Probe for SwitchingWatch {
    fn cycle(&mut self, _cycle: Cycles, registers: &Registers) {
        if let Some(before) = &self.before {
            for pe in 0..registers.n_pes() {
                let word = registers.control(pe);
                let is_real = word & control::ROW_IS_REAL != 0 && registers.col_is_real(pe);
                // The steps of a tile follow one another without a gap.
                if word & control::VALID == 0 || word & control::FIRST != 0 || !is_real {
                    continue;
                }
                for lane in 0..registers.n_lanes() {
                    add_lane(&mut self.seen, held(before, pe, lane), held(registers, pe, lane));
                }
            }
        }
        self.before = Some(registers.clone());
    }
}

/// The operands that a PE holds in a lane; 2:4 weights stand where they stood in their group.
pub fn held(registers: &Registers, pe: usize, lane: usize) -> (u8, i8) {
    (registers.activation(lane, pe), registers.weight_of_lane(lane, pe))
}
