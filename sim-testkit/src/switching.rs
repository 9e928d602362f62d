//! What changes from step to step, twice: bit by bit from the definition, and from the registers of the stepped engine.

use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::{Registers, control};
use sim_core::counters::Switching;
use sim_core::units::Cycles;

/// Add a lane's way from one step to the next, bit by bit.
pub fn add_lane(switching: &mut Switching, before: (u8, i8), now: (u8, i8)) {
    let bit = |value: u8, index: u8| value >> index & 1 == 1;
    let (x, w) = (
        (before.0, now.0),
        (before.1.cast_unsigned(), now.1.cast_unsigned()),
    );
    for i in 0..8 {
        if bit(x.0, i) != bit(x.1, i) {
            switching.activation_bits += 1;
            switching.live_activation_bits += u64::from(w.0 != 0 || w.1 != 0);
        }
        if bit(w.0, i) != bit(w.1, i) {
            switching.weight_bits += 1;
            switching.live_weight_bits += u64::from(x.0 != 0 || x.1 != 0);
        }
        for j in 0..8 {
            let product_before = bit(x.0, i) && bit(w.0, j);
            let product_now = bit(x.1, i) && bit(w.1, j);
            switching.partial_product_bits += u64::from(product_before != product_now);
        }
    }
    switching.lane_edges += u64::from((x.0 != 0 && w.0 != 0) != (x.1 != 0 && w.1 != 0));
}

/// Watches every PE's operand registers.
#[derive(Default)]
pub struct Watch {
    before: Option<Registers>,
    /// What was seen.
    pub seen: Switching,
}

impl Probe for Watch {
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
