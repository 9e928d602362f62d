//! Words of many PEs' truth values: sixteen rows of a group of columns.
//!
//! Everything here is a loop over four numbers, which a compiler makes one vector of where it may.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use bytemuck::cast;

use super::PES_PER_GROUP;
use crate::mask::{Flag, Mask, each};

/// A bit for each PE of sixteen rows of a group.
#[derive(Clone, Copy)]
pub(super) struct Word([u64; 4]);

impl Word {
    #[inline(always)]
    pub(super) fn load(rows: &[u16; PES_PER_GROUP]) -> Self {
        Self(cast(*rows))
    }

    #[inline(always)]
    pub(super) fn store(self, into: &mut [u16; PES_PER_GROUP]) {
        *into = cast(self.0);
    }

    /// Add how many bits are set to a count that is spread over four numbers.
    #[inline(always)]
    pub(super) fn count(self, into: &mut [u64; 4]) {
        for (count, bits) in into.iter_mut().zip(self.0) {
            *count += u64::from(bits.count_ones());
        }
    }

    /// Write two words row by row, the second in the upper halves.
    #[inline(always)]
    pub(super) fn store_pairs(first: Self, second: Self, into: &mut [u32; PES_PER_GROUP]) {
        let [first, second]: [[u16; PES_PER_GROUP]; 2] = [cast(first.0), cast(second.0)];
        for row in 0..PES_PER_GROUP {
            let ([a, b], [c, d]) = (first[row].to_le_bytes(), second[row].to_le_bytes());
            into[row] = u32::from_le_bytes([a, b, c, d]);
        }
    }

    #[inline(always)]
    fn zip(self, other: Self, operator: impl Fn(u64, u64) -> u64) -> Self {
        Self(each(0, |part| operator(self.0[part], other.0[part])))
    }
}

impl BitAnd for Word {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}

impl BitOr for Word {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}

impl BitXor for Word {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
}

impl Not for Word {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(each(0, |part| !self.0[part]))
    }
}

impl Mask for Word {
    #[inline(always)]
    fn everywhere(flag: Flag) -> Self {
        Self([u64::from_ne_bytes([flag.byte(); 8]); 4])
    }
}
