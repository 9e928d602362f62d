//! Both engines and the oracle on random machines and operands: whole outcomes are equal, and every case was reached.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim_array::engine::{Mse, Operands};
use sim_array::lockstep;
use sim_array::{algebraic::Simd, engine::Engine, stepped::Stepped};
use sim_core::shape::widen;
use sim_tests::cases::{Case, case};
use sim_tests::census::Census;
use sim_tests::exits::Exits;
use sim_tests::oracle;
use sim_tests::switching::Watch;

const N_CASES: usize = 6_000;

fn runner() -> TestRunner {
    // A fixed seed: the census must not depend on luck.
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    )
}

fn operands(case: &Case) -> Operands<'_> {
    Operands::new(case.shape, &case.activations, &case.weights).expect("operands of their shape")
}

#[test]
fn engines_and_oracle_agree_and_every_case_is_reached() {
    let engines: Vec<_> = Simd::ALL
        .into_iter()
        .filter_map(|simd| Some((simd, simd.engine()?)))
        .collect();
    for simd in Simd::ALL.into_iter().filter(|simd| !simd.is_available()) {
        println!(
            "not run: {} (this processor does not have it; {} of {} sets of instructions run)",
            simd.name(),
            engines.len(),
            Simd::ALL.len()
        );
    }
    let mut runner = runner();
    let mut census = Census::default();
    let strategy = case();
    for _ in 0..N_CASES {
        let case = strategy.new_tree(&mut runner).expect("a case").current();
        let operands = operands(&case);
        let truth = oracle::outcome(&case.array, &operands, Mse::Measure);
        let (m, n, k) = (case.shape.m(), case.shape.n(), case.shape.k());
        let mut exits = Exits::new(m, n);
        let stepped = Stepped
            .run_probed(&case.array, &operands, Mse::Measure, &mut exits)
            .expect("an outcome");
        let wanted: Vec<_> = oracle::exits(&case.array, m, n, k)
            .into_iter()
            .map(Some)
            .collect();
        assert_eq!(exits.cycles, wanted, "exits: {case:?}");
        assert_eq!(stepped, truth, "stepped against the oracle: {case:?}");
        for (simd, engine) in &engines {
            let mut algebraic = engine
                .run(&case.array, &operands, Mse::Measure)
                .expect("an outcome");
            assert_eq!(algebraic, truth, "{simd:?} against the oracle: {case:?}");
            assert_eq!(
                lockstep::first_divergence(&case.array, case.shape, &stepped, &algebraic),
                None
            );
            // Without the error, other products make up the same sums.
            algebraic.error = None;
            let without_error = engine.run(&case.array, &operands, Mse::Skip).expect("an outcome");
            assert_eq!(without_error, algebraic, "{simd:?} without the error: {case:?}");
        }
        census.note(&case, &truth);
    }
    assert!(
        census.missing().is_empty(),
        "not reached in {N_CASES} cases: {:?}",
        census.missing()
    );
}

proptest::proptest! {
    #![proptest_config(Config::with_cases(500))]

    #[test]
    fn engines_agree(case in case()) {
        let divergence = lockstep::check(&case.array, &operands(&case)).expect("a verdict");
        proptest::prop_assert_eq!(divergence.map(|divergence| divergence.to_string()), None);
    }

    #[test]
    fn switching_is_what_the_registers_do(case in case()) {
        let mut watch = Watch::default();
        let outcome = Stepped.run_probed(&case.array, &operands(&case), Mse::Skip, &mut watch).expect("an outcome");
        proptest::prop_assert_eq!(outcome.counters.switching, watch.seen);
    }

    #[test]
    fn every_pe_cycle_falls_in_one_bucket(case in case()) {
        let outcome = Stepped.run(&case.array, &operands(&case), Mse::Skip).expect("an outcome");
        let n_pes = widen(case.array.rows() * case.array.cols());
        proptest::prop_assert_eq!(outcome.counters.pe_cycles.total(), n_pes * outcome.cycles.0);
    }
}
