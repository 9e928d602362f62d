//! The SPARQ PE: two activations a step, each in a window of a few consecutive bits, and its 2:4 sparse variant.

use sim_core::fixed::{Rounding, shift_right_rounded};
use sim_core::spec::{Pairs, Sparq, Window, WindowRounding};

use crate::step::Step;
use sim_core::mutant::{self, Mutant};

/// A window: how many bits it keeps and where it may stand, in ascending order.
struct Placement {
    n_bits: u32,
    shifts: &'static [u32],
}

const fn placement(window: Window) -> Placement {
    match window {
        Window::Opt5 => Placement {
            n_bits: 4,
            shifts: &[0, 1, 2, 3, 4],
        },
        Window::Opt3 => Placement {
            n_bits: 4,
            shifts: &[0, 2, 4],
        },
        Window::Opt2 => Placement {
            n_bits: 4,
            shifts: &[0, 4],
        },
        Window::Opt6 => Placement {
            n_bits: 3,
            shifts: &[0, 1, 2, 3, 4, 5],
        },
        Window::Opt7 => Placement {
            n_bits: 2,
            shifts: &[0, 1, 2, 3, 4, 5, 6],
        },
    }
}

/// The window of an activation whose partner is zero: both budgets.
const fn doubled(window: Window) -> Placement {
    match window {
        Window::Opt5 | Window::Opt3 | Window::Opt2 => Placement {
            n_bits: 8,
            shifts: &[0],
        },
        Window::Opt6 => Placement {
            n_bits: 6,
            shifts: &[0, 1, 2],
        },
        Window::Opt7 => placement(Window::Opt5),
    }
}

/// The bits of `x` that the window keeps, in place.
fn place(x: u8, placement: &Placement, rounding: WindowRounding) -> u8 {
    let value = i32::from(x);
    let limit = (1 << placement.n_bits) - 1;
    // The smallest shift that still covers the leading one; the last one always does.
    let shift = placement
        .shifts
        .iter()
        .copied()
        .find(|shift| value >> shift <= limit)
        .unwrap_or(8 - placement.n_bits);
    let kept = match rounding {
        WindowRounding::Trim => value >> shift,
        WindowRounding::Round if mutant::is_on(Mutant::WindowTie) => (value + ((1 << shift) >> 1)) >> shift,
        WindowRounding::Round => shift_right_rounded(value, shift, Rounding::HalfEven),
    };
    // Rounding up may leave the window: it saturates there and never moves.
    u8::try_from(kept.min(limit) << shift).unwrap_or(u8::MAX)
}

/// One activation by itself.
pub fn windowed(x: u8, window: Window, rounding: WindowRounding) -> u8 {
    place(x, &placement(window), rounding)
}

/// A pair: with pairs on, the partner of a zero uses the bits of both.
pub fn windowed_pair(pair: [u8; 2], rules: &Sparq) -> [u8; 2] {
    let one_is_zero = pair.contains(&0) && !mutant::is_on(Mutant::PairIgnoresPartner);
    match rules.pairs {
        Pairs::On if one_is_zero => pair.map(|x| place(x, &doubled(rules.window), rules.rounding)),
        Pairs::On | Pairs::Off => pair.map(|x| windowed(x, rules.window, rules.rounding)),
    }
}

/// One step: a pair of activations against its weights.
pub fn step(pair: [u8; 2], weights: [i8; 2], rules: &Sparq) -> Step {
    let used = windowed_pair(pair, rules);
    Step {
        product: multiply(used, weights),
        n_active: pair.iter().filter(|&&x| x != 0).count(),
        reduced_activations: n_changed(pair, used),
        reduced_weights: 0,
    }
}

/// One 2:4 step: four activations against four weights of which at most two are not zero.
pub fn stc_step(activations: [u8; 4], weights: [i8; 4], rules: &Sparq) -> Step {
    let selected = select(activations, weights);
    step(selected.activations, selected.weights, rules)
}

/// The two products of a windowed pair.
fn multiply(windowed: [u8; 2], weights: [i8; 2]) -> i32 {
    i32::from(windowed[0]) * i32::from(weights[0]) + i32::from(windowed[1]) * i32::from(weights[1])
}

/// How many of a pair a window changed.
fn n_changed(raw: [u8; 2], windowed: [u8; 2]) -> u32 {
    u32::from(raw[0] != windowed[0]) + u32::from(raw[1] != windowed[1])
}

/// Two weights of four, with their positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// The non-zero weights in order; a missing one is 0.
    pub weights: [i8; 2],
    /// Where they stood, `0..4`; 0 for a missing one.
    pub positions: [u8; 2],
}

/// Keep the first two non-zero weights of four; 2:4 weights have no others.
pub fn compress(weights: [i8; 4]) -> Compressed {
    let mut kept = Compressed::default();
    let nonzero = (0_u8..).zip(weights).filter(|&(_, w)| w != 0);
    for (slot, (position, w)) in nonzero.take(2).enumerate() {
        kept.weights[slot] = w;
        kept.positions[slot] = position;
    }
    kept
}

impl Compressed {
    /// The activations that these weights meet; 0 for a missing weight.
    fn pick(&self, activations: [u8; 4]) -> [u8; 2] {
        let at = |slot: usize| {
            let position = usize::from(self.positions[slot] & 3);
            if self.weights[slot] == 0 {
                0
            } else {
                activations[position]
            }
        };
        [at(0), at(1)]
    }
}

/// The operands of a 2:4 group that meet, in order; missing partners are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// Activations at the positions of the non-zero weights.
    pub activations: [u8; 2],
    /// The non-zero weights.
    pub weights: [i8; 2],
}

/// Select the operands of a 2:4 group.
pub fn select(activations: [u8; 4], weights: [i8; 4]) -> Selected {
    let kept = compress(weights);
    Selected {
        activations: kept.pick(activations),
        weights: kept.weights,
    }
}
