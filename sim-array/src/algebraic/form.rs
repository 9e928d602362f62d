//! What enters a product in place of an operand.

use std::ops::Range;

use super::code::{Segments, Table};
use super::kernels::Kernels;
use super::table::ByteTable;

/// Which operands of a row decide about one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// The operands of a step, one per thread: K is cut into that many segments.
    Threads(usize),
    /// The pairs `(2i, 2i + 1)`.
    Pairs,
}

impl Grouping {
    /// For each operand of a row, how many of its group are not zero.
    #[inline(always)]
    fn count(self, row: &[u8], counts: &mut [u8]) {
        match self {
            Self::Threads(n_threads) => {
                let segments = Segments::new(row.len(), n_threads);
                let all: Range<usize> = 0..segments.n_steps;
                let (sums, _) = counts.split_at_mut(segments.n_steps);
                sums.fill(0);
                for thread in 0..n_threads {
                    for (sum, &code) in sums.iter_mut().zip(segments.of(row, thread, &all)) {
                        *sum += u8::from(code != 0);
                    }
                }
                for thread in 1..n_threads {
                    let own = segments.range(row.len(), thread, &all);
                    counts.copy_within(..own.len(), own.start);
                }
            }
            Self::Pairs => {
                for (count, &code) in counts.iter_mut().zip(row) {
                    *count = u8::from(code != 0);
                }
                // A pair as one number, so that vectors can swap its halves.
                for pair in counts.as_chunks_mut::<2>().0 {
                    let own = u16::from_le_bytes(*pair);
                    *pair = (own + own.rotate_left(8)).to_le_bytes();
                }
            }
        }
    }
}

/// Forms of one block of rows after the other.
pub(super) struct Former {
    kernels: Kernels,
    grouping: Grouping,
    k: usize,
    counts: Vec<u8>,
    scratch: Vec<u8>,
}

impl Former {
    /// For rows of `k` operands that are grouped so.
    pub(super) const fn new(kernels: Kernels, grouping: Grouping, k: usize) -> Self {
        Self {
            kernels,
            grouping,
            k,
            counts: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Begin another block.
    pub(super) fn start(&mut self) {
        self.counts.clear();
    }

    /// Write a form of the rows of the block, `[rows, k]`, to `out`, which becomes as long.
    pub(super) fn form(&mut self, form: &Form, rows: &[u8], out: &mut Vec<u8>) {
        if form.needs_counts() && self.counts.is_empty() {
            let (grouping, k, counts) = (self.grouping, self.k, &mut self.counts);
            counts.resize(rows.len(), 0);
            self.kernels.vectorized(
                #[inline(always)]
                || {
                    for (row, counts) in rows.chunks(k).zip(counts.chunks_mut(k)) {
                        grouping.count(row, counts);
                    }
                },
            );
        }
        out.resize(rows.len(), 0);
        form.fill(self.kernels, rows, &self.counts, &mut self.scratch, out);
    }
}

/// A function of an operand and of how many of its group are not zero.
#[derive(Clone, Debug)]
pub(super) struct Form {
    tables: Vec<ByteTable>,
    /// Which table holds with at most one, with two, with more.
    by_count: [usize; 3],
}

impl Form {
    /// Values with at most one, with two, and with more operands of the group that are not zero, as bytes.
    ///
    /// A zero operand may be looked up in any of the three.
    pub(super) fn new(by_count: [&Table; 3], as_byte: impl Fn(i16) -> u8) -> Self {
        let mut tables: Vec<ByteTable> = Vec::new();
        let by_count = by_count.map(|values| {
            let table = ByteTable::new(|byte| as_byte(values[usize::from(byte)]));
            match tables.iter().position(|known| *known == table) {
                Some(known) => known,
                None => {
                    tables.push(table);
                    tables.len() - 1
                }
            }
        });
        Self { tables, by_count }
    }

    /// Whether every operand stays as it is.
    pub(super) fn is_identity(&self) -> bool {
        matches!(self.tables.as_slice(), [table] if table.is_identity())
    }

    /// Whether the other operands matter.
    const fn needs_counts(&self) -> bool {
        1 < self.tables.len()
    }

    /// Write the form of some operands to `out`.
    ///
    /// - Shapes: `counts` (where they matter) and `out` are as long as `codes`.
    fn fill(&self, kernels: Kernels, codes: &[u8], counts: &[u8], scratch: &mut Vec<u8>, out: &mut [u8]) {
        let [own, others @ ..] = self.tables.as_slice() else {
            return;
        };
        kernels.look_up(own, codes, out);
        for (index, table) in (1..).zip(others) {
            scratch.resize(codes.len(), 0);
            kernels.look_up(table, codes, scratch);
            // All ones for the counts that take this table.
            let [_, two, more] = self.by_count.map(|own| if own == index { u8::MAX } else { 0 });
            kernels.vectorized(
                #[inline(always)]
                || {
                    for ((out, &value), &count) in out.iter_mut().zip(&*scratch).zip(counts) {
                        let takes = mask(count == 2) & two | mask(2 < count) & more;
                        *out = *out & !takes | value & takes;
                    }
                },
            );
        }
    }
}

const fn mask(holds: bool) -> u8 {
    if holds { u8::MAX } else { 0 }
}
