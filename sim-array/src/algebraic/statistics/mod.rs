//! Counters from histograms. Every row of a product meets every column, so the counts of a step are products of the
//! counts of its two sides.

mod nb_smt;
mod sparq;
mod subsets;

use sim_core::counters::{ActiveSteps, OperandWidths, Reduced};
use sim_core::spec::{Pe, Threads};

use super::form::Windows;
use super::kernels::Kernels;
use super::plan::windows;
use crate::engine::Operands;
use subsets::Meetings;

/// What the operands of a product say about its steps, time apart.
pub(super) struct Statistics {
    /// Steps of real outputs.
    pub(super) active: ActiveSteps,
    /// Operands reduced.
    pub(super) reduced: Reduced,
    /// Operand pairs by width.
    pub(super) operand_widths: OperandWidths,
}

/// The statistics of a product on a PE.
pub(super) fn statistics(kernels: Kernels, pe: Pe, operands: &Operands<'_>) -> Statistics {
    match pe {
        Pe::Conventional => one_thread(kernels, operands),
        Pe::NbSmt(rules) => match rules.threads {
            Threads::One => one_thread(kernels, operands),
            Threads::Two => nb_smt::statistics::<2>(kernels, &rules, operands),
            Threads::Four => nb_smt::statistics::<4>(kernels, &rules, operands),
        },
        Pe::Sparq(rules) => {
            let (active, reduced) = sparq::pairs(operands, &windows(&rules));
            with_widths(kernels, operands, active, reduced)
        }
        Pe::SparqStc(rules) => {
            let (active, reduced) = sparq::sparse_pairs(operands, &windows(&rules));
            with_widths(kernels, operands, active, reduced)
        }
    }
}

fn one_thread(kernels: Kernels, operands: &Operands<'_>) -> Statistics {
    let meetings = Meetings::<1>::of(kernels, operands);
    Statistics {
        active: meetings.active(),
        reduced: Reduced::default(),
        operand_widths: meetings.operand_widths(),
    }
}

fn with_widths(
    kernels: Kernels,
    operands: &Operands<'_>,
    active: ActiveSteps,
    reduced: Reduced,
) -> Statistics {
    Statistics {
        active,
        reduced,
        operand_widths: Meetings::<1>::of(kernels, operands).operand_widths(),
    }
}

/// 1 for each activation that a window changes, next to a zero and next to another activation.
struct Changed {
    alone: [u8; 256],
    both: [u8; 256],
}

impl Changed {
    fn of(windows: &Windows) -> Self {
        let changed = |table: &[i16; 256]| {
            let mut codes = 0_i16..;
            table.map(|value| u8::from(codes.next() != Some(value)))
        };
        Self {
            alone: changed(&windows.alone),
            both: changed(&windows.both),
        }
    }
}
