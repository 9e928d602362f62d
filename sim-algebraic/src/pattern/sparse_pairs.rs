//! SPARQ pairs picked by 2:4 sparse weights.

use sim_array::mapping::KSplit;
use sim_simd::integer::ByteTable;
use sim_simd::integer::{Entry, Kernels, PANEL_ROWS, Pair, PairPanel, Panel};

use super::super::code::Table;
use super::super::plan::low_byte;
use super::{PatternRule, Planes, STEP, mask, pattern_of};
use crate::columns::ColumnSums;

/// The windows of a pair.
pub(crate) struct SparsePairs {
    /// What is left of an activation next to a zero, and next to another one.
    tables: [ByteTable; 2],
}

impl SparsePairs {
    /// Pairs after windows next to a zero and next to another activation.
    pub(crate) fn new(windows: &[Table; 2]) -> Self {
        Self {
            tables: windows
                .each_ref()
                .map(|table| ByteTable::new(|x| low_byte(table[usize::from(x)]))),
        }
    }
}

/// Panels of a lone weight at lane 0 or 1, and at lane 2 or 3; every pattern of two weights is its own panel.
const LONE_LOW: u8 = 0b0001;
const LONE_HIGH: u8 = 0b0100;

impl PatternRule for SparsePairs {
    type Weights = Pair;
    type Panel = PairPanel;
    const EMPTY: PairPanel = Panel([[0; 2]; PANEL_ROWS]);
    const SPLIT: KSplit = KSplit::Neighbours;

    fn n_parts(&self) -> usize {
        1
    }

    fn tables(&self) -> &[ByteTable] {
        &self.tables
    }

    fn pick(&self, _part: usize, weights: [i8; STEP]) -> Option<(u8, Pair)> {
        let pattern = pattern_of(weights);
        let (pick, pair) = match pattern.count_ones() {
            0 => return None,
            1 if pattern < LONE_HIGH => (LONE_LOW, [weights[0], weights[1]]),
            1 => (LONE_HIGH, [weights[2], weights[3]]),
            _ => {
                let [low, high] = lanes_of(pattern);
                (pattern, [weights[low], weights[high]])
            }
        };
        Some((pick, pair.map(i16::from)))
    }

    #[inline(always)]
    fn fill(
        &self,
        _part: usize,
        pattern: u8,
        activations: &Planes,
        found: &[&Planes],
        panel: &mut PairPanel,
    ) {
        let (alone, both) = (found[0], found[1]);
        let [low, high] = match pattern {
            LONE_LOW => [0, 1],
            LONE_HIGH => [2, 3],
            pattern => lanes_of(pattern),
        };
        let is_lone = mask(matches!(pattern, LONE_LOW | LONE_HIGH));
        for row in 0..PANEL_ROWS {
            let near_high = mask(activations[high][row] != 0) & !is_lone;
            let near_low = mask(activations[low][row] != 0) & !is_lone;
            panel.0[row] = [
                i16::from(both[low][row] & near_high | alone[low][row] & !near_high),
                i16::from(both[high][row] & near_low | alone[high][row] & !near_low),
            ];
        }
    }

    fn add_column(
        &self,
        kernels: Kernels,
        panels: &[PairPanel],
        entries: &[Entry<Pair>],
        sums: &mut ColumnSums,
    ) {
        kernels.wide_column(panels, entries, sums);
    }
}

/// The lanes of the first two weights of a pattern.
fn lanes_of(pattern: u8) -> [usize; 2] {
    let nth = |n: u32| {
        let rest = (0..n).fold(pattern, |rest, _| rest & rest.wrapping_sub(1));
        usize::try_from(rest.trailing_zeros())
            .unwrap_or(STEP)
            .min(STEP - 1)
    };
    [nth(0), nth(1)]
}
