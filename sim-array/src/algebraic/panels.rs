//! Products in which the weights of a step pick the coefficients that the activations contribute.

use std::ops::Range;

use super::code::{Code, Table};
use super::kernels::{Coefficients, Kernels, N_PANELS, PANEL_ROWS, Pair};
use crate::engine::Operands;

/// Operands of a step: four threads, or a group of four.
pub(super) const STEP: usize = 4;
/// Steps of a block: its panels share the second-level cache with the weights that pass by.
const BLOCK_STEPS: usize = 32;
/// Most packed weights at a time.
const MAX_WEIGHT_BYTES: usize = 2 << 20;

/// Activations of one step in the rows of a panel.
pub(super) type StepRows = [[u8; PANEL_ROWS]; STEP];
/// A value for every row of a panel.
pub(super) type Lanes = [i16; PANEL_ROWS];

/// How a step's weights pick coefficients, and what those are.
pub(super) trait PanelRule {
    /// Pairs of coefficients per step.
    fn n_pairs(&self) -> usize;

    /// The k of operand `lane` of a step.
    fn k(&self, n_steps: usize, step: usize, lane: usize) -> usize;

    /// Write the pairs that a step's weights contribute; returns the panel they pick.
    fn pack(&self, weights: [i8; STEP], pairs: &mut [Pair]) -> u8;

    /// Write panel `pick` of one step, one entry per pair.
    fn fill(&self, step: &PreparedStep, pick: u8, panel: &mut [Coefficients]);

    /// What the panels of one step share.
    fn prepare(&self, rows: &StepRows, prepared: &mut PreparedStep);
}

/// Activations of one step after the tables of a rule.
pub(super) struct PreparedStep {
    /// 1 where the activation is not zero, by lane.
    pub(super) nonzero: [Lanes; STEP],
    /// By table and lane.
    pub(super) values: [[Lanes; STEP]; MAX_TABLES],
}

/// Most tables that a rule reads.
pub(super) const MAX_TABLES: usize = 4;

impl PreparedStep {
    const ZERO: Self = Self {
        nonzero: [[0; PANEL_ROWS]; STEP],
        values: [[[0; PANEL_ROWS]; STEP]; MAX_TABLES],
    };

    /// Set all lanes from the activations of a step and at most [`MAX_TABLES`] tables.
    #[inline(always)]
    pub(super) fn set<'t>(&mut self, rows: &StepRows, tables: impl Iterator<Item = &'t Table>) {
        for (nonzero, codes) in self.nonzero.iter_mut().zip(rows) {
            for (slot, &code) in nonzero.iter_mut().zip(codes) {
                *slot = i16::from(code != 0);
            }
        }
        for (values, table) in self.values.iter_mut().zip(tables) {
            for (values, codes) in values.iter_mut().zip(rows) {
                for (value, &code) in values.iter_mut().zip(codes) {
                    *value = table[code.index()];
                }
            }
        }
    }
}

/// A product by panels.
pub(super) struct Panels<'a, R> {
    kernels: Kernels,
    operands: &'a Operands<'a>,
    rule: &'a R,
    n_steps: usize,
}

/// The packed weights of all columns in a few steps.
struct WeightBlock {
    /// `[cols, steps, pairs]`.
    pairs: Vec<Pair>,
    /// `[cols, steps]`.
    picks: Vec<u8>,
    /// Panels that occur.
    occurs: [bool; N_PANELS],
    steps: Range<usize>,
}

fn sub_ranges(range: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(len).map(move |start| start..(start + len).min(end))
}

impl<'a, R: PanelRule> Panels<'a, R> {
    /// The product of `operands` after `rule`.
    pub(super) fn new(kernels: Kernels, operands: &'a Operands<'a>, rule: &'a R) -> Self {
        Self {
            kernels,
            operands,
            rule,
            n_steps: operands.shape().k().div_ceil(STEP),
        }
    }

    /// Add the product to `product`, `[m, n]`.
    ///
    /// Spans of K are outermost, so that the weights packed at a time stay few.
    pub(super) fn add_to(&self, product: &mut [i32]) {
        let (m, n) = (self.operands.shape().m(), self.operands.shape().n());
        let mut panels = Vec::new();
        let mut sums = vec![[0; PANEL_ROWS]; n];
        for span in sub_ranges(0..self.n_steps, self.span_steps()) {
            let blocks: Vec<WeightBlock> = sub_ranges(span, BLOCK_STEPS)
                .map(|steps| {
                    self.kernels.vectorized(
                        #[inline(always)]
                        || self.pack_weights(steps),
                    )
                })
                .collect();
            for (rows, outputs) in sub_ranges(0..m, PANEL_ROWS).zip(product.chunks_mut(n * PANEL_ROWS)) {
                sums.fill([0; PANEL_ROWS]);
                for block in &blocks {
                    self.kernels.vectorized(
                        #[inline(always)]
                        || self.build(&rows, &block.steps, &block.occurs, &mut panels),
                    );
                    self.add_block(block, &panels, &mut sums);
                }
                for (row, outputs) in outputs.chunks_mut(n).enumerate() {
                    for (output, sums) in outputs.iter_mut().zip(&sums) {
                        *output += sums[row];
                    }
                }
            }
        }
    }

    /// Steps whose packed weights take no more than [`MAX_WEIGHT_BYTES`]: whole blocks, at least one.
    fn span_steps(&self) -> usize {
        let step_bytes = self.operands.shape().n() * (self.rule.n_pairs() * size_of::<Pair>() + 1);
        (MAX_WEIGHT_BYTES / step_bytes / BLOCK_STEPS).max(1) * BLOCK_STEPS
    }

    fn add_block(&self, block: &WeightBlock, panels: &[Coefficients], sums: &mut [[i32; PANEL_ROWS]]) {
        let n_steps = block.steps.len();
        let columns = block
            .pairs
            .chunks(n_steps * self.rule.n_pairs())
            .zip(block.picks.chunks(n_steps));
        for (sums, (pairs, picks)) in sums.iter_mut().zip(columns) {
            self.kernels.column(panels, pairs, picks, sums);
        }
    }

    #[inline(always)]
    fn pack_weights(&self, steps: Range<usize>) -> WeightBlock {
        let n = self.operands.shape().n();
        let n_pairs = self.rule.n_pairs();
        let mut block = WeightBlock {
            pairs: vec![[0; 2]; n * steps.len() * n_pairs],
            picks: vec![0; n * steps.len()],
            occurs: [false; N_PANELS],
            steps: steps.clone(),
        };
        let mut slots = block.pairs.chunks_mut(n_pairs).zip(&mut block.picks);
        for n in 0..n {
            let row = self.operands.weight_row(n);
            for (step, (slot, pick)) in steps.clone().zip(&mut slots) {
                let weights = std::array::from_fn(|lane| self.code(row, step, lane));
                *pick = self.rule.pack(weights, slot);
                block.occurs[usize::from(*pick)] = true;
            }
        }
        block
    }

    /// Operand `lane` of a step; padding is zero.
    fn code<C: Code>(&self, row: &[C], step: usize, lane: usize) -> C {
        let k = self.rule.k(self.n_steps, step, lane);
        row.get(k).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn build(
        &self,
        rows: &Range<usize>,
        steps: &Range<usize>,
        occurs: &[bool; N_PANELS],
        panels: &mut Vec<Coefficients>,
    ) {
        let n_pairs = self.rule.n_pairs();
        panels.resize(N_PANELS * steps.len() * n_pairs, [[0; 2]; PANEL_ROWS]);
        let mut activations: Vec<StepRows> = vec![[[0; PANEL_ROWS]; STEP]; steps.len()];
        for (row, m) in rows.clone().enumerate() {
            let codes = self.operands.activation_row(m);
            for lane in 0..STEP {
                for (slot, step) in activations.iter_mut().zip(steps.clone()) {
                    slot[lane][row] = self.code(codes, step, lane);
                }
            }
        }
        let mut prepared = PreparedStep::ZERO;
        for (step, activations) in activations.iter().enumerate() {
            self.rule.prepare(activations, &mut prepared);
            for (pick, _) in (0_u8..).zip(occurs).filter(|&(_, &occurs)| occurs) {
                let first = (usize::from(pick) * steps.len() + step) * n_pairs;
                self.rule.fill(&prepared, pick, &mut panels[first..][..n_pairs]);
            }
        }
    }
}
