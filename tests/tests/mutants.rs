//! Each wrong rule is caught, and by which check.
#![expect(clippy::print_stdout, reason = "the run says which check caught which mutant")]

use proptest::strategy::{Strategy as _, ValueTree as _};
use sim_algebraic::Algebraic;
use sim_array::engine::{Engine as _, Measures, Operands, Outcome};
use sim_array::lockstep::check_registers;
use sim_array::mapping::predicted::OutputPlan;
use sim_array::stepped::Stepped;
use sim_core::mutant::{self, Mutant};
use sim_core::units::Cycles;
use sim_predict::mask::MaskType;
use sim_predict::predictor::{Predictor, Stage, Threshold};
use sim_testkit::cases::{Case, case, draw, runner};
use sim_testkit::cases_file::CasesFile;
use sim_testkit::exits::Exits;
use sim_testkit::predicted::{Predicted, predicted};

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
/// Products whose outputs are predicted.
const N_PREDICTED: usize = 300;
/// The reference clock is slow: so many of either.
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
        | Mutant::ClockTileEarly
        | Mutant::ClockHoldIgnored
        | Mutant::DensityAscending
        | Mutant::MaskAnchor
        | Mutant::ThresholdInclusive => Some(false),
        Mutant::NarrowActivationLimit
        | Mutant::NarrowWeightLimit
        | Mutant::InterleavedThreads
        | Mutant::SwappedThreads
        | Mutant::WrongCountRule
        | Mutant::IdleReduced
        | Mutant::TileOrder
        | Mutant::FreePixelFirst
        | Mutant::WaitingPerTile
        | Mutant::PassingUncounted
        | Mutant::KeptRowShifted => None,
        Mutant::FirstLost
        | Mutant::ParityDropped
        | Mutant::EarlyDrain
        | Mutant::NextTileTooSoon
        | Mutant::EdgeMaskMissing
        | Mutant::StallTwice
        | Mutant::PipelineIgnored
        | Mutant::HoldIgnored
        | Mutant::HoldKept
        | Mutant::SkippedMasked
        | Mutant::PhasesOverlap
        | Mutant::SkippedInError
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
        | Mutant::AlgebraicFillDrain
        | Mutant::FreePixelFirst
        | Mutant::WaitingPerTile
        | Mutant::PhasesOverlap
        | Mutant::DensityAscending
        | Mutant::SkippedInError
        | Mutant::MaskAnchor
        | Mutant::ThresholdInclusive => Some(false),
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
        | Mutant::HoldIgnored
        | Mutant::HoldKept
        | Mutant::SkippedMasked
        | Mutant::PassingUncounted
        | Mutant::KeptRowShifted
        | Mutant::ClockHoldIgnored
        | Mutant::ClockFirstKept
        | Mutant::ClockShadowLate
        | Mutant::ClockTileEarly => Some(true),
    }
}

/// A product, whole or with outputs that are predicted, and what is true of it.
struct Subject {
    case: Case,
    plan: Option<OutputPlan>,
    truth: Outcome,
    /// When outputs leave, where all are computed.
    exits: Option<Vec<Option<Cycles>>>,
}

impl Subject {
    fn whole(case: Case) -> Self {
        Self {
            truth: case.truth(),
            exits: Some(case.exits()),
            plan: None,
            case,
        }
    }

    fn predicted(product: &Predicted) -> Self {
        Self {
            truth: product.truth(),
            exits: None,
            plan: Some(product.plan()),
            case: product.case.clone(),
        }
    }

    fn operands(&self) -> Operands<'_> {
        let operands = self.case.operands();
        match &self.plan {
            Some(plan) => operands.with_plan(plan),
            None => operands,
        }
    }

    /// The stepped outcome with its exits.
    fn stepped(&self) -> (Outcome, Option<Vec<Option<Cycles>>>) {
        let mut exits = Exits::new(self.case.shape.m(), self.case.shape.n());
        let outcome =
            Stepped::default().run_probed(&self.case.array, &self.operands(), Measures::ALL, &mut exits);
        let exits = self.exits.is_some().then_some(exits.cycles);
        (outcome.expect("an outcome"), exits)
    }

    fn algebraic(&self) -> Outcome {
        Algebraic::default()
            .run(&self.case.array, &self.operands(), Measures::ALL)
            .expect("an outcome")
    }

    /// Whether the clocks hold the same registers and give the same outcome.
    fn clocks_agree(&self) -> bool {
        check_registers(&self.case.array, &self.operands()) == Ok(None)
    }
}

fn whole_cases(n: usize) -> Vec<Case> {
    let (mut runner, strategy) = (runner(9), case());
    (0..n).map(|_| draw(&strategy, &mut runner)).collect()
}

fn predicted_products(n: usize) -> Vec<Predicted> {
    let (mut runner, strategy) = (runner(10), predicted());
    let mut next = || strategy.new_tree(&mut runner).expect("a product").current();
    (0..n).map(|_| next()).collect()
}

/// What a broken machine gives, unless it panics.
fn caught_panic<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}

/// Whether masks and decisions are the golden ones.
fn decides_as_defined(file: &CasesFile) -> bool {
    let cases = file.meta.as_array().expect("a list of cases");
    cases.iter().enumerate().all(|(index, case)| {
        let array = |kind: &str| file.array(&format!("{index:03}/{kind}"));
        let shape: [usize; 3] = array("x")
            .shape
            .as_slice()
            .try_into()
            .expect("channels and a map");
        let mask = MaskType::new(case["mask_type"].as_i64().expect("a type")).expect("a type");
        let no_stage = Stage {
            weight: Vec::new(),
            bias: Vec::new(),
            scale: Vec::new(),
            shift: Vec::new(),
            mean: Vec::new(),
            variance: Vec::new(),
        };
        let predictor = Predictor {
            mask,
            stages: [no_stage.clone(), no_stage],
        };
        let threshold = Threshold::new(array("threshold").values[0]).expect("is finite");
        let gate = predictor.gate(&array("score").singles(), shape, threshold);
        mask.first(shape[1], shape[2]) == array("mask").truths() && gate.kept() == array("keep").truths()
    })
}

#[test]
fn every_mutant_is_caught() {
    let decisions = CasesFile::read("predictors/zap_dev.npz");
    let whole = whole_cases(N_CASES);
    let products = predicted_products(N_PREDICTED);
    let subjects = || {
        let whole = whole.iter().cloned().map(Subject::whole);
        whole.chain(products.iter().map(Subject::predicted))
    };
    let truths: Vec<Subject> = subjects().collect();
    // Without a mutant nothing is caught.
    for subject in &truths {
        let expected = (subject.truth.clone(), subject.exits.clone());
        assert_eq!(subject.algebraic(), subject.truth);
        assert_eq!(subject.stepped(), expected);
    }
    assert!(decides_as_defined(&decisions));
    // A broken engine may panic on the way; the message is of no interest.
    std::panic::set_hook(Box::new(|_| {}));
    let mut verdicts = Vec::new();
    for mutant in Mutant::ALL {
        let mut caught = Caught {
            by_equivalence: false,
            by_oracle: false,
            by_clocks: false,
        };
        let by_decisions = mutant::with(mutant, || !decides_as_defined(&decisions));
        let of_clocks = (0..N_CASES_OF_CLOCKS).chain(N_CASES..N_CASES + N_CASES_OF_CLOCKS);
        let of_clocks: Vec<usize> = of_clocks.collect();
        for (index, truth) in truths.iter().enumerate() {
            // Plans are part of what is broken.
            let (stepped, algebraic, clocks_agree) = mutant::with(mutant, || {
                let subject = match index.checked_sub(N_CASES) {
                    None => Some(Subject::whole(whole[index].clone())),
                    Some(index) => caught_panic(|| Subject::predicted(&products[index])),
                };
                let Some(subject) = subject else {
                    return (None, None, Some(false));
                };
                let is_of_clocks = of_clocks.contains(&index) && !caught.by_clocks;
                (
                    caught_panic(|| subject.stepped()),
                    caught_panic(|| subject.algebraic()),
                    is_of_clocks.then(|| caught_panic(|| subject.clocks_agree()) == Some(true)),
                )
            });
            let stepped_is_true = stepped
                .as_ref()
                .is_some_and(|(outcome, exits)| *outcome == truth.truth && *exits == truth.exits);
            caught.by_oracle |= algebraic.as_ref() != Some(&truth.truth) || !stepped_is_true;
            caught.by_equivalence |= stepped.map(|(outcome, _)| outcome) != algebraic;
            caught.by_clocks |= clocks_agree == Some(false);
        }
        verdicts.push((mutant, caught, by_decisions));
    }
    drop(std::panic::take_hook());
    println!("{} mutants", verdicts.len());
    for (mutant, caught, by_decisions) in verdicts {
        println!("{mutant:?}: {caught:?}, by golden decisions: {by_decisions}");
        assert!(
            caught.by_oracle || caught.by_clocks || by_decisions,
            "{mutant:?} is not caught"
        );
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
