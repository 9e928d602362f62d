//! The golden operands: every accumulator and every count of the authors' models, from both engines and the oracle.

mod predicted;

use std::collections::BTreeMap;

use sim_algebraic::Algebraic;
use sim_array::engine::{Engine, Measures, Outcome};
use sim_array::stepped::Stepped;
use sim_core::fixed::{Overflow, Rounding};
use sim_core::named::Named;
use sim_core::shape::Gemm;
use sim_core::spec::{
    ArraySpec, NbSmt, Pairs, Pe, Policy, Sparq, Threads, WeightPattern, Window, WindowRounding,
};
use sim_testkit::cases::Case;
use sim_testkit::golden::{self, Array};

/// What a key of a golden file says of the product.
enum Key {
    Operand,
    Accumulators(Pe),
    ActiveThreads(Pe),
    Reduced(Pe),
    OperandWidths,
}

fn parse(key: &str) -> Key {
    let parts: Vec<&str> = key.split('|').collect();
    let nbsmt = |threads: &str, policy: &str, rounding: &str, overflow: &str| {
        Pe::NbSmt(NbSmt {
            threads: threads
                .strip_suffix('T')
                .and_then(|t| t.parse().ok())
                .and_then(Threads::from_count)
                .expect("threads"),
            policy: Policy::from_name(policy).expect("a policy"),
            rounding: Rounding::from_name(rounding).expect("a rounding"),
            overflow: Overflow::from_name(overflow).expect("an overflow"),
        })
    };
    let sparq = |kind: &str, window: &str, rounding: &str, pairs: Pairs| {
        let rules = Sparq {
            window: Window::from_name(window).expect("a window"),
            rounding: WindowRounding::from_name(rounding).expect("a rounding"),
            pairs,
        };
        match kind {
            "sa" => Pe::Sparq(rules),
            "stc" => Pe::SparqStc(rules),
            other => panic!("machine {other}"),
        }
    };
    match parts[..] {
        ["A" | "W" | "W_2to4"] => Key::Operand,
        ["operand_widths"] => Key::OperandWidths,
        [threads, "active_threads"] => Key::ActiveThreads(nbsmt(threads, "S+A", "half-even", "saturate")),
        [threads, policy, "reduced"] => Key::Reduced(nbsmt(threads, policy, "half-even", "saturate")),
        [kind @ ("sa" | "stc"), window, rounding] => {
            Key::Accumulators(sparq(kind, window, rounding, Pairs::On))
        }
        [kind @ ("sa" | "stc"), window, rounding, "pairs"] => {
            Key::Accumulators(sparq(kind, window, rounding, Pairs::On))
        }
        [kind @ ("sa" | "stc"), window, rounding, "no-pairs"] => {
            Key::Accumulators(sparq(kind, window, rounding, Pairs::Off))
        }
        [threads, policy, rounding, overflow] => {
            Key::Accumulators(nbsmt(threads, policy, rounding, overflow))
        }
        _ => panic!("key {key} is not understood"),
    }
}

fn outcomes(file: &BTreeMap<String, Array>, pe: Pe) -> Vec<(&'static str, Outcome)> {
    let activations = &file["A"];
    let weights = match pe.weight_pattern() {
        WeightPattern::TwoOfFour => &file["W_2to4"],
        WeightPattern::Any => &file["W"],
    };
    let shape = Gemm::new(activations.axis(0), weights.axis(0), activations.axis(1)).expect("a shape");
    let case = Case {
        array: ArraySpec::new(4, 3, pe).expect("an array"),
        shape,
        activations: activations.activations(),
        weights: weights.weights(),
    };
    let engines: [&dyn Engine; 2] = [&Algebraic::default(), &Stepped::default()];
    let mut outcomes: Vec<_> = engines
        .iter()
        .map(|engine| {
            (
                engine.kind().name(),
                engine
                    .run(&case.array, &case.operands(), Measures::ALL)
                    .expect("an outcome"),
            )
        })
        .collect();
    outcomes.push(("oracle", case.truth()));
    outcomes
}

#[test]
fn golden_files_to_the_bit() {
    let mut n_checked = 0;
    for name in ["nbsmt_small.npz", "sparq_small.npz", "edge_small.npz"] {
        let file = golden::read(name);
        for (key, want) in &file {
            let pe = match parse(key) {
                Key::Operand => continue,
                Key::Accumulators(pe) | Key::ActiveThreads(pe) | Key::Reduced(pe) => pe,
                Key::OperandWidths => Pe::Conventional,
            };
            for (engine, outcome) in outcomes(&file, pe) {
                let counters = outcome.counters;
                match parse(key) {
                    Key::Operand => {}
                    Key::Accumulators(_) => {
                        assert_eq!(outcome.product, want.accumulators(), "{name} {key} {engine}")
                    }
                    Key::ActiveThreads(_) => {
                        assert_eq!(
                            counters.pe_cycles.active.counts(),
                            want.counts(),
                            "{name} {key} {engine}"
                        );
                    }
                    Key::Reduced(_) => {
                        let got = vec![counters.reduced.activations, counters.reduced.weights];
                        assert_eq!(got, want.counts(), "{name} {key} {engine}");
                    }
                    Key::OperandWidths => {
                        let widths = counters.operand_widths;
                        let got = vec![widths.a8w8, widths.a8w4, widths.a4w8, widths.a4w4];
                        assert_eq!(got, want.counts(), "{name} {key} {engine}");
                    }
                }
                n_checked += 1;
            }
        }
    }
    assert_eq!(
        n_checked,
        3 * (113 + 23 + 182 - 2 - 3 - 3),
        "every key but operands, for two engines and the oracle"
    );
}
