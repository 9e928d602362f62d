//! Each wrong rule is caught, and by which check.
#![cfg(feature = "mutants")]

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim_array::algebraic::Algebraic;
use sim_array::engine::{Engine, Mse, Operands, Outcome};
use sim_array::stepped::Stepped;
use sim_array::stepped::probe::Probe;
use sim_array::stepped::registers::Registers;
use sim_core::record::EngineKind;
use sim_core::units::Cycles;
use sim_pe::mutant::{self, Mutant};
use sim_tests::cases::{Case, case};
use sim_tests::oracle;

/// Which comparisons a mutant fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Caught {
    /// Stepped against algebraic.
    by_equivalence: bool,
    /// Stepped or algebraic against the oracle.
    by_oracle: bool,
}

const N_CASES: usize = 1_500;

/// Whether the comparison of the engines sees a wrong rule. It cannot where both ask the same place, `sim-pe` or the
/// mapping: there only the oracle does.
const fn is_seen_by_equivalence(mutant: Mutant) -> bool {
    match mutant {
        Mutant::FloorForHalfEven
        | Mutant::NoSaturation
        | Mutant::WindowTie
        | Mutant::PairIgnoresPartner => false,
        Mutant::NarrowActivationLimit
        | Mutant::NarrowWeightLimit
        | Mutant::InterleavedThreads
        | Mutant::SwappedThreads
        | Mutant::WrongCountRule
        | Mutant::IdleReduced
        | Mutant::TileOrder
        | Mutant::FirstLost
        | Mutant::ParityDropped
        | Mutant::EarlyDrain
        | Mutant::NextTileTooSoon
        | Mutant::EdgeMaskMissing
        | Mutant::StallTwice
        | Mutant::PipelineIgnored
        | Mutant::AlgebraicCycle
        | Mutant::AlgebraicSerialDepth
        | Mutant::AlgebraicFillDrain => true,
    }
}

fn cases() -> Vec<Case> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = case();
    (0..N_CASES).map(|_| strategy.new_tree(&mut runner).expect("a case").current()).collect()
}

/// Ends a machine whose results never leave.
struct Watchdog;

impl Probe for Watchdog {
    fn cycle(&mut self, cycle: Cycles, _registers: &Registers) {
        assert!(cycle < Cycles(100_000), "the clock runs away");
    }
}

/// The outcome of an engine that may be broken enough to panic.
fn outcome(engine: EngineKind, case: &Case) -> Option<Outcome> {
    let run = || {
        let operands = Operands::new(case.shape, &case.activations, &case.weights).expect("operands");
        let outcome = match engine {
            EngineKind::Stepped => Stepped.run_probed(&case.array, &operands, Mse::Measure, &mut Watchdog),
            EngineKind::Algebraic => Algebraic.run(&case.array, &operands, Mse::Measure),
        };
        outcome.expect("an outcome")
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

#[test]
fn without_a_mutant_nothing_is_caught() {
    for case in cases() {
        let operands = Operands::new(case.shape, &case.activations, &case.weights).expect("operands");
        let truth = Some(oracle::outcome(&case.array, &operands, Mse::Measure));
        assert_eq!(outcome(EngineKind::Stepped, &case), truth);
        assert_eq!(outcome(EngineKind::Algebraic, &case), truth);
    }
}

#[test]
fn every_mutant_is_caught() {
    // A broken engine may panic on the way; the message is of no interest.
    std::panic::set_hook(Box::new(|_| {}));
    let cases = cases();
    let mut verdicts = Vec::new();
    for mutant in Mutant::ALL {
        let mut caught = Caught { by_equivalence: false, by_oracle: false };
        for case in &cases {
            let operands = Operands::new(case.shape, &case.activations, &case.weights).expect("operands");
            let truth = Some(oracle::outcome(&case.array, &operands, Mse::Measure));
            let (stepped, algebraic) = mutant::with(mutant, || {
                let run = |engine| outcome(engine, case);
                (run(EngineKind::Stepped), run(EngineKind::Algebraic))
            });
            caught.by_equivalence |= stepped != algebraic;
            caught.by_oracle |= stepped != truth || algebraic != truth;
        }
        verdicts.push((mutant, caught));
    }
    drop(std::panic::take_hook());
    println!("{} mutants", verdicts.len());
    for (mutant, caught) in verdicts {
        println!("{mutant:?}: {caught:?}");
        assert!(caught.by_oracle || caught.by_equivalence, "{mutant:?} is not caught");
        assert_eq!(caught.by_equivalence, is_seen_by_equivalence(mutant), "{mutant:?} by comparing the engines");
    }
}
