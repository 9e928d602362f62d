//! Operands as table indices, and where they stand in a row.

use std::ops::Range;

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

/// K cut into equal contiguous segments, one per thread; the last ones may be short or empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segments {
    /// S.
    pub(super) n_steps: usize,
}

impl Segments {
    /// `k` terms for `n_threads` threads.
    pub(super) const fn new(k: usize, n_threads: usize) -> Self {
        Self {
            n_steps: k.div_ceil(n_threads),
        }
    }

    /// What `thread` holds of `row` during `steps`; shorter where K ends first.
    pub(super) fn of<'a, C>(&self, row: &'a [C], thread: usize, steps: &Range<usize>) -> &'a [C] {
        &row[self.range(row.len(), thread, steps)]
    }

    /// Where [`Segments::of`] lies in a row of `k`.
    pub(super) fn range(&self, k: usize, thread: usize, steps: &Range<usize>) -> Range<usize> {
        let end = (thread * self.n_steps + steps.end.min(self.n_steps)).min(k);
        let start = (thread * self.n_steps + steps.start).min(end);
        start..end
    }
}
