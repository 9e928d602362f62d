//! Truth values side by side: one PE's, or those of many PEs in the bits of a word.

use std::ops::{BitAnd, BitOr, BitXor, Not};

/// One truth value per PE. A rule written over masks holds for one PE and for a whole plane.
pub(crate) trait Mask:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
    /// The same truth everywhere.
    fn everywhere(flag: Flag) -> Self;

    /// False everywhere.
    #[inline(always)]
    fn none() -> Self {
        Self::everywhere(Flag::new(false))
    }
}

/// A truth value kept as a byte of equal bits, so that spreading it takes one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag(u8);

impl Flag {
    /// All ones where `holds`.
    pub(crate) const fn new(holds: bool) -> Self {
        Self(if holds { u8::MAX } else { 0 })
    }

    /// The byte.
    pub(crate) const fn byte(self) -> u8 {
        self.0
    }

    /// Whether it holds.
    pub(crate) const fn holds(self) -> bool {
        self.0 != 0
    }
}

impl Mask for bool {
    #[inline(always)]
    fn everywhere(flag: Flag) -> Self {
        flag.holds()
    }
}

/// One value per lane. A loop of its own because `std::array::from_fn` is not compiled for the caller's vectors.
#[inline(always)]
pub(crate) fn each<T: Copy, const N: usize>(start: T, value: impl Fn(usize) -> T) -> [T; N] {
    let mut values = [start; N];
    let mut lane = 0;
    while lane < N {
        values[lane] = value(lane);
        lane += 1;
    }
    values
}
