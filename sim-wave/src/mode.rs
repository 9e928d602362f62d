//! What a PE does in a cycle, by the names of the buckets.

use sim_array::stepped::registers::Registers;
use sim_core::named;
use sim_core::spec::Pe;
use sim_pe::step::Step;
use sim_pe::{conventional, nbsmt, sparq};

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
    pub(crate) const fn code(self) -> u64 {
        match self {
            Self::Fill => 0,
            Self::Idle => 1,
            Self::One => 2,
            Self::Two => 3,
            Self::Three => 4,
            Self::Four => 5,
            Self::Masked => 6,
            Self::Stall => 7,
            Self::Drain => 8,
        }
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
    fn activations<const N: usize>(registers: &Registers, pe: usize) -> [u8; N] {
        std::array::from_fn(|lane| registers.activation(lane, pe))
    }
    fn weights<const N: usize>(registers: &Registers, pe: usize) -> [i8; N] {
        std::array::from_fn(|lane| registers.weight_of_lane(lane, pe))
    }
    match kind {
        Pe::Conventional => conventional::step(registers.activation(0, pe), registers.weight(0, pe)),
        Pe::NbSmt(rules) => match registers.n_lanes() {
            1 => nbsmt::step(
                &rules,
                &activations::<1>(registers, pe),
                &weights::<1>(registers, pe),
            ),
            2 => nbsmt::step(
                &rules,
                &activations::<2>(registers, pe),
                &weights::<2>(registers, pe),
            ),
            _ => nbsmt::step(
                &rules,
                &activations::<4>(registers, pe),
                &weights::<4>(registers, pe),
            ),
        },
        // The pair was windowed at the edge. A window leaves no activation zero that was not, and windowed ones as they are.
        Pe::Sparq(rules) => sparq::step(activations(registers, pe), weights(registers, pe), &rules),
        Pe::SparqStc(rules) => sparq::stc_step(activations(registers, pe), weights(registers, pe), &rules),
    }
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
