//! Products in which the weights of a step pick the coefficients that the activations contribute.

pub(super) mod four_threads;
pub(super) mod sparse_pairs;

use std::ops::Range;

use sim_array::mapping::{KMap, KSplit};
use sim_simd::integer::ByteTable;
use sim_simd::integer::{Dword, Entry, Kernels, PANEL_ROWS, Panel, QuadPanel, panel_of};

use super::columns::{ColumnSums, add_columns, quad_panels};

/// Operands of a step: four threads, or a group of four.
pub(super) const STEP: usize = 4;
/// Steps of a block: few, so that a good part of its panels stays in the first-level cache while the columns pass by.
const BLOCK_STEPS: usize = 32;
/// Patterns of non-zero weights in a step.
const N_PATTERNS: usize = 16;

/// A value of each lane of a step, for every row of a panel.
pub(super) type Planes = [[u8; PANEL_ROWS]; STEP];

/// How a step's weights pick coefficients, and what those are.
pub(super) trait PatternRule {
    /// The weights that meet the coefficients of a row.
    type Weights: Dword;
    /// The coefficients of a step for all rows of a panel.
    type Panel: Copy;
    /// No coefficients.
    const EMPTY: Self::Panel;
    /// How K is dealt to the lanes of a step.
    const SPLIT: KSplit;

    /// Panels that a pattern of weights may pick.
    fn n_parts(&self) -> usize;

    /// What the rule looks activations up in.
    fn tables(&self) -> &[ByteTable];

    /// The pattern that the weights of a step pick, below 16, and what they multiply in a part; `None` is nothing.
    fn pick(&self, part: usize, weights: [i8; STEP]) -> Option<(u8, Self::Weights)>;

    /// Write the panel of a pattern and part; `found` holds the activations by table.
    fn fill(
        &self,
        part: usize,
        pattern: u8,
        activations: &Planes,
        found: &[&Planes],
        panel: &mut Self::Panel,
    );

    /// Add the panels picked by one column.
    fn add_column(
        &self,
        kernels: Kernels,
        panels: &[Self::Panel],
        entries: &[Entry<Self::Weights>],
        sums: &mut ColumnSums,
    );
}

/// The weights of all columns after a rule.
pub(super) struct PatternProduct<R: PatternRule> {
    rule: R,
    k: usize,
    blocks: Vec<StepBlock<R::Weights>>,
    panels: Vec<R::Panel>,
    sums: Vec<ColumnSums>,
    planes: BlockPlanes,
}

/// The weights of a few steps.
struct StepBlock<W> {
    steps: Range<usize>,
    /// What the panels are.
    panels: Vec<PanelName>,
    /// The first entry of each column, and the end of the last.
    starts: Vec<usize>,
    entries: Vec<Entry<W>>,
}

#[derive(Clone, Copy)]
struct PanelName {
    /// From the first of the block.
    step: usize,
    pattern: u8,
    part: usize,
}

impl<R: PatternRule> PatternProduct<R> {
    /// The weights `[cols, k]`.
    pub(super) fn new(rule: R, weights: &[i8], k: usize) -> Self {
        let n_steps = k.div_ceil(STEP);
        let blocks = (0..n_steps)
            .step_by(BLOCK_STEPS)
            .map(|start| StepBlock::new(&rule, weights, k, start..(start + BLOCK_STEPS).min(n_steps)))
            .collect();
        Self {
            planes: BlockPlanes::new(rule.tables().len()),
            rule,
            k,
            blocks,
            panels: Vec::new(),
            sums: vec![[0; PANEL_ROWS]; weights.len() / k],
        }
    }

    /// Every entry: its column, the rule, its part and its weights.
    pub(super) fn for_each_entry(&self, mut see: impl FnMut(usize, &R, usize, &R::Weights)) {
        for block in &self.blocks {
            for (col, ends) in block.starts.windows(2).enumerate() {
                for entry in &block.entries[ends[0]..ends[1]] {
                    let name = block.panels[panel_of(entry, &block.panels)];
                    see(col, &self.rule, name.part, &entry.weights);
                }
            }
        }
    }

    /// Add the product with rows of activations, `[rows, k]`, to `outputs`, `[rows, cols]`.
    pub(super) fn multiply(&mut self, kernels: Kernels, rows: &[u8], outputs: &mut [i32]) {
        let n_cols = self.sums.len();
        for (rows, outputs) in rows
            .chunks(PANEL_ROWS * self.k)
            .zip(outputs.chunks_mut(PANEL_ROWS * n_cols))
        {
            self.sums.fill([0; PANEL_ROWS]);
            for block in &self.blocks {
                if block.panels.is_empty() {
                    continue;
                }
                self.planes.load(kernels, &self.rule, rows, self.k, &block.steps);
                self.panels.resize(block.panels.len(), R::EMPTY);
                let (rule, planes, panels) = (&self.rule, &self.planes, &mut self.panels);
                kernels.vectorized(
                    #[inline(always)]
                    || {
                        for (panel, name) in panels.iter_mut().zip(&block.panels) {
                            planes.fill(rule, name, panel);
                        }
                    },
                );
                for (sums, ends) in self.sums.iter_mut().zip(block.starts.windows(2)) {
                    let entries = &block.entries[ends[0]..ends[1]];
                    self.rule.add_column(kernels, &self.panels, entries, sums);
                }
            }
            add_columns(kernels, &self.sums, outputs);
        }
    }
}

impl<W> StepBlock<W> {
    fn new<R: PatternRule<Weights = W>>(rule: &R, weights: &[i8], k: usize, steps: Range<usize>) -> Self {
        let n_parts = rule.n_parts();
        let mut known: Vec<Option<u32>> = vec![None; steps.len() * N_PATTERNS * n_parts];
        let mut block = Self {
            panels: Vec::new(),
            starts: vec![0],
            entries: Vec::new(),
            steps: steps.clone(),
        };
        for row in weights.chunks(k) {
            for (step, weights) in StepWeights::new::<R>(row, &steps).enumerate() {
                for part in 0..n_parts {
                    let Some((pattern, weights)) = rule.pick(part, weights) else {
                        continue;
                    };
                    let slot = (step * N_PATTERNS + usize::from(pattern)) * n_parts + part;
                    let panel = *known[slot].get_or_insert_with(|| {
                        block.panels.push(PanelName { step, pattern, part });
                        u32::try_from(block.panels.len() - 1).expect("a block has few panels")
                    });
                    block.entries.push(Entry { panel, weights });
                }
            }
            block.starts.push(block.entries.len());
        }
        block
    }
}

/// The weights of a row, step by step; padding is zero.
struct StepWeights {
    lanes: [[i8; STEP]; BLOCK_STEPS],
    next: usize,
    n_steps: usize,
}

impl StepWeights {
    fn new<R: PatternRule>(row: &[i8], steps: &Range<usize>) -> Self {
        let mut lanes = [[0; STEP]; BLOCK_STEPS];
        match R::SPLIT {
            KSplit::Segments => {
                let map = KMap::of_threads(STEP, row.len());
                for lane in 0..STEP {
                    for (slot, &w) in lanes.iter_mut().zip(&row[map.segment(lane, steps)]) {
                        slot[lane] = w;
                    }
                }
            }
            KSplit::Neighbours => {
                let values = lanes.as_flattened_mut();
                let end = (steps.end * STEP).min(row.len());
                let own = &row[steps.start * STEP..end];
                values[..own.len()].copy_from_slice(own);
            }
        }
        Self {
            lanes,
            next: 0,
            n_steps: steps.len(),
        }
    }
}

impl Iterator for StepWeights {
    type Item = [i8; STEP];

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.next;
        self.next += 1;
        (step < self.n_steps).then(|| self.lanes[step])
    }
}

/// Activations of a block's steps for the rows of a panel.
struct BlockPlanes {
    /// By step.
    activations: Vec<Planes>,
    /// By table and step.
    found: Vec<Vec<Planes>>,
    /// What the rows hold of the block, row by row.
    own: Vec<[u8; STEP * BLOCK_STEPS]>,
    quads: Vec<QuadPanel>,
}

impl BlockPlanes {
    fn new(n_tables: usize) -> Self {
        let planes = || vec![[[0; PANEL_ROWS]; STEP]; BLOCK_STEPS];
        Self {
            activations: planes(),
            found: (0..n_tables).map(|_| planes()).collect(),
            own: vec![[0; STEP * BLOCK_STEPS]; PANEL_ROWS],
            quads: vec![Panel([[0; 4]; PANEL_ROWS]); BLOCK_STEPS],
        }
    }

    fn load<R: PatternRule>(
        &mut self,
        kernels: Kernels,
        rule: &R,
        rows: &[u8],
        k: usize,
        steps: &Range<usize>,
    ) {
        let map = KMap::of_threads(STEP, k);
        for (row, own) in rows.chunks(k).zip(&mut self.own) {
            own.fill(0);
            match R::SPLIT {
                KSplit::Segments => {
                    for (lane, own) in own.chunks_mut(BLOCK_STEPS).enumerate() {
                        let segment = &row[map.segment(lane, steps)];
                        own[..segment.len()].copy_from_slice(segment);
                    }
                }
                KSplit::Neighbours => {
                    let segment = &row[steps.start * STEP..(steps.end * STEP).min(k)];
                    own[..segment.len()].copy_from_slice(segment);
                }
            }
        }
        quad_panels(
            kernels,
            self.own.iter().map(|own| own.as_slice()),
            &mut self.quads,
        );
        let (quads, activations) = (&self.quads, &mut self.activations);
        kernels.vectorized(
            #[inline(always)]
            || {
                for (index, quad) in quads.iter().enumerate() {
                    for byte in 0..4 {
                        // Quads are four steps of a thread, or the four lanes of a step.
                        let (step, lane) = match R::SPLIT {
                            KSplit::Segments => {
                                (index % (BLOCK_STEPS / 4) * 4 + byte, index / (BLOCK_STEPS / 4))
                            }
                            KSplit::Neighbours => (index, byte),
                        };
                        let plane = &mut activations[step][lane];
                        for (slot, bytes) in plane.iter_mut().zip(&quad.0) {
                            *slot = bytes[byte];
                        }
                    }
                }
            },
        );
        let activations = self.activations[..steps.len()].as_flattened().as_flattened();
        for (table, found) in rule.tables().iter().zip(&mut self.found) {
            let found = found[..steps.len()].as_flattened_mut().as_flattened_mut();
            kernels.look_up(table, activations, found);
        }
    }

    #[inline(always)]
    fn fill<R: PatternRule>(&self, rule: &R, name: &PanelName, panel: &mut R::Panel) {
        let empty: Planes = [[0; PANEL_ROWS]; STEP];
        let mut found = [&empty; MAX_TABLES];
        for (slot, table) in found.iter_mut().zip(&self.found) {
            *slot = &table[name.step];
        }
        let activations = &self.activations[name.step];
        rule.fill(name.part, name.pattern, activations, &found, panel);
    }
}

/// Most tables that a rule may have.
const MAX_TABLES: usize = 12;

/// Which weights of a step are not zero.
pub(super) fn pattern_of(weights: [i8; STEP]) -> u8 {
    (0..).zip(weights).map(|(lane, w)| u8::from(w != 0) << lane).sum()
}

/// All ones where it holds.
pub(super) const fn mask(holds: bool) -> u8 {
    if holds { u8::MAX } else { 0 }
}
