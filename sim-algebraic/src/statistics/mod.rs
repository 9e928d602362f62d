//! Counters from histograms. Every row of a product meets every column, so the counts of a step are products of the
//! counts of its two sides.

mod groups;
mod nb_smt;
mod pairs;
mod subsets;

use sim_array::switching;
use sim_core::counters::{ActiveSteps, OperandWidths, Reduced, Switching};
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{NbSmt, Pe};
use sim_simd::integer::Kernels;

use super::components::{Rules, windows};
use super::planned::KeptBlock;
use super::windowed::RowBlock;
use groups::Groups;
use pairs::Pairs;
use subsets::{Meetings, RowCounts};

/// What the operands of a product say about its steps, time apart.
pub(super) struct Statistics {
    /// Steps of real outputs.
    pub(super) active: ActiveSteps,
    /// Operands reduced.
    pub(super) reduced: Reduced,
    /// Operand pairs by width.
    pub(super) operand_widths: OperandWidths,
    /// Operands that change from step to step.
    pub(super) switching: Switching,
}

/// The statistics under way: rows of activations come first, then all weights at once.
pub(super) struct StepStatistics {
    kernels: Kernels,
    shape: Gemm,
    steps: Steps,
    switching: switching::SwitchingCount,
}

/// By machine.
enum Steps {
    OneThread(RowCounts<1, 2, 2>),
    TwoThreads(NbSmt, RowCounts<2, 4, 7>),
    FourThreads(NbSmt, RowCounts<4, 16, 47>),
    Neighbours(RowCounts<1, 2, 2>, Pairs),
    Picked(RowCounts<1, 2, 2>, Box<Groups>),
}

impl StepStatistics {
    /// No rows yet.
    pub(super) fn new(kernels: Kernels, pe: Pe, shape: Gemm) -> Self {
        let steps = match Rules::of(pe) {
            Rules::Exact => Steps::OneThread(RowCounts::new(shape)),
            Rules::TwoThreads(rules) => Steps::TwoThreads(rules, RowCounts::new(shape)),
            Rules::FourThreads(rules) => Steps::FourThreads(rules, RowCounts::new(shape)),
            Rules::Neighbours(_) => Steps::Neighbours(RowCounts::new(shape), Pairs::new(shape.k())),
            Rules::Picked(rules) => Steps::Picked(
                RowCounts::new(shape),
                Box::new(Groups::new(kernels, &windows(&rules), shape)),
            ),
        };
        Self {
            kernels,
            shape,
            steps,
            switching: switching::SwitchingCount::new(pe, shape),
        }
    }

    /// Take some rows of A, `[rows, k]`, few enough for a cache, with every output.
    pub(super) fn add(&mut self, block: RowBlock<'_>) {
        let kernels = self.kernels;
        let switching = &mut self.switching;
        kernels.vectorized(
            #[inline(always)]
            || switching.add(block.windowed),
        );
        let rows = block.given;
        match &mut self.steps {
            Steps::OneThread(counts) => counts.add(kernels, rows),
            Steps::TwoThreads(_, counts) => counts.add(kernels, rows),
            Steps::FourThreads(_, counts) => counts.add(kernels, rows),
            Steps::Neighbours(counts, pairs) => {
                counts.add(kernels, rows);
                pairs.add(kernels, block, std::iter::repeat(widen(self.shape.n())));
            }
            Steps::Picked(counts, groups) => {
                counts.add(kernels, rows);
                groups.add(kernels, rows);
            }
        }
    }

    /// Take some rows of A, `[rows, k]`, no more than bytes can count, of which each column of `weights` has its own.
    pub(super) fn add_kept(&mut self, block: RowBlock<'_>, rows: &KeptBlock, weights: &[i8]) {
        let kernels = self.kernels;
        let switching = &mut self.switching;
        kernels.vectorized(
            #[inline(always)]
            || switching.add_kept(kernels, block.windowed, &rows.kept, weights),
        );
        let kept = (&rows.kept, rows.n_kept.iter().sum());
        let given = block.given;
        match &mut self.steps {
            Steps::OneThread(counts) => counts.add_kept(kernels, given, kept, weights),
            Steps::TwoThreads(_, counts) => counts.add_kept(kernels, given, kept, weights),
            Steps::FourThreads(_, counts) => counts.add_kept(kernels, given, kept, weights),
            Steps::Neighbours(counts, pairs) => {
                counts.add_kept(kernels, given, kept, weights);
                pairs.add(kernels, block, rows.n_kept.iter().copied());
            }
            Steps::Picked(counts, groups) => {
                counts.add_kept(kernels, given, kept, weights);
                groups.add_kept(kernels, given, kept, weights);
            }
        }
    }

    /// Take rows of A as the multipliers see them, `[rows, k]`, that move past PEs: so many outputs of each have one.
    pub(super) fn add_passing(&mut self, rows: &[u8], n_places: &[u64]) {
        let switching = &mut self.switching;
        self.kernels.vectorized(
            #[inline(always)]
            || switching.add_passing(rows, n_places),
        );
    }

    /// The statistics, after all rows; `weights` is `[n, k]`. Where outputs are predicted, so many outputs of each channel
    /// have a PE.
    pub(super) fn finish(self, weights: &[i8], n_places: Option<&[u64]>) -> Statistics {
        let kernels = self.kernels;
        let switching = self.switching;
        let switching = kernels.vectorized(
            #[inline(always)]
            || match n_places {
                None => switching.finish(weights),
                Some(n_places) => switching.finish_planned(weights, n_places),
            },
        );
        let (active, reduced, operand_widths) = match self.steps {
            Steps::OneThread(rows) => of(&rows.meet(kernels, weights), |_| Reduced::default()),
            Steps::TwoThreads(rules, rows) => {
                of(&rows.meet(kernels, weights), |met| nb_smt::reduced(&rules, met))
            }
            Steps::FourThreads(rules, rows) => {
                of(&rows.meet(kernels, weights), |met| nb_smt::reduced(&rules, met))
            }
            Steps::Neighbours(rows, pairs) => {
                let (active, reduced) = pairs.finish();
                (active, reduced, rows.meet(kernels, weights).operand_widths(0..1))
            }
            Steps::Picked(rows, groups) => {
                let met = rows.meet(kernels, weights);
                let (active, reduced) = groups.finish(kernels, weights, met.active().counts()[1]);
                (active, reduced, met.operand_widths(0..1))
            }
        };
        Statistics {
            active,
            reduced,
            operand_widths,
            switching,
        }
    }
}

fn of<const T: usize>(
    meetings: &Meetings<T>,
    reduced: impl Fn(&Meetings<T>) -> Reduced,
) -> (ActiveSteps, Reduced, OperandWidths) {
    (
        meetings.active(),
        reduced(meetings),
        meetings.operand_widths(0..T),
    )
}
