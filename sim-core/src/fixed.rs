//! The rounding and overflow rules of fixed-point numbers; the PEs and the quantizer both use these.

use crate::named;

named! {
    /// How a wide operand is rounded to a multiple of 16.
    pub enum Rounding {
        /// To the nearest multiple; a tie goes to the even one.
        HalfEven = "half-even",
        /// Towards minus infinity.
        Floor = "floor",
    }
}

named! {
    /// What happens to a nibble that rounding pushed out of its four bits.
    pub enum Overflow {
        /// The nibble is clamped: activations to at most 240, weights to at most 112.
        Saturate = "saturate",
        /// No clamp, as the authors' functional model computes; four bits cannot hold it.
        Extend = "extend",
    }
}

/// `value / 2^shift` rounded, for `shift` in `0..=16`.
pub const fn shift_right_rounded(value: i32, shift: u32, rounding: Rounding) -> i32 {
    // An arithmetic shift is a division towards minus infinity, so the remainder is never negative.
    let floor = value >> shift;
    match rounding {
        Rounding::Floor => floor,
        Rounding::HalfEven => {
            let twice_rest = (value - (floor << shift)) << 1;
            let one = 1 << shift;
            if twice_rest > one || (twice_rest == one && floor & 1 == 1) {
                floor + 1
            } else {
                floor
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_right_rounded_table() {
        #[track_caller]
        fn check(value: i32, shift: u32, rounding: Rounding, want: i32) {
            assert_eq!(
                shift_right_rounded(value, shift, rounding),
                want,
                "{value} >> {shift}, {rounding:?}"
            );
        }
        check(24, 4, Rounding::HalfEven, 2); // 1.5: the tie goes up to even.
        check(40, 4, Rounding::HalfEven, 2); // 2.5: the tie goes down to even.
        check(-24, 4, Rounding::HalfEven, -2); // -1.5: to even, away from zero.
        check(-8, 4, Rounding::HalfEven, 0); // -0.5.
        check(-1, 4, Rounding::Floor, -1); // Floor is towards minus infinity.
        check(255, 4, Rounding::HalfEven, 16); // Leaves four bits; the caller clamps or not.
        check(7, 0, Rounding::HalfEven, 7); // Nothing to drop.
    }
}
