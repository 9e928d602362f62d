//! What a PE does in a cycle, by the names of the books.

use sim_array::stepped::registers::Registers;
use sim_core::spec::Pe;
use sim_pe::step::Step;
use sim_pe::{conventional, nbsmt, sparq};

/// The bucket of a PE-cycle. Steps of a real output go by their active threads; for the SPARQ kinds by the activations of
/// the pair that are not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Before the PE's first step (serial: of this tile).
    Fill,
    /// A step with no active thread.
    Idle,
    /// A step with one active thread.
    One,
    /// A step with two active threads.
    Two,
    /// A step with three active threads.
    Three,
    /// A step with four active threads.
    Four,
    /// A step of a tile in which the PE has no output.
    Masked,
    /// Between two tiles.
    Stall,
    /// After the PE's last step (serial: of this tile).
    Drain,
}

impl Mode {
    /// Every mode, in the order of their codes.
    pub const ALL: [Self; 9] = [
        Self::Fill,
        Self::Idle,
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
        Self::Masked,
        Self::Stall,
        Self::Drain,
    ];

    /// The name that a viewer shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Idle => "idle",
            Self::One => "one",
            Self::Two => "two",
            Self::Three => "three",
            Self::Four => "four",
            Self::Masked => "masked",
            Self::Stall => "stall",
            Self::Drain => "drain",
        }
    }

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
