//! The portable clock beside the fastest, and cycles that are watched beside cycles that are not.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::ids::TileId;
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Tiles, Window};
use sim_simd::HasAvx2;

use super::probe::{NoProbe, Probe};
use super::registers::{Registers, control};
use super::{Cycles, Measures, Operands, Stepped, run_with};
use crate::mapping::Schedule;

/// Every register of every PE in every cycle.
#[derive(Default)]
struct Seen(Vec<i64>);

impl Probe for Seen {
    fn cycle(&mut self, _cycle: Cycles, registers: &Registers) {
        for pe in 0..registers.n_pes() {
            let lanes = (0..registers.n_lanes()).map(|lane| i64::from(registers.activation(lane, pe)));
            let slots = (0..registers.n_weights()).map(|slot| i64::from(registers.weight(slot, pe)));
            let stages = (0..registers.n_stages_between()).map(|stage| {
                i64::from(registers.stage_product(stage, pe)) << 8
                    | i64::from(registers.stage_control(stage, pe))
            });
            self.0.extend(lanes.chain(slots).chain(stages));
            self.0.extend([
                i64::from(registers.control(pe)),
                i64::from(registers.col_is_real(pe)),
                i64::from(registers.accumulator(pe)),
                i64::from(registers.shadow(pe)),
                i64::from(registers.shadow_parity(pe)),
            ]);
        }
    }
}

fn machines() -> Vec<Pe> {
    let sparq = Sparq::new(Window::Opt6);
    let mut machines = vec![Pe::Conventional];
    for policy in Policy::ALL {
        machines.extend(Threads::ALL.map(|threads| {
            Pe::NbSmt(NbSmt {
                threads,
                policy,
                rounding: Rounding::HalfEven,
                overflow: Overflow::Extend,
            })
        }));
    }
    machines.extend(Pe::with_windows(&[sparq]));
    machines
}

#[test]
fn every_clock_does_the_same() {
    let mut state = 3_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [value, coin, ..] = state.to_be_bytes();
        if coin < 100 { 0 } else { value }
    };
    for (rows, cols, depth, (m, n, k)) in [
        (3, 2, 1, (7, 5, 9)),
        (17, 18, 2, (20, 37, 300)),
        (16, 16, 1, (17, 16, 1_000)),
        (5, 40, 3, (5, 41, 3)),
    ] {
        for pe in machines() {
            let shape = Gemm::new(m, n, k).expect("a shape");
            let activations: Vec<u8> = (0..m * k).map(|_| byte()).collect();
            let weights: Vec<i8> = (0..n * k)
                .map(|at| if at % k % 4 < 2 { byte().cast_signed() } else { 0 })
                .collect();
            let operands = Operands::new(shape, &activations, &weights).expect("operands");
            for tiles in Tiles::ALL {
                let array = ArraySpec::new(rows, cols, pe)
                    .expect("an array")
                    .with_tiles(tiles);
                let array = array.with_pipeline_depth(depth).expect("a depth");
                let run =
                    |simd| run_with(simd, &array, &operands, Measures::ALL, &mut NoProbe).expect("runs");
                let outcome = run(HasAvx2::detect());
                assert_eq!(run(None), outcome, "{array:?}");
                let seen = |simd| {
                    let mut seen = Seen::default();
                    let probed = run_with(simd, &array, &operands, Measures::ALL, &mut seen).expect("runs");
                    assert_eq!(probed, outcome, "{array:?}");
                    seen.0
                };
                if k < 500 {
                    assert!(seen(None) == seen(HasAvx2::detect()), "{array:?}");
                }
            }
        }
    }
}

/// The registers from a cycle on, what was at the edge of a tile before it, and when to stop.
struct Late {
    from: Cycles,
    n_cycles: usize,
    n_seen: usize,
    n_seen_early: usize,
    edges: Vec<(Cycles, usize)>,
    seen: Seen,
}

impl Late {
    fn new(from: Cycles, n_cycles: usize) -> Self {
        Self {
            from,
            n_cycles,
            n_seen: 0,
            n_seen_early: 0,
            edges: Vec::new(),
            seen: Seen::default(),
        }
    }
}

impl Probe for Late {
    fn cycle(&mut self, cycle: Cycles, registers: &Registers) {
        let is_edge = |&pe: &usize| registers.control(pe) & (control::FIRST | control::LAST) != 0;
        self.edges
            .extend((0..registers.n_pes()).filter(is_edge).map(|pe| (cycle, pe)));
        if self.from <= cycle {
            self.n_seen += 1;
            self.seen.cycle(cycle, registers);
        } else {
            self.n_seen_early += 1;
        }
    }

    fn looks_from(&self) -> Cycles {
        self.from
    }

    fn has_seen_enough(&self) -> bool {
        self.n_seen == self.n_cycles
    }
}

#[test]
fn a_late_look_sees_the_registers_and_no_edge_is_missed() {
    let shape = Gemm::new(20, 17, 700).expect("a shape");
    let activations: Vec<u8> = (0..20 * 700_u32).map(|at| at.to_le_bytes()[0]).collect();
    let weights: Vec<i8> = (0..17 * 700_u32)
        .map(|at| at.wrapping_mul(77).to_le_bytes()[0].cast_signed())
        .collect();
    let operands = Operands::new(shape, &activations, &weights).expect("operands");
    for (pe, depth) in [(Pe::Conventional, 1), (Pe::Conventional, 2), (machines()[2], 1)] {
        for tiles in Tiles::ALL {
            let array = ArraySpec::new(16, 16, pe).expect("an array").with_tiles(tiles);
            let array = array.with_pipeline_depth(depth).expect("a depth");
            let mut all = Late::new(Cycles(0), usize::MAX);
            Stepped::default()
                .watch(&array, &operands, &mut all)
                .expect("runs");
            let n_values = all.seen.0.len() / all.n_seen;
            for from in [0, 1, 333, 750, 1_300] {
                let mut late = Late::new(Cycles(from), 9);
                Stepped::default()
                    .watch(&array, &operands, &mut late)
                    .expect("runs");
                assert_eq!(late.n_seen, 9, "{array:?}, from {from}");
                let first = usize::try_from(from).expect("a small cycle") * n_values;
                assert!(
                    late.seen.0 == all.seen.0[first..first + 9 * n_values],
                    "{array:?}, {from}"
                );
                let edges = all.edges.iter().filter(|(cycle, _)| cycle.0 < from + 9);
                assert!(late.edges.iter().eq(edges), "{array:?}, from {from}");
                if depth == 1 && from == 1_300 {
                    assert!(late.n_seen_early < 800, "{array:?}: {}", late.n_seen_early);
                }
            }
        }
    }
}

/// When each tile's first step and last result were seen.
struct Spans {
    tiles: Vec<(Cycles, Cycles)>,
    side: usize,
    n_tile_cols: usize,
}

impl Probe for Spans {
    fn cycle(&mut self, cycle: Cycles, registers: &Registers) {
        if registers.control(0) & control::FIRST != 0 {
            self.tiles.push((cycle, cycle));
        }
    }

    fn output(&mut self, cycle: Cycles, m: usize, n: usize, _value: i32) {
        let tile = m / self.side * self.n_tile_cols + n / self.side;
        self.tiles[tile].1 = self.tiles[tile].1.max(cycle);
    }
}

#[test]
fn a_tile_is_in_the_array_as_long_as_its_formula_says() {
    for (side, depth, (m, n, k)) in [
        (1, 1, (3, 2, 1)),
        (3, 1, (6, 9, 1)),
        (3, 3, (6, 6, 11)),
        (4, 2, (4, 12, 40)),
    ] {
        let shape = Gemm::new(m, n, k).expect("a shape");
        let (activations, weights) = (vec![1; m * k], vec![1; n * k]);
        let operands = Operands::new(shape, &activations, &weights).expect("operands");
        for tiles in Tiles::ALL {
            for pe in [machines()[0], machines()[2]] {
                let array = ArraySpec::new(side, side, pe)
                    .expect("an array")
                    .with_tiles(tiles);
                let array = array.with_pipeline_depth(depth).expect("a depth");
                let mut spans = Spans {
                    tiles: Vec::new(),
                    side,
                    n_tile_cols: n / side,
                };
                Stepped::default()
                    .watch(&array, &operands, &mut spans)
                    .expect("runs");
                assert_eq!(spans.tiles.len(), m * n / side / side);
                for (tile, &(first, last)) in spans.tiles.iter().enumerate() {
                    let span = Schedule::new(&array, shape).tile_span(TileId(tile));
                    assert_eq!(span, first..last + Cycles(1), "{array:?}, tile {tile}");
                }
            }
        }
    }
}
