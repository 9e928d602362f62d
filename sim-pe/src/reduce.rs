//! The reduction of a wide operand to four bits: `round(x / 16) · 16`.

use sim_core::fixed::{Overflow, Rounding, shift_right_rounded};

use crate::mutant::{self, Mutant};

/// An activation as a multiple of 16: 0..=240 saturated, 0..=256 extended.
#[inline]
pub fn activation(x: u8, rounding: Rounding, overflow: Overflow) -> i32 {
    let nibble = shift_right_rounded(i32::from(x), 4, in_force(rounding));
    match overflow {
        Overflow::Saturate if !mutant::is_on(Mutant::NoSaturation) => nibble.min(15) * 16,
        Overflow::Saturate | Overflow::Extend => nibble * 16,
    }
}

/// A weight as a multiple of 16: -128..=112 saturated, -128..=128 extended.
#[inline]
pub fn weight(w: i8, rounding: Rounding, overflow: Overflow) -> i32 {
    let nibble = shift_right_rounded(i32::from(w), 4, in_force(rounding));
    match overflow {
        Overflow::Saturate if !mutant::is_on(Mutant::NoSaturation) => nibble.min(7) * 16,
        Overflow::Saturate | Overflow::Extend => nibble * 16,
    }
}

fn in_force(rounding: Rounding) -> Rounding {
    if mutant::is_on(Mutant::FloorForHalfEven) {
        Rounding::Floor
    } else {
        rounding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Overflow::{Extend, Saturate};
    use Rounding::{Floor, HalfEven};

    #[test]
    fn activation_table() {
        #[track_caller]
        fn check(x: u8, rounding: Rounding, overflow: Overflow, want: i32) {
            assert_eq!(
                activation(x, rounding, overflow),
                want,
                "reduce({x}) {rounding:?} {overflow:?}"
            );
        }
        check(8, HalfEven, Saturate, 0); // 0.5: the tie goes to even.
        check(9, HalfEven, Saturate, 16); // Narrow operands round too.
        check(24, HalfEven, Saturate, 32); // 1.5: up to even.
        check(40, HalfEven, Saturate, 32); // 2.5: down to even.
        check(247, HalfEven, Saturate, 240); // Largest that does not overflow.
        check(248, HalfEven, Saturate, 240); // 15.5 would be 16: clamped.
        check(248, HalfEven, Extend, 256); // Not clamped.
        check(255, HalfEven, Extend, 256);
        check(255, Floor, Saturate, 240); // Floor never overflows.
        check(31, Floor, Extend, 16);
    }

    #[test]
    fn weight_table() {
        #[track_caller]
        fn check(w: i8, rounding: Rounding, overflow: Overflow, want: i32) {
            assert_eq!(
                weight(w, rounding, overflow),
                want,
                "reduce({w}) {rounding:?} {overflow:?}"
            );
        }
        check(-1, Floor, Saturate, -16); // Floor is towards minus infinity.
        check(-1, HalfEven, Saturate, 0);
        check(-8, HalfEven, Saturate, 0); // -0.5: to even.
        check(-24, HalfEven, Saturate, -32); // -1.5: to even.
        check(-40, HalfEven, Saturate, -32); // -2.5: to even.
        check(119, HalfEven, Saturate, 112); // 7.4.
        check(120, HalfEven, Saturate, 112); // 7.5 would be 8: clamped.
        check(120, HalfEven, Extend, 128);
        check(127, HalfEven, Extend, 128);
        check(127, Floor, Extend, 112);
        check(-128, HalfEven, Saturate, -128); // The negative end fits.
        check(-121, HalfEven, Saturate, -128);
    }

    /// The nearest multiple of 16 by search: of two equally near ones the multiple of 32.
    fn nearest(value: i32) -> i32 {
        (-9..=17)
            .map(|nibble| nibble * 16)
            .min_by_key(|multiple| ((multiple - value).abs(), multiple.rem_euclid(32)))
            .expect("the range is not empty")
    }

    #[test]
    fn every_operand_against_a_search() {
        for x in 0..=u8::MAX {
            let value = i32::from(x);
            assert_eq!(activation(x, HalfEven, Extend), nearest(value), "{x}");
            assert_eq!(activation(x, HalfEven, Saturate), nearest(value).min(240), "{x}");
            for overflow in Overflow::ALL {
                assert_eq!(
                    activation(x, Floor, overflow),
                    value - value.rem_euclid(16),
                    "{x}"
                );
            }
        }
        for w in i8::MIN..=i8::MAX {
            let value = i32::from(w);
            assert_eq!(weight(w, HalfEven, Extend), nearest(value), "{w}");
            assert_eq!(weight(w, HalfEven, Saturate), nearest(value).min(112), "{w}");
            for overflow in Overflow::ALL {
                assert_eq!(weight(w, Floor, overflow), value - value.rem_euclid(16), "{w}");
            }
        }
    }
}
