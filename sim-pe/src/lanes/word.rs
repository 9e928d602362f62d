//! Words of many PEs' truth values: sixteen rows of a group of columns.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use super::PES_PER_GROUP;
use crate::mask::{Flag, Mask};

/// A bit for each PE of sixteen rows of a group.
pub(super) trait Word: Mask {
    /// Counts of bits on their way to a total.
    type Ones: Copy;

    fn load(rows: &[u16; PES_PER_GROUP]) -> Self;

    fn store(self, into: &mut [u16; PES_PER_GROUP]);

    /// How many bits are set.
    fn ones(self) -> Self::Ones;

    /// The sum of at most seven counts.
    fn add(a: Self::Ones, b: Self::Ones) -> Self::Ones;

    /// Add a count to a total, which is spread over four numbers.
    fn total(ones: Self::Ones, into: &mut [u64; 4]);

    /// Write two words row by row, the second in the upper halves.
    fn store_pairs(first: Self, second: Self, into: &mut [u32; PES_PER_GROUP]);
}

/// The portable word.
#[derive(Clone, Copy)]
pub(super) struct Rows([u16; PES_PER_GROUP]);

impl Rows {
    #[inline(always)]
    fn zip(self, other: Self, operator: impl Fn(u16, u16) -> u16) -> Self {
        Self(std::array::from_fn(|row| operator(self.0[row], other.0[row])))
    }
}

impl BitAnd for Rows {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}

impl BitOr for Rows {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}

impl BitXor for Rows {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
}

impl Not for Rows {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(self.0.map(|row| !row))
    }
}

impl Mask for Rows {
    #[inline(always)]
    fn everywhere(flag: Flag) -> Self {
        Self([u16::from_ne_bytes([flag.byte(); 2]); PES_PER_GROUP])
    }
}

impl Word for Rows {
    type Ones = u32;

    #[inline(always)]
    fn load(rows: &[u16; PES_PER_GROUP]) -> Self {
        Self(*rows)
    }

    #[inline(always)]
    fn store(self, into: &mut [u16; PES_PER_GROUP]) {
        *into = self.0;
    }

    #[inline(always)]
    fn ones(self) -> u32 {
        self.0.iter().map(|row| row.count_ones()).sum()
    }

    #[inline(always)]
    fn add(a: u32, b: u32) -> u32 {
        a + b
    }

    #[inline(always)]
    fn total(ones: u32, into: &mut [u64; 4]) {
        into[0] += u64::from(ones);
    }

    #[inline(always)]
    fn store_pairs(first: Self, second: Self, into: &mut [u32; PES_PER_GROUP]) {
        for (pair, (&first, &second)) in into.iter_mut().zip(first.0.iter().zip(&second.0)) {
            *pair = u32::from(first) | u32::from(second) << 16;
        }
    }
}
