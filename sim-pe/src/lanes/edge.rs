//! What an operand brings along as it enters an array: everything that depends on no other operand, or, for a SPARQ
//! pair, on its partner alone.

use sim_core::spec::{Pe, Sparq, Threads, WindowPlace};

use crate::nbsmt::{CollisionRule, When};
use crate::operand::{activation_is_narrow, weight_is_narrow};
use crate::{reduce, sparq};

/// An operand is not zero.
pub const NONZERO: usize = 0;
/// An operand is wide.
pub const WIDE: usize = 1;
/// The window changes an activation (2:4: one whose partner is zero).
pub const CHANGED: usize = 2;
/// The window changes an activation whose partner is not zero (2:4).
pub const CHANGED_WITH_PARTNER: usize = 3;
/// What is known of a weight.
pub const N_WEIGHT_BITS: usize = 2;

/// An operand and what it brings along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// As the multiplier takes it where the step reduces nothing, and where it reduces this operand.
    pub words: [i16; 2],
    /// Bits at the places above.
    pub bits: u8,
}

/// How many bits are known of an activation.
pub const fn n_activation_bits(pe: Pe) -> usize {
    match pe {
        Pe::Conventional | Pe::NbSmt(_) => 2,
        Pe::Sparq(_) => 3,
        Pe::SparqStc(_) => 4,
    }
}

/// Whether a PE ever reduces an activation, a weight.
pub fn reduces(pe: Pe) -> [bool; 2] {
    match pe {
        Pe::Conventional | Pe::Sparq(_) => [false, false],
        Pe::NbSmt(rules) => match rules.threads {
            Threads::One => [false, false],
            Threads::Two => CollisionRule::of(rules.policy.base()).two.map(When::ever),
            Threads::Four => [true, true],
        },
        // The window of an activation whose partner is not zero is a reduction.
        Pe::SparqStc(_) => [true, false],
    }
}

/// What reduced operands are multiples of.
pub const fn unit_of_reduced(pe: Pe) -> i16 {
    match pe.windows() {
        None => 16,
        Some(_) => 1,
    }
}

/// Whether a PE holds activations otherwise than it ever multiplies them.
pub const fn hides_given(pe: Pe) -> bool {
    match pe.windows() {
        Some((WindowPlace::Pe, _)) => true,
        Some((WindowPlace::Edge, _)) | None => false,
    }
}

/// Every operand's.
#[derive(Clone, Debug)]
pub struct Edge {
    pe: Pe,
    activations: Vec<Carried>,
    weights: Vec<Carried>,
}

impl Edge {
    /// Find them for a PE.
    pub fn new(pe: Pe) -> Self {
        Self {
            pe,
            activations: (0..=u8::MAX).map(|x| activation(pe, x)).collect(),
            weights: (0..=u8::MAX).map(|w| weight(pe, w.cast_signed())).collect(),
        }
    }

    /// An activation beside its partner, which only a PE with pairs looks at.
    #[inline]
    pub fn activation(&self, x: u8, partner: u8) -> Carried {
        let carried = self.activations[usize::from(x)];
        match self.pe.edge_window() {
            None => carried,
            Some(_) => {
                let Carried { words, bits } = carried;
                let is_partnered = usize::from(partner != 0);
                let changed = bits >> (CHANGED + is_partnered) & 1;
                Carried {
                    words: [words[is_partnered]; 2],
                    bits: bits & 3 | changed << CHANGED,
                }
            }
        }
    }

    /// A weight.
    #[inline]
    pub fn weight(&self, w: i8) -> Carried {
        self.weights[usize::from(w.cast_unsigned())]
    }
}

fn carried(words: [i32; 2], bits: [bool; 4]) -> Carried {
    Carried {
        words: words.map(|word| i16::try_from(word).expect("at most 256")),
        bits: (0..)
            .zip(bits)
            .fold(0, |all, (place, bit)| all | u8::from(bit) << place),
    }
}

fn activation(pe: Pe, x: u8) -> Carried {
    let (is_nonzero, is_wide) = (x != 0, !activation_is_narrow(x));
    match pe {
        Pe::Conventional => carried([i32::from(x); 2], [is_nonzero, is_wide, false, false]),
        Pe::NbSmt(rules) => {
            let reduced = reduce::activation(x, rules.rounding, rules.overflow);
            carried([i32::from(x), reduced], [is_nonzero, is_wide, false, false])
        }
        Pe::Sparq(rules) | Pe::SparqStc(rules) => {
            let kept = windows(x, &rules);
            let changed = kept.map(|kept| kept != x);
            carried(kept.map(i32::from), [is_nonzero, is_wide, changed[0], changed[1]])
        }
    }
}

/// An activation beside a zero, and beside something else.
fn windows(x: u8, rules: &Sparq) -> [u8; 2] {
    [0, 1].map(|partner| sparq::windowed_pair([x, partner], rules)[0])
}

fn weight(pe: Pe, w: i8) -> Carried {
    let bits = [w != 0, !weight_is_narrow(w), false, false];
    match pe {
        Pe::Conventional | Pe::Sparq(_) | Pe::SparqStc(_) => carried([i32::from(w); 2], bits),
        Pe::NbSmt(rules) => {
            let reduced = reduce::weight(w, rules.rounding, rules.overflow);
            carried([i32::from(w), reduced], bits)
        }
    }
}
