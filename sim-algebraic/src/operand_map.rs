//! What enters a product in place of an operand.

use std::ops::Range;

use sim_array::mapping::KMap;
use sim_simd::integer::ByteTable;
use sim_simd::integer::Kernels;

use super::code::Table;

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
                let map = KMap::of_threads(n_threads, row.len());
                let all: Range<usize> = 0..map.n_steps();
                let (sums, _) = counts.split_at_mut(map.n_steps());
                for (sum, &code) in sums.iter_mut().zip(&row[map.segment(0, &all)]) {
                    *sum = u8::from(code != 0);
                }
                for thread in 1..n_threads {
                    for (sum, &code) in sums.iter_mut().zip(&row[map.segment(thread, &all)]) {
                        *sum += u8::from(code != 0);
                    }
                }
                for thread in 1..n_threads {
                    let own = map.segment(thread, &all);
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

/// What operand maps make of one block of rows after the other.
pub(super) struct OperandMapper {
    kernels: Kernels,
    grouping: Grouping,
    k: usize,
    counts: Vec<u8>,
    /// Whether the counts are those of this block.
    is_counted: bool,
}

impl OperandMapper {
    /// For rows of `k` operands that are grouped so.
    pub(super) const fn new(kernels: Kernels, grouping: Grouping, k: usize) -> Self {
        Self {
            kernels,
            grouping,
            k,
            counts: Vec::new(),
            is_counted: false,
        }
    }

    /// Begin another block.
    pub(super) fn start(&mut self) {
        self.is_counted = false;
    }

    /// Write what an operand map makes of the rows of the block, `[rows, k]`, to `out`, which becomes as long.
    pub(super) fn apply(&mut self, operand_map: &OperandMap, rows: &[u8], out: &mut Vec<u8>) {
        out.resize(rows.len(), 0);
        self.apply_into(operand_map, rows, out);
    }

    /// [`OperandMapper::apply`] into a slice as long as the rows.
    pub(super) fn apply_into(&mut self, operand_map: &OperandMap, rows: &[u8], out: &mut [u8]) {
        if operand_map.needs_counts() && !self.is_counted {
            self.is_counted = true;
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
        operand_map.fill(self.kernels, rows, &self.counts, out);
    }
}

/// A function of an operand and of how many of its group are not zero.
#[derive(Clone, Debug)]
pub(super) struct OperandMap {
    tables: Vec<ByteTable>,
    /// Which table holds with at most one, with two, with more.
    by_count: [usize; 3],
}

impl OperandMap {
    /// Values with at most one, with two, and with more operands of the group that are not zero, as bytes.
    ///
    /// A zero operand may be looked up in any of the three.
    pub(super) fn new(by_count: [&Table; 3], as_byte: impl Fn(i16) -> u8) -> Self {
        let mut known: Vec<&Table> = Vec::new();
        let by_count = by_count.map(|values| {
            known
                .iter()
                .position(|&known| known == values)
                .unwrap_or_else(|| {
                    known.push(values);
                    known.len() - 1
                })
        });
        let tables = known
            .into_iter()
            .map(|values| ByteTable::new(|byte| as_byte(values[usize::from(byte)])))
            .collect();
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

    /// Write what the map makes of some operands to `out`.
    ///
    /// - Shapes: `counts` (where they matter) and `out` are as long as `codes`.
    fn fill(&self, kernels: Kernels, codes: &[u8], counts: &[u8], out: &mut [u8]) {
        match self.tables.as_slice() {
            [table] => kernels.look_up(table, codes, out),
            tables => kernels.look_up_by_count(tables, self.by_count, codes, counts, out),
        }
    }
}
