//! What a PE does in a cycle, by the names of the buckets.

use sim_array::stepped::registers::Registers;
use sim_core::named;
use sim_core::shape::widen;
use sim_core::spec::Pe;
use sim_pe::step::Step;

named! {
    /// The bucket of a PE-cycle, in the order of their codes. Steps of a real output go by their active threads; for the
    /// SPARQ kinds by the activations of the pair that are not zero.
    pub enum Mode {
        /// Before the PE's first step (serial: of this tile).
        Fill = "fill",
        /// A step with no active thread.
        Idle = "idle",
        /// A step with one active thread.
        One = "one",
        /// A step with two active threads.
        Two = "two",
        /// A step with three active threads.
        Three = "three",
        /// A step with four active threads.
        Four = "four",
        /// A step of a tile in which the PE has no output.
        Masked = "masked",
        /// Between two tiles.
        Stall = "stall",
        /// After the PE's last step (serial: of this tile).
        Drain = "drain",
    }
}

impl Mode {
    /// The value in the file.
    pub(crate) fn code(self) -> u64 {
        let is_self = |mode: &Self| *mode == self;
        widen(Self::ALL.iter().position(is_self).unwrap_or_default())
    }

    /// A step of a real output.
    pub(crate) const fn of_active(n_active: usize) -> Self {
        match n_active {
            0 => Self::Idle,
            1 => Self::One,
            2 => Self::Two,
            3 => Self::Three,
            _ => Self::Four,
        }
    }
}

/// What PE `pe` does with the operands that it holds.
pub(crate) fn step(kind: Pe, registers: &Registers, pe: usize) -> Step {
    let lanes = 0..registers.n_lanes();
    // What an edge windowed, a window leaves as it is.
    let activations: Vec<u8> = lanes.clone().map(|lane| registers.activation(lane, pe)).collect();
    let weights: Vec<i8> = lanes.map(|lane| registers.weight_of_lane(lane, pe)).collect();
    Step::of(kind, &activations, &weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_places_in_the_list() {
        for (place, mode) in (0..).zip(Mode::ALL) {
            assert_eq!(mode.code(), place);
        }
    }
}
