//! Four threads: how many of them are active in a step depends on the zeros of both sides.

use sim_array::engine::StreamedOperands;
use sim_array::mapping::{KMap, KSplit};
use sim_simd::integer::ByteTable;
use sim_simd::integer::{Entry, Kernels, PANEL_ROWS, Panel, Quad, QuadPanel};

use super::super::code::{Table, ZERO};
use super::super::components::Component;
use super::super::plan::{Range, low_byte, min_count};
use super::{PatternRule, Planes, STEP, mask, pattern_of};
use crate::columns::ColumnSums;

/// What the other products of a plan add already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing.
    Nothing,
    /// The components as if no weight were zero.
    AllWeights,
}

/// What is left to the weights of each step to pick.
pub(crate) struct FourThreads {
    base: Base,
    parts: Vec<Part>,
    /// Two per part.
    tables: Vec<ByteTable>,
    max_run: usize,
}

struct Part {
    weights: [i8; 256],
    /// Added to every coefficient, so that none is negative.
    offset: u8,
    /// Weights of a step that must not be zero for the part to count.
    min_count: u32,
}

impl Base {
    /// The base that leaves less work, by estimate.
    pub(crate) fn choose(components: &[Component], n_merged: usize, operands: &StreamedOperands<'_>) -> Self {
        let steps = StepsByWeights::count(operands);
        let mut n_products = [0, 0];
        for (index, component) in components.iter().enumerate() {
            let from = min_count(&component.activations);
            n_products[0] += steps.at_least(from);
            n_products[1] += steps.at_least(if index < n_merged { 1 } else { from }) - steps.at_least(STEP);
        }
        let n_dense = (components.len() - n_merged) * steps.at_least(0);
        // Four products picked cost more than four in a tile, in about this ratio.
        if 5 * n_products[1] + 3 * n_dense <= 5 * n_products[0] {
            Self::AllWeights
        } else {
            Self::Nothing
        }
    }
}

/// Steps of all columns by the number of weights that are not zero.
struct StepsByWeights([usize; STEP + 1]);

impl StepsByWeights {
    fn count(operands: &StreamedOperands<'_>) -> Self {
        let k = operands.shape().k();
        let map = KMap::of_threads(STEP, k);
        let mut by_count = [0; STEP + 1];
        let mut counts = vec![0_u8; map.n_steps()];
        for row in operands.weights().chunks(k) {
            counts.fill(0);
            for lane in 0..STEP {
                for (count, &w) in counts
                    .iter_mut()
                    .zip(&row[map.segment(lane, &(0..map.n_steps()))])
                {
                    *count += u8::from(w != 0);
                }
            }
            for (count, n_steps) in (0_u8..).zip(&mut by_count) {
                *n_steps += counts.iter().filter(|&&own| own == count).count();
            }
        }
        Self(by_count)
    }

    fn at_least(&self, count: usize) -> usize {
        self.0[count..].iter().sum()
    }
}

impl FourThreads {
    /// - `parts`: components, each with the fewest weights of a step that must not be zero for what the base adds, and
    ///   so what is left, to count.
    pub(crate) fn new(base: Base, parts: &[(Component, usize)]) -> Self {
        let mut max_run = usize::MAX;
        let mut tables = Vec::new();
        let parts = parts
            .iter()
            .map(|(component, min_count)| {
                let range = Range::of(coefficients(base, &component.activations));
                max_run = max_run.min(range.max_run(component.weights.iter().copied()));
                let [_, two, more] = &component.activations;
                for table in [two, more] {
                    tables.push(ByteTable::new(|x| low_byte(table[usize::from(x)])));
                }
                Part {
                    weights: component.weights.map(|w| low_byte(w).cast_signed()),
                    offset: low_byte(range.offset),
                    min_count: u32::try_from(*min_count).unwrap_or(u32::MAX),
                }
            })
            .collect();
        Self {
            base,
            parts,
            tables,
            max_run,
        }
    }

    /// What the offset of a part adds to a column for these weights.
    pub(crate) fn offset_sum(&self, part: usize, weights: Quad) -> i32 {
        let sum: i32 = weights.into_iter().map(i32::from).sum();
        i32::from(self.parts[part].offset) * sum
    }
}

/// What may be left of a component: all that it can be, minus all that the base can have added for as many or more
/// active threads.
fn coefficients(base: Base, activations: &[Table; 3]) -> impl Iterator<Item = i16> {
    let before = match base {
        Base::Nothing => [ZERO; 3],
        Base::AllWeights => *activations,
    };
    let now = *activations;
    let pairs = (0..3).flat_map(|own| (own..3).map(move |full| (own, full)));
    pairs.flat_map(move |(own, full)| {
        let (now, before) = (now[own], before[full]);
        (0..256).map(move |code| now[code] - before[code])
    })
}

impl PatternRule for FourThreads {
    type Weights = Quad;
    type Panel = QuadPanel;
    const EMPTY: QuadPanel = Panel([[0; 4]; PANEL_ROWS]);
    const SPLIT: KSplit = KSplit::Segments;

    fn n_parts(&self) -> usize {
        self.parts.len()
    }

    fn tables(&self) -> &[ByteTable] {
        &self.tables
    }

    fn pick(&self, part: usize, weights: [i8; STEP]) -> Option<(u8, Quad)> {
        let pattern = pattern_of(weights);
        let part = &self.parts[part];
        let is_done = match self.base {
            Base::Nothing => false,
            Base::AllWeights => pattern == 0b1111,
        };
        if is_done || pattern.count_ones() < part.min_count {
            return None;
        }
        let weights = weights.map(|w| part.weights[usize::from(w.cast_unsigned())]);
        (weights != [0; STEP]).then_some((pattern, weights))
    }

    #[inline(always)]
    fn fill(&self, part: usize, pattern: u8, activations: &Planes, found: &[&Planes], panel: &mut QuadPanel) {
        let mut n_active = [0_u8; PANEL_ROWS];
        let mut n_nonzero = [0_u8; PANEL_ROWS];
        for (lane, codes) in activations.iter().enumerate() {
            let picked = pattern >> lane & 1;
            for ((active, nonzero), &code) in n_active.iter_mut().zip(&mut n_nonzero).zip(codes) {
                let is_nonzero = u8::from(code != 0);
                *active += is_nonzero & picked;
                *nonzero += is_nonzero;
            }
        }
        let has_base = match self.base {
            Base::Nothing => 0,
            Base::AllWeights => u8::MAX,
        };
        let (in_two, in_more) = (found[2 * part], found[2 * part + 1]);
        let offset = self.parts[part].offset;
        let mut lanes = *in_two;
        for lane in 0..STEP {
            for row in 0..PANEL_ROWS {
                let (in_two, in_more) = (in_two[lane][row], in_more[lane][row]);
                let (own, full) = (n_active[row], n_nonzero[row]);
                let value = in_two & mask(own == 2) | in_more & mask(2 < own);
                let base = (in_two & mask(full == 2) | in_more & mask(2 < full)) & has_base;
                lanes[lane][row] = value.wrapping_sub(base).wrapping_add(offset);
            }
        }
        for (row, slot) in panel.0.iter_mut().enumerate() {
            *slot = [lanes[0][row], lanes[1][row], lanes[2][row], lanes[3][row]];
        }
    }

    fn add_column(
        &self,
        kernels: Kernels,
        panels: &[QuadPanel],
        entries: &[Entry<Quad>],
        sums: &mut ColumnSums,
    ) {
        kernels.small_column(panels, entries, self.max_run, sums);
    }
}
