//! Both engines and the oracle on random machines and operands: whole outcomes are equal, and every case was reached.

use std::io::Write as _;

use proptest::test_runner::Config;
use sim_algebraic::Algebraic;
use sim_array::engine::{Engine, Measures};
use sim_array::lockstep::{self, Truth};
use sim_array::stepped::Stepped;
use sim_core::record::EngineKind;
use sim_core::shape::{Gemm, widen};
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Sparq, Threads, Window};
use sim_simd::Simd;
use sim_simd::integer::Kernels;
use sim_testkit::cases::{case, case_of, draw, runner};
use sim_testkit::census::Census;
use sim_testkit::exits::Exits;
use sim_testkit::switching::SwitchingWatch;

const N_CASES: usize = 6_000;
const ENGINES: [EngineKind; 2] = [EngineKind::Stepped, EngineKind::Algebraic];

/// Each way in which lanes lie along K and decide.
fn machines() -> Vec<Pe> {
    let sparq = Sparq::new(Window::Opt5);
    let mut machines = vec![Pe::Conventional];
    machines.extend(Pe::with_windows(&[sparq]));
    machines.extend(Threads::ALL.map(|threads| Pe::NbSmt(NbSmt::new(threads, Policy::SA))));
    machines
}

#[test]
fn engines_and_oracle_agree_and_every_case_is_reached() {
    let engines: Vec<_> = Simd::ALL
        .into_iter()
        .filter_map(|simd| Some((simd, Algebraic::on(Kernels::of(simd)?))))
        .collect();
    for simd in Simd::ALL.into_iter().filter(|simd| !simd.is_available()) {
        // Straight to stderr: what a passing test prints is not shown.
        let _ = writeln!(
            std::io::stderr(),
            "not run: {} (this processor does not have it; {} of {} sets of instructions run)",
            simd.name(),
            engines.len(),
            Simd::ALL.len()
        );
    }
    let mut runner = runner(7);
    let mut census = Census::default();
    let strategy = case();
    for _ in 0..N_CASES {
        let case = draw(&strategy, &mut runner);
        let (operands, truth) = (case.operands(), case.truth());
        let mut exits = Exits::new(case.shape.m(), case.shape.n());
        let stepped = Stepped::default()
            .run_probed(&case.array, &operands, Measures::ALL, &mut exits)
            .expect("an outcome");
        assert_eq!(exits.cycles, case.exits(), "exits: {case:?}");
        assert_eq!(stepped, truth, "stepped against the oracle: {case:?}");
        for (simd, engine) in &engines {
            let mut algebraic = engine
                .run(&case.array, &operands, Measures::ALL)
                .expect("an outcome");
            assert_eq!(algebraic, truth, "{simd:?} against the oracle: {case:?}");
            assert_eq!(
                lockstep::first_divergence(&case.array, &operands, ENGINES, [&stepped, &algebraic]),
                None
            );
            // Without the error, other products make up the same sums.
            (algebraic.error, algebraic.busy) = (None, None);
            let counters_alone = engine
                .run(&case.array, &operands, Measures::NONE)
                .expect("an outcome");
            assert_eq!(counters_alone, algebraic, "{simd:?} without measures: {case:?}");
        }
        census.note(&case, &truth);
    }
    assert!(
        census.missing().is_empty(),
        "not reached in {N_CASES} cases: {:?}",
        census.missing()
    );
}

#[test]
fn maps_count_beyond_bytes() {
    let mut runner = runner(7);
    // More rows, columns and steps on one PE than eight bits count, alone and together.
    for (rows, cols, (m, n, k)) in [
        (1, 1, (520, 1, 5)),
        (2, 1, (1_030, 260, 6)),
        (1, 3, (2, 800, 5)),
        (3, 2, (4, 3, 1_300)),
    ] {
        for pe in machines() {
            let array = ArraySpec::new(rows, cols, pe).expect("in range");
            let shape = Gemm::new(m, n, k).expect("a shape");
            let case = draw(&case_of(array, shape), &mut runner);
            let (operands, truth) = (case.operands(), case.truth());
            let algebraic = Algebraic::default()
                .run(&array, &operands, Measures::ALL)
                .expect("an outcome");
            assert!(algebraic == truth, "algebraic: {array:?}, {shape:?}");
            // A clock per output is slow where outputs are many.
            if 255 < k {
                let stepped = Stepped::default()
                    .run(&array, &operands, Measures::ALL)
                    .expect("an outcome");
                assert!(stepped == truth, "stepped: {array:?}, {shape:?}");
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(Config::with_cases(500))]

    #[test]
    fn engines_agree(case in case()) {
        let divergence = lockstep::check(&case.array, &case.operands(), Truth::Stepped, Stepped::default(), &Algebraic::default()).expect("a verdict");
        proptest::prop_assert_eq!(divergence.map(|divergence| divergence.to_string()), None);
    }

    #[test]
    fn switching_is_what_the_registers_do(case in case()) {
        let mut watch = SwitchingWatch::default();
        let outcome = Stepped::default().run_probed(&case.array, &case.operands(), Measures::NONE, &mut watch).expect("an outcome");
        proptest::prop_assert_eq!(outcome.counters.switching, watch.seen);
    }

    #[test]
    fn busy_steps_are_those_of_active_threads(case in case()) {
        let engines: [&dyn Engine; 2] = [&Algebraic::default(), &Stepped::default()];
        for engine in engines {
            let outcome = engine.run(&case.array, &case.operands(), Measures::ALL).expect("an outcome");
            let active: u64 = outcome.counters.pe_cycles.active.counts()[1..].iter().sum();
            proptest::prop_assert_eq!(outcome.busy.map(|busy| busy.total()), Some(active));
        }
    }

    #[test]
    fn every_pe_cycle_falls_in_one_bucket(case in case()) {
        let outcome = Stepped::default().run(&case.array, &case.operands(), Measures::NONE).expect("an outcome");
        let n_pes = widen(case.array.rows() * case.array.cols());
        proptest::prop_assert_eq!(outcome.counters.pe_cycles.total(), n_pes * outcome.cycles.0);
    }
}
