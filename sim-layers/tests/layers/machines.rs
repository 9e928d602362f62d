//! Layers that run with fewer threads or another policy than their array.

use sim_core::layer_rules::LayerRules;
use sim_core::progress::Silent;
use sim_core::record::LayerRecord;
use sim_core::spec::{ArraySpec, NbSmt, Pe, Policy, Threads};
use sim_layers::machines::{LayerMachines, MachineError};
use sim_layers::simulate::{SimulateError, simulate};

use crate::common::{array, layer, nb_smt, options, sparq, trace};

const fn threads(threads: Threads) -> LayerRules {
    LayerRules {
        threads: Some(threads),
        policy: None,
    }
}

const fn policy(policy: Policy) -> LayerRules {
    LayerRules {
        threads: None,
        policy: Some(policy),
    }
}

fn machines(threads: Threads) -> LayerMachines {
    LayerMachines::new(array(nb_smt(threads)))
}

fn records(machines: &LayerMachines) -> Vec<LayerRecord> {
    simulate(&trace(), &options(machines), &Silent).expect("runs")
}

fn rules(array: &ArraySpec) -> NbSmt {
    array.pe().nb_smt().expect("an array of threads")
}

/// A layer is what it would be on an array with its threads and policy, but for the entries of the histogram.
#[test]
fn a_layer_runs_as_on_an_array_of_its_own() {
    let mixed = machines(Threads::Four)
        .with_layer("plain", threads(Threads::Two))
        .and_then(|machines| machines.with_layer("grouped", policy(Policy::W)))
        .expect("fits");
    let mixed = records(&mixed);
    let of_policy = |policy| {
        let rules = rules(&array(nb_smt(Threads::Four)));
        LayerMachines::new(array(Pe::NbSmt(NbSmt { policy, ..rules })))
    };
    let want = [
        records(&machines(Threads::Two)).swap_remove(0),
        records(&machines(Threads::Four)).swap_remove(1),
        records(&of_policy(Policy::W)).swap_remove(2),
    ];
    for (found, want) in mixed.iter().zip(want) {
        assert_eq!(found.threads, want.threads, "{}", want.name);
        let (found, mut want) = (&found.product, want.product);
        want.counters.pe_cycles.active = want.counters.pe_cycles.active.widened(4);
        assert_eq!(*found, want);
    }
    assert_eq!(rules(&mixed[2].product.array).policy, Policy::W);
    assert_eq!(mixed[0].product.counters.pe_cycles.active.counts().len(), 5);
}

#[test]
fn a_layer_of_one_thread_is_exact_and_no_faster_than_the_baseline() {
    let throttled = machines(Threads::Four)
        .with_layer("plain", threads(Threads::One))
        .expect("fits");
    let (throttled, whole) = (records(&throttled), records(&machines(Threads::Four)));
    let product = &throttled[0].product;
    assert_eq!(product.cycles, product.baseline_cycles);
    assert_eq!(product.error.map(|error| error.squared_error), Some(0));
    assert_eq!(product.baseline_cycles, whole[0].product.baseline_cycles);
    assert_eq!(throttled[1..], whole[1..]);
}

#[test]
fn a_name_goes_before_the_rule_for_depthwise_layers() {
    let depthwise = machines(Threads::Four).with_depthwise_threads(Some(Threads::One));
    let threads_of = |machines: &LayerMachines| records(machines)[1].threads;
    assert_eq!(threads_of(&depthwise), Some(Threads::One));
    let only_policy = depthwise.clone().with_layer("depthwise", policy(Policy::S));
    assert_eq!(threads_of(&only_policy.expect("fits")), Some(Threads::One));
    let named = depthwise.with_layer("depthwise", threads(Threads::Two));
    assert_eq!(threads_of(&named.expect("fits")), Some(Threads::Two));
}

#[test]
fn every_layer_of_a_name_is_meant() {
    let mut twins = trace();
    twins.layers = vec![
        layer("twin", [3, 5, 6], [7, 3, 2, 2], 1),
        layer("twin", [4, 3, 3], [6, 2, 2, 2], 2),
    ];
    let machines = machines(Threads::Two)
        .with_layer("twin", threads(Threads::One))
        .expect("fits");
    let records = simulate(&twins, &options(&machines), &Silent).expect("runs");
    assert!(records.iter().all(|record| record.threads == Some(Threads::One)));
}

#[test]
fn layers_that_cannot_run_as_asked() {
    let message = |result: Result<LayerMachines, MachineError>| result.expect_err("is wrong").to_string();
    let found = message(machines(Threads::Two).with_layer("plain", threads(Threads::Four)));
    assert!(
        found.starts_with("layer `plain`: 4 threads are more than the 2 of the array"),
        "{found}"
    );
    let with_windows = Pe::with_windows(&[sparq()]);
    for pe in with_windows.into_iter().chain([Pe::Conventional]) {
        for rules in [threads(Threads::One), policy(Policy::S)] {
            let found = message(LayerMachines::new(array(pe)).with_layer("plain", rules));
            assert!(
                found.starts_with("layer `plain`: an array of kind") && found.contains(pe.kind().name()),
                "{found}"
            );
        }
    }
    let once = machines(Threads::Two)
        .with_layer("plain", threads(Threads::One))
        .expect("fits");
    let found = message(once.with_layer("plain", policy(Policy::S)));
    assert!(found.starts_with("layer `plain` is named twice"), "{found}");
    // Names are matched exactly.
    let unknown = machines(Threads::Two).with_layer("Plain", threads(Threads::One));
    let found = simulate(&trace(), &options(&unknown.expect("fits")), &Silent);
    match found {
        Err(SimulateError::Plan(error)) => {
            assert!(
                error
                    .to_string()
                    .starts_with("no simulated layer is called `Plain`"),
                "{error}"
            );
        }
        other => panic!("{other:?}"),
    }
}
