//! Products of which only some outputs are computed.

use sim_array::kept_sums::KeptRows;
use sim_array::mapping::predicted::OutputPlan;
use sim_core::counters::{ActiveSteps, PeCycles};
use sim_core::shape::Gemm;
use sim_core::units::Cycles;

use super::statistics::StepStatistics;
use super::windowed::RowBlock;

/// Rows of which each column has its own.
pub(super) struct KeptBlock {
    /// By column, which rows.
    pub(super) kept: KeptRows,
    /// Kept outputs by row.
    pub(super) n_kept: Vec<u64>,
}

/// The plans of products whose rows follow one another.
#[derive(Clone, Copy)]
pub(super) struct Plans<'a>(&'a [OutputPlan]);

impl<'a> Plans<'a> {
    /// Those of a product; `None` where every output is computed.
    pub(super) const fn of(plans: &'a [OutputPlan]) -> Option<Self> {
        if plans.is_empty() { None } else { Some(Self(plans)) }
    }

    /// The kept columns of a row, a bit each.
    fn kept(self, row: usize) -> &'a [u64] {
        let n_rows = self.0[0].outputs().shape().m();
        self.0[row / n_rows].outputs().kept_channels(row % n_rows)
    }

    /// Make the outputs of some rows that are skipped zero: `[rows, n]`, from row `first` on.
    pub(super) fn clear_skipped(self, first: usize, n: usize, outputs: &mut [i32]) {
        for (row, outputs) in (first..).zip(outputs.chunks_mut(n)) {
            for (outputs, &word) in outputs.chunks_mut(64).zip(self.kept(row)) {
                for (outputs, bits) in outputs.chunks_mut(8).zip(word.to_le_bytes()) {
                    for (bit, output) in outputs.iter_mut().enumerate() {
                        *output &= -i32::from(bits >> bit & 1);
                    }
                }
            }
        }
    }

    /// Cycles of all products.
    pub(super) fn cycles(self) -> Cycles {
        let mut cycles = Cycles::default();
        for plan in self.0 {
            cycles += plan.time().total();
        }
        cycles
    }

    /// Every PE-cycle of all products, given the steps of computed outputs by active threads.
    pub(super) fn pe_cycles(self, active: ActiveSteps) -> PeCycles {
        let mut sums = PeCycles {
            active,
            ..PeCycles::zero(0)
        };
        for plan in self.0 {
            sums += plan.pe_cycles(ActiveSteps::zero(0));
        }
        sums
    }

    /// For each channel, outputs that have a PE.
    pub(super) fn n_places_by_channel(self) -> Vec<u64> {
        let mut sums = Vec::new();
        for plan in self.0 {
            let places = plan.n_places_by_channel();
            sums.resize(places.len(), 0);
            for (sum, places) in sums.iter_mut().zip(places) {
                *sum += places;
            }
        }
        sums
    }
}

/// What gives statistics their rows: those with every output together, and those with some.
pub(super) struct Dealer<'a> {
    plans: Plans<'a>,
    shape: Gemm,
    /// For each row, outputs that have a PE.
    n_places: Vec<u64>,
    /// Rows so far.
    m: usize,
    full: Rows,
    some: Rows,
    block: KeptBlock,
}

/// Rows put behind one another.
#[derive(Default)]
struct Rows {
    given: Vec<u8>,
    windowed: Vec<u8>,
}

impl Rows {
    fn clear(&mut self) {
        self.given.clear();
        self.windowed.clear();
    }

    fn push(&mut self, block: RowBlock<'_>, row: usize, k: usize) {
        self.given.extend_from_slice(&block.given[row * k..][..k]);
        self.windowed.extend_from_slice(&block.windowed[row * k..][..k]);
    }

    fn block(&self) -> RowBlock<'_> {
        RowBlock {
            given: &self.given,
            windowed: &self.windowed,
        }
    }
}

impl<'a> Dealer<'a> {
    pub(super) fn new(plans: Plans<'a>, shape: Gemm) -> Self {
        Self {
            plans,
            shape,
            n_places: plans.0.iter().flat_map(OutputPlan::n_places_by_pixel).collect(),
            m: 0,
            full: Rows::default(),
            some: Rows::default(),
            block: KeptBlock {
                kept: KeptRows::new(shape.n()),
                n_kept: Vec::new(),
            },
        }
    }

    /// Deal a block of rows, `[rows, k]`.
    pub(super) fn deal(&mut self, statistics: &mut StepStatistics, block: RowBlock<'_>, weights: &[i8]) {
        let (n, k) = (self.shape.n(), self.shape.k());
        self.full.clear();
        self.some.clear();
        self.block.kept.clear();
        self.block.n_kept.clear();
        for row in 0..block.given.len() / k {
            let kept = self.plans.kept(self.m);
            let n_kept = kept.iter().map(|word| u64::from(word.count_ones())).sum();
            if n_kept == sim_core::shape::widen(n) {
                self.full.push(block, row, k);
            } else {
                let n_places = &self.n_places[self.m..=self.m];
                statistics.add_passing(&block.windowed[row * k..][..k], n_places);
                if 0 < n_kept {
                    self.some.push(block, row, k);
                    self.block.kept.push(kept);
                    self.block.n_kept.push(n_kept);
                }
            }
            self.m += 1;
        }
        if !self.full.given.is_empty() {
            statistics.add(self.full.block());
        }
        if !self.some.given.is_empty() {
            statistics.add_kept(self.some.block(), &self.block, weights);
        }
    }
}
