//! What an operand brings along as it enters an array: everything that depends on no other operand, or, for a SPARQ
//! pair, on its partner alone.

use sim_core::spec::{Pe, Sparq, Threads, WindowPlace};

use crate::nbsmt::{CollisionRule, When};
use crate::operand::Operand;
use crate::sparq;

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
            activations: u8::all().map(|x| activation(pe, x)).collect(),
            weights: i8::all().map(|w| reducible(pe, w)).collect(),
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
    match pe.windows() {
        None => reducible(pe, x),
        Some((_, rules)) => {
            let kept = windows(x, &rules);
            let changed = kept.map(|kept| kept != x);
            carried(
                kept.map(i32::from),
                [!x.is_zero(), !x.is_narrow(), changed[0], changed[1]],
            )
        }
    }
}

/// An activation beside a zero, and beside something else.
fn windows(x: u8, rules: &Sparq) -> [u8; 2] {
    [0, 1].map(|partner| sparq::windowed_pair([x, partner], rules)[0])
}

/// An operand that threads may reduce.
fn reducible(pe: Pe, operand: impl Operand) -> Carried {
    let given = operand.into();
    let reduced = match pe.nb_smt() {
        Some(rules) => operand.reduced(rules.rounding, rules.overflow),
        None => given,
    };
    carried(
        [given, reduced],
        [!operand.is_zero(), !operand.is_narrow(), false, false],
    )
}
