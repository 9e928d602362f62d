//! The widths of operands.

use crate::mutant::{self, Mutant};

/// Largest activation that four bits hold.
pub const MAX_NARROW_ACTIVATION: u8 = 15;
/// Smallest weight that four bits hold.
pub const MIN_NARROW_WEIGHT: i8 = -8;
/// Largest weight that four bits hold.
pub const MAX_NARROW_WEIGHT: i8 = 7;

/// Whether an activation fits four bits.
#[inline]
pub fn activation_is_narrow(x: u8) -> bool {
    let off_by_one = u8::from(mutant::is_on(Mutant::NarrowActivationLimit));
    x <= MAX_NARROW_ACTIVATION + off_by_one
}

/// Whether a weight fits four bits.
#[inline]
pub fn weight_is_narrow(w: i8) -> bool {
    let off_by_one = i8::from(mutant::is_on(Mutant::NarrowWeightLimit));
    (MIN_NARROW_WEIGHT..=MAX_NARROW_WEIGHT + off_by_one).contains(&w)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_is_what_a_nibble_holds() {
        for x in 0..=u8::MAX {
            assert_eq!(activation_is_narrow(x), x & 0xF == x, "{x}");
        }
        for w in i8::MIN..=i8::MAX {
            // Sign-extending the low nibble gives the weight back.
            assert_eq!(weight_is_narrow(w), (w << 4) >> 4 == w, "{w}");
        }
    }
}
