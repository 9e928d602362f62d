//! Counters from histograms. Every row of a product meets every column, so the counts of a step are products of the
//! counts of its two sides.

mod groups;
mod nb_smt;
mod pairs;
mod subsets;

use sim_array::switching;
use sim_core::counters::{ActiveSteps, OperandWidths, Reduced, Switching};
use sim_core::shape::Gemm;
use sim_core::spec::{NbSmt, Pe};
use sim_simd::integer::Kernels;

use super::components::{Rules, windows};
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
    steps: Steps,
    switching: switching::SwitchingCount,
}

/// By machine.
enum Steps {
    OneThread(RowCounts<1, 2>),
    TwoThreads(NbSmt, RowCounts<2, 4>),
    FourThreads(NbSmt, RowCounts<4, 16>),
    Neighbours(RowCounts<1, 2>, Pairs),
    Picked(RowCounts<1, 2>, Groups),
}

impl StepStatistics {
    /// No rows yet.
    pub(super) fn new(kernels: Kernels, pe: Pe, shape: Gemm) -> Self {
        let steps = match Rules::of(pe) {
            Rules::Exact => Steps::OneThread(RowCounts::new(shape)),
            Rules::TwoThreads(rules) => Steps::TwoThreads(rules, RowCounts::new(shape)),
            Rules::FourThreads(rules) => Steps::FourThreads(rules, RowCounts::new(shape)),
            Rules::Neighbours(_) => Steps::Neighbours(RowCounts::new(shape), Pairs::new(shape)),
            Rules::Picked(rules) => Steps::Picked(
                RowCounts::new(shape),
                Groups::new(kernels, &windows(&rules), shape),
            ),
        };
        Self {
            kernels,
            steps,
            switching: switching::SwitchingCount::new(pe, shape),
        }
    }

    /// Take some rows of A, `[rows, k]`; few enough for a cache.
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
                pairs.add(kernels, block);
            }
            Steps::Picked(counts, groups) => {
                counts.add(kernels, rows);
                groups.add(kernels, rows);
            }
        }
    }

    /// The statistics, after all rows; `weights` is `[n, k]`.
    pub(super) fn finish(self, weights: &[i8]) -> Statistics {
        let kernels = self.kernels;
        let switching = self.switching;
        let switching = kernels.vectorized(
            #[inline(always)]
            || switching.finish(weights),
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
                let (active, reduced) = groups.finish(weights);
                (active, reduced, rows.meet(kernels, weights).operand_widths(0..1))
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
