//! The rules by which the weights of a step pick coefficients.

use super::code::{Code, Table};
use super::form::Windows;
use super::kernels::{Coefficients, PANEL_ROWS, Pair};
use super::panels::{Lanes, MAX_TABLES, PanelRule, PreparedStep, STEP, StepRows};

/// Coefficients by the number of active threads of four.
pub(super) struct FourThreads {
    tables: Vec<Table>,
    forms: Vec<(Table, [Option<usize>; 3])>,
}

impl FourThreads {
    /// - `tables`: what an activation can turn into, at most four.
    /// - `forms`: what a weight turns into, and the table of the activation it then meets: with at most one, with two,
    ///   and with more active threads.
    pub(super) fn new(tables: Vec<Table>, forms: Vec<(Table, [Option<usize>; 3])>) -> Self {
        assert!(tables.len() <= MAX_TABLES);
        Self { tables, forms }
    }
}

impl PanelRule for FourThreads {
    fn n_pairs(&self) -> usize {
        self.forms.len() * STEP / 2
    }

    fn k(&self, n_steps: usize, step: usize, lane: usize) -> usize {
        lane * n_steps + step
    }

    fn pack(&self, weights: [i8; STEP], pairs: &mut [Pair]) -> u8 {
        let mut slots = pairs.as_flattened_mut().iter_mut();
        for (table, _) in &self.forms {
            for (w, slot) in weights.into_iter().zip(slots.by_ref()) {
                *slot = table[w.index()];
            }
        }
        let pattern = nonzero_pattern(weights);
        // With one non-zero weight at most one thread is active, whichever it is.
        if pattern.count_ones() <= 1 { 0 } else { pattern }
    }

    #[inline(always)]
    fn prepare(&self, rows: &StepRows, prepared: &mut PreparedStep) {
        prepared.set(rows, self.tables.iter());
    }

    #[inline(always)]
    fn fill(&self, step: &PreparedStep, pick: u8, panel: &mut [Coefficients]) {
        let mut n_active = [0; PANEL_ROWS];
        for (lane, nonzero) in step.nonzero.iter().enumerate() {
            if pick >> lane & 1 == 1 {
                for (n, nonzero) in n_active.iter_mut().zip(nonzero) {
                    *n += nonzero;
                }
            }
        }
        let class: [Lanes; 3] = [
            n_active.map(|n| -i16::from(n <= 1)),
            n_active.map(|n| -i16::from(n == 2)),
            n_active.map(|n| -i16::from(2 < n)),
        ];
        let mut slots = panel.iter_mut();
        for (_, meets) in &self.forms {
            let [one, two, more] = meets.map(|table| table.map_or(&NOTHING, |table| &step.values[table]));
            // One pass per pair, without intermediate rows: this loop is half of the work of four threads.
            for lane in (0..STEP).step_by(2) {
                let Some(slot) = slots.next() else { return };
                for (row, pair) in slot.iter_mut().enumerate() {
                    let of = |lane: usize| {
                        (one[lane][row] & class[0][row])
                            | (two[lane][row] & class[1][row])
                            | (more[lane][row] & class[2][row])
                    };
                    *pair = [of(lane), of(lane + 1)];
                }
            }
        }
    }
}

/// What a form meets where its weight does not count.
static NOTHING: [Lanes; STEP] = [[0; PANEL_ROWS]; STEP];

/// SPARQ pairs picked by 2:4 sparse weights.
pub(super) struct SparsePairs {
    windows: Box<Windows>,
}

impl SparsePairs {
    /// Pairs after these windows.
    pub(super) const fn new(windows: Box<Windows>) -> Self {
        Self { windows }
    }
}

/// Panels of a lone weight at lane 0 or 1, and at lane 2 or 3; every pattern of two weights is its own panel.
const LONE_LOW: u8 = 0b0001;
const LONE_HIGH: u8 = 0b0100;

impl PanelRule for SparsePairs {
    fn n_pairs(&self) -> usize {
        1
    }

    fn k(&self, _n_steps: usize, step: usize, lane: usize) -> usize {
        step * STEP + lane
    }

    fn pack(&self, weights: [i8; STEP], pairs: &mut [Pair]) -> u8 {
        let pattern = nonzero_pattern(weights);
        let lane = |nth: u32| {
            let rest = (0..nth).fold(pattern, |rest, _| rest & rest.wrapping_sub(1));
            usize::try_from(rest.trailing_zeros()).unwrap_or(STEP)
        };
        let (pick, pair) = match pattern.count_ones() {
            0 => (LONE_LOW, [0, 0]),
            1 if pattern < LONE_HIGH => (LONE_LOW, [weights[0], weights[1]]),
            1 => (LONE_HIGH, [weights[2], weights[3]]),
            _ => (pattern, [weights[lane(0)], weights[lane(1)]]),
        };
        pairs[0] = pair.map(i16::from);
        pick
    }

    #[inline(always)]
    fn prepare(&self, rows: &StepRows, prepared: &mut PreparedStep) {
        prepared.set(rows, [&self.windows.alone, &self.windows.both].into_iter());
    }

    #[inline(always)]
    fn fill(&self, step: &PreparedStep, pick: u8, panel: &mut [Coefficients]) {
        let [alone, both, ..] = &step.values;
        match pick {
            LONE_LOW => interleave(&alone[0], &alone[1], &mut panel[0]),
            LONE_HIGH => interleave(&alone[2], &alone[3], &mut panel[0]),
            pattern => {
                let mut lanes = (0..STEP).filter(|&lane| pattern >> lane & 1 == 1);
                let (Some(low), Some(high)) = (lanes.next(), lanes.next()) else {
                    return;
                };
                let next_to = |own: usize, other: usize| -> Lanes {
                    std::array::from_fn(|row| {
                        let near = -step.nonzero[other][row];
                        (both[own][row] & near) | (alone[own][row] & !near)
                    })
                };
                interleave(&next_to(low, high), &next_to(high, low), &mut panel[0]);
            }
        }
    }
}

fn nonzero_pattern(weights: [i8; STEP]) -> u8 {
    (0..).zip(weights).map(|(lane, w)| u8::from(w != 0) << lane).sum()
}

#[inline(always)]
fn interleave(low: &Lanes, high: &Lanes, slot: &mut Coefficients) {
    for ((pair, &low), &high) in slot.iter_mut().zip(low).zip(high) {
        *pair = [low, high];
    }
}
