//! Operands of eight bits: whether they are signed, how wide they are, and what four bits make of them.

use sim_core::fixed::{Overflow, Rounding, shift_right_rounded};

use sim_core::mutant::{self, Mutant};

/// An operand of the multiplier. Its type says whether it is signed, and no other code does: `u8` is what a ReLU leaves,
/// `i8` a weight.
pub trait Operand: Copy + Default + PartialEq + Into<i32> {
    /// The operand of a byte, which is its code.
    fn of_code(code: u8) -> Self;

    /// Whether four bits hold it: 0..=15, signed -8..=7.
    fn is_narrow(self) -> bool;

    /// Reduced to four bits, `round(x / 16) · 16`: 0..=240 saturated and 0..=256 extended, signed -128..=112 and
    /// -128..=128.
    fn reduced(self, rounding: Rounding, overflow: Overflow) -> i32;

    /// Whether it is zero.
    #[inline]
    fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// All of them, by code.
    fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).map(Self::of_code)
    }
}

impl Operand for u8 {
    #[inline]
    fn of_code(code: u8) -> Self {
        code
    }

    #[inline]
    fn is_narrow(self) -> bool {
        let off_by_one = Self::from(mutant::is_on(Mutant::NarrowActivationLimit));
        self <= 15 + off_by_one
    }

    #[inline]
    fn reduced(self, rounding: Rounding, overflow: Overflow) -> i32 {
        reduce(self.into(), 15, rounding, overflow)
    }
}

impl Operand for i8 {
    #[inline]
    fn of_code(code: u8) -> Self {
        code.cast_signed()
    }

    #[inline]
    fn is_narrow(self) -> bool {
        let off_by_one = Self::from(mutant::is_on(Mutant::NarrowWeightLimit));
        (-8..=7 + off_by_one).contains(&self)
    }

    #[inline]
    fn reduced(self, rounding: Rounding, overflow: Overflow) -> i32 {
        reduce(self.into(), 7, rounding, overflow)
    }
}

/// The nearest multiple of 16; `max_nibble` is the largest that four bits hold. The smallest is never passed.
#[inline]
fn reduce(value: i32, max_nibble: i32, rounding: Rounding, overflow: Overflow) -> i32 {
    let rounding = if mutant::is_on(Mutant::FloorForHalfEven) {
        Rounding::Floor
    } else {
        rounding
    };
    let nibble = shift_right_rounded(value, 4, rounding);
    match overflow {
        Overflow::Saturate if !mutant::is_on(Mutant::NoSaturation) => nibble.min(max_nibble) * 16,
        Overflow::Saturate | Overflow::Extend => nibble * 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Overflow::{Extend, Saturate};
    use Rounding::{Floor, HalfEven};

    #[test]
    fn narrow_is_what_a_nibble_holds() {
        for x in u8::all() {
            assert_eq!(x.is_narrow(), x & 0xF == x, "{x}");
        }
        for w in i8::all() {
            // Sign-extending the low nibble gives the operand back.
            assert_eq!(w.is_narrow(), (w << 4) >> 4 == w, "{w}");
        }
    }

    #[track_caller]
    fn check(operand: impl Operand, rounding: Rounding, overflow: Overflow, want: i32) {
        let value: i32 = operand.into();
        assert_eq!(
            operand.reduced(rounding, overflow),
            want,
            "reduce({value}) {rounding:?} {overflow:?}"
        );
    }

    #[test]
    fn unsigned_table() {
        check(8_u8, HalfEven, Saturate, 0); // 0.5: the tie goes to even.
        check(9_u8, HalfEven, Saturate, 16); // Narrow operands round too.
        check(24_u8, HalfEven, Saturate, 32); // 1.5: up to even.
        check(40_u8, HalfEven, Saturate, 32); // 2.5: down to even.
        check(247_u8, HalfEven, Saturate, 240); // Largest that does not overflow.
        check(248_u8, HalfEven, Saturate, 240); // 15.5 would be 16: clamped.
        check(248_u8, HalfEven, Extend, 256); // Not clamped.
        check(255_u8, HalfEven, Extend, 256);
        check(255_u8, Floor, Saturate, 240); // Floor never overflows.
        check(31_u8, Floor, Extend, 16);
    }

    #[test]
    fn signed_table() {
        check(-1_i8, Floor, Saturate, -16); // Floor is towards minus infinity.
        check(-1_i8, HalfEven, Saturate, 0);
        check(-8_i8, HalfEven, Saturate, 0); // -0.5: to even.
        check(-24_i8, HalfEven, Saturate, -32); // -1.5: to even.
        check(-40_i8, HalfEven, Saturate, -32); // -2.5: to even.
        check(119_i8, HalfEven, Saturate, 112); // 7.4.
        check(120_i8, HalfEven, Saturate, 112); // 7.5 would be 8: clamped.
        check(120_i8, HalfEven, Extend, 128);
        check(127_i8, HalfEven, Extend, 128);
        check(127_i8, Floor, Extend, 112);
        check(-128_i8, HalfEven, Saturate, -128); // The negative end fits.
        check(-121_i8, HalfEven, Saturate, -128);
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
        fn check_all<O: Operand>(largest: i32) {
            for operand in O::all() {
                let value: i32 = operand.into();
                check(operand, HalfEven, Extend, nearest(value));
                check(operand, HalfEven, Saturate, nearest(value).min(largest));
                for overflow in Overflow::ALL {
                    check(operand, Floor, overflow, value - value.rem_euclid(16));
                }
            }
        }
        check_all::<u8>(240);
        check_all::<i8>(112);
    }
}
