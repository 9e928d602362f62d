//! The portable clock beside the fastest, and cycles that are watched beside cycles that are not.

use sim_core::fixed::{Overflow, Rounding};
use sim_core::shape::Gemm;
use sim_core::spec::{ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, Tiles, Window, WindowRounding};
use sim_pe::lanes::Simd;

use super::probe::{NoProbe, Probe};
use super::registers::Registers;
use super::{Cycles, Measures, Operands, run_with};

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
    let sparq = Sparq {
        window: Window::Opt6,
        rounding: WindowRounding::Round,
        pairs: Pairs::On,
    };
    let mut machines = vec![Pe::Conventional, Pe::Sparq(sparq), Pe::SparqStc(sparq)];
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
                let outcome = run(Simd::fastest());
                assert_eq!(run(Simd::Portable), outcome, "{array:?}");
                let seen = |simd| {
                    let mut seen = Seen::default();
                    let probed = run_with(simd, &array, &operands, Measures::ALL, &mut seen).expect("runs");
                    assert_eq!(probed, outcome, "{array:?}");
                    seen.0
                };
                if k < 500 {
                    assert!(seen(Simd::Portable) == seen(Simd::fastest()), "{array:?}");
                }
            }
        }
    }
}
