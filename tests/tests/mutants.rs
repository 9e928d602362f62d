//! Each wrong rule is caught, and by which check.
#![expect(clippy::print_stdout, reason = "the run says which check caught which mutant")]

use sim_algebraic::Algebraic;
use sim_array::engine::{Engine as _, Measures, Outcome};
use sim_array::lockstep::check_registers;
use sim_array::stepped::Stepped;
use sim_core::units::Cycles;
use sim_pe::mutant::{self, Mutant};
use sim_testkit::cases::{Case, case, draw, runner};
use sim_testkit::exits::Exits;

/// Which comparisons a mutant fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Caught {
    /// Stepped against algebraic.
    by_equivalence: bool,
    /// Stepped or algebraic against the oracle.
    by_oracle: bool,
    /// The fast clock against the reference clock, in registers and outcome.
    by_clocks: bool,
}

const N_CASES: usize = 1_500;
/// The reference clock is slow.
const N_CASES_OF_CLOCKS: usize = 150;

/// Whether the comparison of the engines must see a wrong rule: not where both ask `sim-pe`, where only the oracle can;
/// always for time and registers, which they do not share. `None` where it depends on how one of them asks.
const fn is_seen_by_equivalence(mutant: Mutant) -> Option<bool> {
    match mutant {
        Mutant::FloorForHalfEven
        | Mutant::NoSaturation
        | Mutant::WindowTie
        | Mutant::PairIgnoresPartner
        | Mutant::ClockFirstKept
        | Mutant::ClockShadowLate
        | Mutant::ClockTileEarly => Some(false),
        Mutant::NarrowActivationLimit
        | Mutant::NarrowWeightLimit
        | Mutant::InterleavedThreads
        | Mutant::SwappedThreads
        | Mutant::WrongCountRule
        | Mutant::IdleReduced
        | Mutant::TileOrder => None,
        Mutant::FirstLost
        | Mutant::ParityDropped
        | Mutant::EarlyDrain
        | Mutant::NextTileTooSoon
        | Mutant::EdgeMaskMissing
        | Mutant::StallTwice
        | Mutant::PipelineIgnored
        | Mutant::AlgebraicCycle
        | Mutant::AlgebraicSerialDepth
        | Mutant::AlgebraicFillDrain => Some(true),
    }
}

/// Whether comparing the clocks must see a wrong rule: in either's registers, not in what they both ask for.
const fn is_seen_by_clocks(mutant: Mutant) -> Option<bool> {
    match mutant {
        Mutant::FloorForHalfEven
        | Mutant::NoSaturation
        | Mutant::WindowTie
        | Mutant::PairIgnoresPartner
        | Mutant::AlgebraicCycle
        | Mutant::AlgebraicSerialDepth
        | Mutant::AlgebraicFillDrain => Some(false),
        Mutant::InterleavedThreads
        | Mutant::TileOrder
        | Mutant::NarrowActivationLimit
        | Mutant::NarrowWeightLimit
        | Mutant::SwappedThreads
        | Mutant::WrongCountRule
        | Mutant::IdleReduced => None,
        Mutant::FirstLost
        | Mutant::ParityDropped
        | Mutant::EarlyDrain
        | Mutant::NextTileTooSoon
        | Mutant::EdgeMaskMissing
        | Mutant::StallTwice
        | Mutant::PipelineIgnored
        | Mutant::ClockFirstKept
        | Mutant::ClockShadowLate
        | Mutant::ClockTileEarly => Some(true),
    }
}

fn cases() -> Vec<Case> {
    let (mut runner, strategy) = (runner(9), case());
    (0..N_CASES).map(|_| draw(&strategy, &mut runner)).collect()
}

/// What a broken machine gives, unless it panics: the stepped outcome with its exits, or the algebraic outcome.
fn caught_panic<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

fn stepped(case: &Case) -> Option<(Outcome, Vec<Option<Cycles>>)> {
    caught_panic(|| {
        let mut exits = Exits::new(case.shape.m(), case.shape.n());
        let outcome = Stepped::default().run_probed(&case.array, &case.operands(), Measures::ALL, &mut exits);
        (outcome.expect("an outcome"), exits.cycles)
    })
}

fn algebraic(case: &Case) -> Option<Outcome> {
    caught_panic(|| {
        Algebraic::default()
            .run(&case.array, &case.operands(), Measures::ALL)
            .expect("an outcome")
    })
}

fn truth(case: &Case) -> (Outcome, Vec<Option<Cycles>>) {
    (case.truth(), case.exits())
}

#[test]
fn without_a_mutant_nothing_is_caught() {
    for case in cases() {
        let truth = truth(&case);
        assert_eq!(algebraic(&case), Some(truth.0.clone()));
        assert_eq!(stepped(&case), Some(truth));
    }
}

#[test]
fn every_mutant_is_caught() {
    // A broken engine may panic on the way; the message is of no interest.
    std::panic::set_hook(Box::new(|_| {}));
    let cases: Vec<_> = cases().into_iter().map(|case| (truth(&case), case)).collect();
    let mut verdicts = Vec::new();
    for mutant in Mutant::ALL {
        let mut caught = Caught {
            by_equivalence: false,
            by_oracle: false,
            by_clocks: cases.iter().take(N_CASES_OF_CLOCKS).any(|(_, case)| {
                let verdict = || check_registers(&case.array, &case.operands());
                mutant::with(mutant, || caught_panic(verdict)) != Some(Ok(None))
            }),
        };
        for (truth, case) in &cases {
            let (stepped, algebraic) = mutant::with(mutant, || (stepped(case), algebraic(case)));
            caught.by_oracle |= algebraic.as_ref() != Some(&truth.0) || stepped.as_ref() != Some(truth);
            caught.by_equivalence |= stepped.map(|(outcome, _)| outcome) != algebraic;
        }
        verdicts.push((mutant, caught));
    }
    drop(std::panic::take_hook());
    println!("{} mutants", verdicts.len());
    for (mutant, caught) in verdicts {
        println!("{mutant:?}: {caught:?}");
        assert!(caught.by_oracle || caught.by_clocks, "{mutant:?} is not caught");
        if let Some(expected) = is_seen_by_clocks(mutant) {
            assert_eq!(caught.by_clocks, expected, "{mutant:?} by comparing the clocks");
        }
        if let Some(expected) = is_seen_by_equivalence(mutant) {
            assert_eq!(
                caught.by_equivalence, expected,
                "{mutant:?} by comparing the engines"
            );
        }
    }
}
