//! Energy as a sum over modes and events, fitted to stretches of cycles.

use sim_core::counters::{OperandWidths, Switching};
use sim_core::spec::Pe;
use sim_core::units::count_as_f64;
use sim_cost::mode::{Event, Events, Mode};
use sim_testkit::oracle::add_lane;

use crate::stimulus::{Cycle, Step};

/// Cycles of a stretch. Energies follow from sums over many cycles, so sums are what is fitted.
pub(crate) const STRETCH: usize = 50;
/// Sweeps over the prices; far more than it takes.
const N_SWEEPS: usize = 20_000;

/// The modes that a PE's prices are fitted for. `Stall` stands for every bubble: fill, stall and drain hold zeros alike.
pub(crate) fn modes(pe: Pe) -> Vec<Mode> {
    let mut modes = vec![Mode::Stall, Mode::Masked];
    match pe.full_collision() {
        Some(threads) => modes.push(Mode::Active(threads)),
        None => modes.extend((0..=pe.max_active()).map(Mode::Active)),
    }
    modes.extend(Event::ALL.map(Mode::Event));
    modes
}

/// How often each of `modes` occurs in a cycle after `before`.
pub(crate) fn counts(modes: &[Mode], pe: Pe, before: Option<&Cycle>, cycle: &Cycle) -> Vec<f64> {
    let active = match cycle.step {
        Step::Active { n, .. } => Some(pe.full_collision().unwrap_or(n)),
        Step::Idle | Step::Masked | Step::Skipped => None,
    };
    let mut events = Events {
        operand_widths: match cycle.step {
            Step::Active { pairs, .. } => pairs,
            Step::Idle | Step::Masked | Step::Skipped => OperandWidths::default(),
        },
        switching: Switching::default(),
        result_loads: u64::from(cycle.loads),
        result_moves: u64::from(cycle.moves),
    };
    // As in the counters: within a tile, where there is an output; of one that is skipped, what moves.
    if let (Some(before), false) = (before, cycle.is_first) {
        let mut switching = Switching::default();
        for (&before, &now) in before.lanes.iter().zip(&cycle.lanes) {
            add_lane(&mut switching, before, now);
        }
        events.switching = match cycle.step {
            Step::Active { .. } => switching,
            Step::Skipped => Switching {
                activation_bits: switching.activation_bits,
                weight_bits: switching.weight_bits,
                ..Switching::default()
            },
            Step::Idle | Step::Masked => Switching::default(),
        };
    }
    modes
        .iter()
        .map(|mode| {
            let count = match *mode {
                Mode::Active(n) => u64::from(active == Some(n)),
                Mode::Masked => u64::from(cycle.step == Step::Masked),
                Mode::Fill | Mode::Stall | Mode::Drain => u64::from(cycle.step == Step::Idle),
                Mode::Event(event) => events.count(event),
                Mode::Skipped => u64::from(cycle.step == Step::Skipped),
                // One PE neither waits for a predictor nor is one.
                Mode::Waiting | Mode::PredictorMac => 0,
                Mode::Clock => 1,
            };
            count_as_f64(count)
        })
        .collect()
}

/// Least squares with prices that are not negative.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    matrix: Vec<Vec<f64>>,
    right: Vec<f64>,
}

impl Fit {
    pub(crate) fn new(n_modes: usize) -> Self {
        Self {
            matrix: vec![vec![0.0; n_modes]; n_modes],
            right: vec![0.0; n_modes],
        }
    }

    /// An equation: `counts` · prices = `energy`.
    pub(crate) fn add(&mut self, counts: &[f64], energy: f64) {
        for ((row, right), &count) in self.matrix.iter_mut().zip(&mut self.right).zip(counts) {
            *right += count * energy;
            for (entry, &other) in row.iter_mut().zip(counts) {
                *entry += count * other;
            }
        }
    }

    /// The price of each mode; a mode that never occurred has none.
    ///
    /// Price by price: the problem is convex, so the order does not matter.
    pub(crate) fn solve(&self) -> Vec<Option<f64>> {
        let n = self.right.len();
        let mut prices = vec![0.0_f64; n];
        for _ in 0..N_SWEEPS {
            for i in 0..n {
                let scale = self.matrix[i][i];
                if scale <= 0.0 {
                    continue;
                }
                let terms = self.matrix[i].iter().zip(&prices);
                let explained: f64 = terms.map(|(entry, price)| entry * price).sum();
                prices[i] = (prices[i] + (self.right[i] - explained) / scale).max(0.0);
            }
        }
        prices
            .into_iter()
            .enumerate()
            .map(|(i, price)| (0.0 < self.matrix[i][i]).then_some(price))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_modes_is_found_again() {
        let mut fit = Fit::new(4);
        for (counts, energy) in [
            ([1.0, 0.0, 0.0, 0.0], 2.0),
            ([0.0, 1.0, 0.0, 0.0], 5.0),
            ([0.0, 1.0, 2.0, 0.0], 6.0),
            ([1.0, 0.0, 1.0, 0.0], 2.5),
        ] {
            fit.add(&counts, energy);
        }
        let wanted = [Some(2.0), Some(5.0), Some(0.5), None];
        for (found, want) in fit.solve().into_iter().zip(wanted) {
            assert_eq!(found.is_some(), want.is_some());
            let difference = found.unwrap_or_default() - want.unwrap_or_default();
            assert!(difference.abs() < 1e-6, "{found:?} {want:?}");
        }
    }

    #[test]
    fn a_price_is_never_negative() {
        let mut fit = Fit::new(2);
        fit.add(&[1.0, 0.0], 3.0);
        fit.add(&[1.0, 1.0], 1.0);
        let prices = fit.solve();
        assert_eq!(prices[1], Some(0.0));
    }
}
