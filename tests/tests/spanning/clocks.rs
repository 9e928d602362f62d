//! The fast clock beside the reference clock: every register in every cycle, on random machines.

use sim_array::clock::Clock;
use sim_array::clock::Run;
use sim_array::clock::array::Memory;
use sim_array::engine::{Engine as _, Measures, Outcome};
use sim_array::lockstep::check_registers;
use sim_core::ids::{Col, Row};
use sim_core::units::Cycles;
use sim_testkit::cases::{Case, case, draw, runner};
use sim_testkit::census::Census;

const N_CASES: usize = 3_000;
const N_WAITING: usize = 600;

fn cases(n: usize) -> impl Iterator<Item = Case> {
    let (mut runner, strategy) = (runner(11), case());
    (0..n).map(move |_| draw(&strategy, &mut runner))
}

#[test]
fn the_fast_clock_holds_the_registers_of_the_reference() {
    let mut census = Census::default();
    for case in cases(N_CASES) {
        let operands = case.operands();
        let divergence = check_registers(&case.array, &operands).expect("a verdict");
        assert_eq!(
            divergence.map(|divergence| divergence.to_string()),
            None,
            "{case:?}"
        );
        let truth = case.truth();
        let outcome = Clock.run(&case.array, &operands, Measures::ALL);
        assert_eq!(
            outcome.as_ref(),
            Ok(&truth),
            "the reference against the oracle: {case:?}"
        );
        census.note(&case, &truth);
    }
    assert!(
        census.missing().is_empty(),
        "not reached in {N_CASES} cases: {:?}",
        census.missing()
    );
}

/// Operands come late, in a way that looks random and repeats.
struct Late {
    seed: u64,
    /// Of sixteen cycles, those in which an operand does not come.
    n_missing: u64,
}

impl Late {
    fn has(&self, cycle: Cycles, feeder: usize) -> bool {
        let mixed = (self.seed ^ cycle.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(
            u64::try_from(feeder)
                .expect("small")
                .wrapping_mul(0xD1B5_4A32_D192_ED03),
        );
        self.n_missing <= (mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) % 16
    }
}

impl Memory for Late {
    fn has_activations(&self, cycle: Cycles, row: Row) -> bool {
        self.has(cycle, row.idx())
    }

    fn has_weights(&self, cycle: Cycles, col: Col) -> bool {
        self.has(cycle, 1_000 + col.idx())
    }
}

#[test]
fn operands_that_come_late_cost_time_and_nothing_else() {
    let mut n_later = 0;
    for (seed, case) in (0..).zip(cases(N_WAITING)) {
        let operands = case.operands();
        let late = Late {
            seed,
            n_missing: seed % 13,
        };
        let mut run = Run::new(&case.array, &operands, Measures::ALL, &late).expect("a run");
        while !run.is_done() {
            assert!(run.now() < Cycles(100_000), "the clock runs away: {case:?}");
            run.tick();
        }
        let (waited, truth) = (run.finished(), case.truth());
        let n_pes = case.array.n_pes();
        assert_eq!(
            waited.counters.pe_cycles.total(),
            n_pes * waited.cycles.0,
            "{case:?}"
        );
        assert!(truth.cycles <= waited.cycles, "{case:?}");
        n_later += usize::from(truth.cycles < waited.cycles);
        let mut pe_cycles = truth.counters.pe_cycles;
        pe_cycles.fill = waited.counters.pe_cycles.fill;
        pe_cycles.stall = waited.counters.pe_cycles.stall;
        pe_cycles.drain = waited.counters.pe_cycles.drain;
        let mut counters = truth.counters;
        counters.pe_cycles = pe_cycles;
        let expected = Outcome {
            cycles: waited.cycles,
            counters,
            ..truth
        };
        assert_eq!(waited, expected, "{case:?}");
    }
    assert!(
        N_WAITING / 2 < n_later,
        "only {n_later} of {N_WAITING} products waited"
    );
}
