//! Operands as table indices.

use sim_pe::operand::Operand;

/// A value for each operand, by its code.
pub(super) type Table = [i16; 256];

/// Nothing, for every operand.
pub(super) const ZERO: Table = [0; 256];

/// The table of a function of an operand.
pub(super) fn table<O: Operand>(value: impl Fn(O) -> i32) -> Table {
    let mut table = ZERO;
    for (slot, operand) in table.iter_mut().zip(O::all()) {
        *slot = i16::try_from(value(operand))
            .expect("operands, reduced operands and residues need at most 10 bits");
    }
    table
}
