//! Operands as table indices.

use sim_pe::operand::{activation_is_narrow, weight_is_narrow};

/// A value for each operand: activations by value, weights by the value's byte.
pub(super) type Table = [i16; 256];

/// Nothing, for every operand.
pub(super) const ZERO: Table = [0; 256];

/// An 8-bit operand.
pub(super) trait Code: Copy + Default + PartialEq {
    /// Whether the operand needs more than four bits.
    fn is_wide(self) -> bool;
}

impl Code for u8 {
    fn is_wide(self) -> bool {
        !activation_is_narrow(self)
    }
}

impl Code for i8 {
    fn is_wide(self) -> bool {
        !weight_is_narrow(self)
    }
}

/// A table of activations.
pub(super) fn activation_table(value: impl Fn(u8) -> i32) -> Table {
    let mut table = ZERO;
    for (slot, x) in table.iter_mut().zip(0..=u8::MAX) {
        *slot = narrowed(value(x));
    }
    table
}

/// A table of weights.
pub(super) fn weight_table(value: impl Fn(i8) -> i32) -> Table {
    let mut table = ZERO;
    for (slot, byte) in table.iter_mut().zip(0..=u8::MAX) {
        *slot = narrowed(value(byte.cast_signed()));
    }
    table
}

fn narrowed(value: i32) -> i16 {
    i16::try_from(value).expect("operands, reduced operands and residues need at most 10 bits")
}
