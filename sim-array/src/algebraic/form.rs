//! What enters a product in place of an operand.

use super::code::{Code, Table};

/// One side of a product, element by element.
pub(super) enum Form {
    /// A value for each operand.
    Plain(Values),
    /// A value where the other thread's operand on the same side is not zero, else 0.
    Gated(Values),
    /// A value that depends on whether the neighbour in the pair `(2i, 2i + 1)` is zero.
    Windowed(Box<Windows>),
}

/// A function of one operand.
pub(super) enum Values {
    /// The operand as it is.
    Given,
    /// By table.
    Table(Box<Table>),
}

/// What a SPARQ pair makes of its activations.
pub(super) struct Windows {
    /// Next to a zero.
    pub(super) alone: Table,
    /// Next to a non-zero activation.
    pub(super) both: Table,
}

impl Form {
    /// The operand as it is.
    pub(super) const GIVEN: Self = Self::Plain(Values::Given);

    /// A function of each operand.
    pub(super) fn table(table: Table) -> Self {
        Self::Plain(Values::table(table))
    }

    /// Write the form of `own` to `out`, and zeros behind it.
    ///
    /// - Shapes: `partner` holds the same steps of the other thread and may be shorter, which means zeros; `out` is at
    ///   least as long as `own`. A windowed form starts at an even k.
    #[inline(always)]
    pub(super) fn fill<C: Code>(&self, own: &[C], partner: &[C], out: &mut [i16]) {
        match self {
            Self::Plain(values) => values.fill(own, out),
            Self::Gated(values) => {
                values.fill(own, out);
                let (gated, rest) = out.split_at_mut(partner.len().min(own.len()));
                rest.fill(0);
                // A pass of its own: masks vectorize, table look-ups do not.
                for (value, &other) in gated.iter_mut().zip(partner) {
                    *value &= -i16::from(other != C::default());
                }
            }
            Self::Windowed(windows) => {
                let (values, rest) = out.split_at_mut(own.len());
                rest.fill(0);
                let (pairs, last) = own.as_chunks::<2>();
                let (slots, last_slot) = values.as_chunks_mut::<2>();
                for (slot, &[first, second]) in slots.iter_mut().zip(pairs) {
                    *slot = [windows.of(first, second), windows.of(second, first)];
                }
                for (slot, &code) in last_slot.iter_mut().zip(last) {
                    *slot = windows.of(code, C::default());
                }
            }
        }
    }
}

impl Values {
    /// By table.
    pub(super) fn table(table: Table) -> Self {
        Self::Table(Box::new(table))
    }

    #[inline(always)]
    fn fill<C: Code>(&self, own: &[C], out: &mut [i16]) {
        let (values, rest) = out.split_at_mut(own.len());
        rest.fill(0);
        match self {
            Self::Given => {
                for (value, &code) in values.iter_mut().zip(own) {
                    *value = code.value();
                }
            }
            Self::Table(table) => {
                for (value, &code) in values.iter_mut().zip(own) {
                    *value = table[code.index()];
                }
            }
        }
    }
}

impl Windows {
    /// What is left of `own` next to `other`.
    #[inline(always)]
    fn of<C: Code>(&self, own: C, other: C) -> i16 {
        // Both look-ups and a mask: which of the pair is zero is too irregular to branch on.
        let near = -i16::from(other != C::default());
        (self.both[own.index()] & near) | (self.alone[own.index()] & !near)
    }
}
