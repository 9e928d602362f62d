//! What a waveform must show: registers as the engine held them, times and modes as they are defined.

use sim_array::stepped::Stepped;
use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::{Registers, control};
use sim_core::shape::widen;
use sim_core::spec::{KSplit, Threads, Tiles, WindowPlace};
use sim_core::units::Cycles;
use sim_pe::step::Step;

use super::case::Case;
use super::read::Wave;

/// Names of registers with the digits that they held, by PE and cycle; and what left.
#[derive(Default)]
struct Seen {
    cycles: Vec<Vec<Vec<(String, String)>>>,
    /// Cycle, m, n and value.
    outputs: Vec<(u64, usize, usize, i32)>,
}

fn digits(value: u64, width: usize) -> String {
    format!("{value:0width$b}")
}

fn int(value: i32) -> String {
    format!("{value:032b}")
}

fn count(value: Option<usize>) -> String {
    value.map_or_else(|| "x".repeat(32), |value| digits(widen(value), 32))
}

impl Probe for Seen {
    fn cycle(&mut self, cycle: Cycles, registers: &Registers) {
        assert_eq!(cycle.0, widen(self.cycles.len()));
        let pe = |pe: usize| {
            let mut values = Vec::new();
            let mut put = |name: String, value: String| values.push((name, value));
            let bits = [
                ("valid", control::VALID),
                ("first", control::FIRST),
                ("last", control::LAST),
                ("parity", control::PARITY),
            ];
            for (name, mask) in bits {
                put(
                    name.to_owned(),
                    digits((registers.control(pe) & mask != 0).into(), 1),
                );
                for stage in 0..registers.n_stages_between() {
                    let word = registers.stage_control(stage, pe);
                    put(
                        format!("stage{}_{name}", stage + 2),
                        digits((word & mask != 0).into(), 1),
                    );
                }
            }
            for stage in 0..registers.n_stages_between() {
                put(
                    format!("stage{}_product", stage + 2),
                    int(registers.stage_product(stage, pe)),
                );
            }
            for lane in 0..registers.n_lanes() {
                put(
                    format!("activation{lane}"),
                    digits(registers.activation(lane, pe).into(), 8),
                );
            }
            for slot in 0..registers.n_weights() {
                put(
                    format!("weight{slot}"),
                    format!("{:08b}", registers.weight(slot, pe)),
                );
                if registers.n_weights() < registers.n_lanes() {
                    put(
                        format!("position{slot}"),
                        digits(registers.position(slot, pe).into(), 2),
                    );
                }
            }
            put("accumulator".to_owned(), int(registers.accumulator(pe)));
            put("shadow".to_owned(), int(registers.shadow(pe)));
            put(
                "shadow_parity".to_owned(),
                digits((registers.shadow_parity(pe) != 0).into(), 1),
            );
            values
        };
        self.cycles.push((0..registers.n_pes()).map(pe).collect());
    }

    fn output(&mut self, cycle: Cycles, m: usize, n: usize, value: i32) {
        self.outputs.push((cycle.0, m, n, value));
    }
}

/// Where a PE stands in time.
enum When {
    Step { tile: usize, step: usize },
    Between { name: &'static str, tile: Option<usize> },
}

/// A whole run.
pub(crate) struct Expected {
    seen: Seen,
    n_steps: usize,
    /// Cycles between the starts of two tiles.
    period: usize,
    latency: usize,
}

impl Expected {
    pub(crate) fn of(case: &Case) -> Self {
        let mut seen = Seen::default();
        Stepped::default()
            .watch(&case.array, &case.operands(), &mut seen)
            .expect("runs");
        let (rows, cols) = (case.array.rows(), case.array.cols());
        let n_steps = case.array.pe().n_steps(case.shape.k());
        let latency = usize::from(case.array.pipeline_depth()) - 1;
        Self {
            seen,
            n_steps,
            period: match case.array.tiles() {
                Tiles::Pipelined => n_steps.max(rows),
                Tiles::Serial => n_steps + 2 * rows + cols - 2 + latency,
            },
            latency,
        }
    }

    fn when(&self, case: &Case, row: usize, col: usize, cycle: usize) -> When {
        let Some(since) = cycle.checked_sub(row + col) else {
            return When::Between {
                name: "fill",
                tile: None,
            };
        };
        let tile = (since / self.period).min(case.n_tiles() - 1);
        let step = since - tile * self.period;
        if step < self.n_steps {
            return When::Step { tile, step };
        }
        let name = match case.array.tiles() {
            Tiles::Pipelined if tile + 1 < case.n_tiles() => "stall",
            Tiles::Pipelined => "drain",
            // The next tile has started at PE (0, 0), where it has not come here.
            Tiles::Serial if (tile + 1) * self.period <= cycle => "fill",
            Tiles::Serial => "drain",
        };
        When::Between {
            name,
            tile: Some(tile),
        }
    }

    /// Signals that are not registers: mode, tile and reduced operands.
    fn derived(
        &self,
        case: &Case,
        row: usize,
        col: usize,
        cycle: usize,
    ) -> (&'static str, Option<usize>, Step) {
        let (tile, step) = match self.when(case, row, col, cycle) {
            When::Between { name, tile } => return (name, tile, Step::default()),
            When::Step { tile, step } => (tile, step),
        };
        let n_tile_cols = case.shape.n().div_ceil(case.array.cols());
        let m = tile / n_tile_cols * case.array.rows() + row;
        let n = tile % n_tile_cols * case.array.cols() + col;
        if case.shape.m() <= m || case.shape.n() <= n {
            return ("masked", Some(tile), Step::default());
        }
        let done = self.done(case, m, n, step);
        let name = ["idle", "one", "two", "three", "four"][done.n_active];
        (name, Some(tile), done)
    }

    /// What a step of an output does, from the operands as given.
    fn done(&self, case: &Case, m: usize, n: usize, step: usize) -> Step {
        let (operands, k) = (case.operands(), case.shape.k());
        let x = |at: usize| if at < k { operands.activation_row(m)[at] } else { 0 };
        let w = |at: usize| if at < k { operands.weight_row(n)[at] } else { 0 };
        let pe = case.array.pe();
        let at = |lane: usize| match pe.k_split() {
            KSplit::Segments => lane * self.n_steps + step,
            KSplit::Neighbours => step * pe.k_per_step() + lane,
        };
        let lanes = (0..pe.k_per_step()).map(|lane| (x(at(lane)), w(at(lane))));
        let (activations, weights): (Vec<u8>, Vec<i8>) = lanes.unzip();
        Step::of(pe, &activations, &weights)
    }

    /// Compare every signal of a waveform in every cycle.
    pub(crate) fn check(&self, case: &Case, wave: &Wave, what: &str) {
        let range = wave.view.cycles();
        let cycles: Vec<usize> = (range.start.0..range.end.0)
            .map(|cycle| usize::try_from(cycle).expect("a short run"))
            .collect();
        let mut paths = Vec::new();
        let mut check = |path: String, want: Vec<String>| {
            let found = wave.digits(&path);
            for (at, cycle) in cycles.iter().enumerate() {
                assert_eq!(found[at], want[at], "{path} in cycle {cycle}, {what}");
            }
            assert_eq!(found.len(), want.len());
            paths.push(path);
        };
        for row in wave.view.pes().rows.clone() {
            for col in wave.view.pes().cols.clone() {
                let path = |signal: &str| wave.pe_path(case, row, col, signal);
                let pe = row * case.array.cols() + col;
                for (register, (name, _)) in self.seen.cycles[0][pe].iter().enumerate() {
                    let held = |&cycle: &usize| self.seen.cycles[cycle][pe][register].1.clone();
                    check(path(name), cycles.iter().map(held).collect());
                }
                let derived: Vec<_> = cycles
                    .iter()
                    .map(|&cycle| self.derived(case, row, col, cycle))
                    .collect();
                let names = wave.names(&path("mode"));
                for ((found, (want, ..)), cycle) in names.iter().zip(&derived).zip(&cycles) {
                    assert_eq!(found, want, "mode of PE ({row}, {col}) in cycle {cycle}, {what}");
                }
                check(path("mode"), wave.digits(&path("mode")));
                check(
                    path("tile"),
                    derived.iter().map(|(_, tile, _)| count(*tile)).collect(),
                );
                let array_pe = case.array.pe();
                let reduces_weights = array_pe
                    .nb_smt()
                    .is_some_and(|rules| rules.threads != Threads::One);
                let reduces_activations =
                    reduces_weights || matches!(array_pe.windows(), Some((WindowPlace::Pe, _)));
                if reduces_activations {
                    let reduced = derived
                        .iter()
                        .map(|(.., done)| digits(done.reduced_activations.into(), 3));
                    check(path("reduced_activations"), reduced.collect());
                }
                if reduces_weights {
                    let reduced = derived
                        .iter()
                        .map(|(.., done)| digits(done.reduced_weights.into(), 3));
                    check(path("reduced_weights"), reduced.collect());
                }
            }
        }
        self.check_array(case, wave, &cycles, &mut check);
        paths.sort();
        assert_eq!(paths, wave.paths(), "no other signals: {what}");
    }

    /// Cycles since a column began to drain a tile, and the tile; as the bottom PE finishes it.
    fn drain(&self, case: &Case, col: usize, cycle: usize) -> (bool, Option<usize>) {
        let rows = case.array.rows();
        let Some(since) = cycle.checked_sub(rows - 1 + col + self.n_steps + self.latency) else {
            return (false, None);
        };
        let tile = (since / self.period).min(case.n_tiles() - 1);
        (since - tile * self.period < rows, Some(tile))
    }

    fn check_array(
        &self,
        case: &Case,
        wave: &Wave,
        cycles: &[usize],
        check: &mut impl FnMut(String, Vec<String>),
    ) {
        let each = |value: &dyn Fn(usize) -> String| -> Vec<String> {
            cycles.iter().map(|&cycle| value(cycle)).collect()
        };
        check("array.cycle".to_owned(), each(&|cycle| digits(widen(cycle), 64)));
        check("array.clock_mhz".to_owned(), each(&|_| digits(500, 32)));
        let tile = |cycle: usize| (cycle / self.period).min(case.n_tiles() - 1);
        check("array.tile".to_owned(), each(&|cycle| count(Some(tile(cycle)))));
        let n_draining = |cycle: usize| {
            (0..case.array.cols())
                .filter(|&col| self.drain(case, col, cycle).0)
                .count()
        };
        check(
            "array.draining_columns".to_owned(),
            each(&|cycle| count(Some(n_draining(cycle)))),
        );
        for col in wave.view.pes().cols.clone() {
            let path = |signal: &str| format!("array.col{col:02}.{signal}");
            check(
                path("draining"),
                each(&|cycle| digits(self.drain(case, col, cycle).0.into(), 1)),
            );
            check(path("tile"), each(&|cycle| count(self.drain(case, col, cycle).1)));
            let latest = |cycle: usize| {
                let of_col = self.seen.outputs.iter().rev();
                of_col
                    .filter(|(_, _, n, _)| n % case.array.cols() == col)
                    .find(|(left, ..)| *left <= widen(cycle))
            };
            let is_valid = |cycle: usize| latest(cycle).is_some_and(|(left, ..)| *left == widen(cycle));
            check(
                path("output_valid"),
                each(&|cycle| digits(is_valid(cycle).into(), 1)),
            );
            let unknown = || "x".repeat(32);
            check(
                path("output"),
                each(&|cycle| latest(cycle).map_or_else(unknown, |(.., value)| int(*value))),
            );
            check(
                path("output_m"),
                each(&|cycle| count(latest(cycle).map(|(_, m, ..)| *m))),
            );
            check(
                path("output_n"),
                each(&|cycle| count(latest(cycle).map(|(_, _, n, _)| *n))),
            );
        }
    }
}
