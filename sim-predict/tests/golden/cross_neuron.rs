//! Cross-neuron prediction: what is first, decisions, and counts.

use std::collections::BTreeSet;

use sim_core::prediction::Diagonal;
use sim_predict::cross_neuron::{CrossNeuron, WindowSize, ZeroUpTo};
use sim_predict::predictor::Threshold;
use sim_testkit::cases_file::CasesFile;

use crate::{check_counts, shape_of};

#[test]
fn windows_decisions_and_counts_are_those_of_the_definition() {
    let file = CasesFile::read("predictors/crossneuron_dev.npz");
    let cases = file.meta.as_array().expect("a list of cases");
    let mut reached = BTreeSet::new();
    let mut n_refused = 0;
    for (index, case) in cases.iter().enumerate() {
        let name = format!("{index:03}");
        let array = |kind: &str| file.array(&format!("{name}/{kind}"));
        let Ok(window) = WindowSize::new(case["window"].as_i64().expect("a size")) else {
            assert_eq!(case["window"], 1, "{name}");
            n_refused += 1;
            continue;
        };
        let diagonal = if case["anti"].as_bool().expect("a truth") {
            Diagonal::Anti
        } else {
            Diagonal::Main
        };
        reached.insert((window, diagonal.name()));
        // τ is FP32 as x is.
        let limit = Threshold::new(array("threshold").values[0])
            .expect("is finite")
            .get();
        let method = CrossNeuron {
            window,
            diagonal,
            zero_up_to: ZeroUpTo::new(limit).expect("from 0 on"),
        };
        let x = array("x").singles();
        let gate = method.gate(&x, shape_of(array("x")));
        assert_eq!(gate.first(), array("first").truths(), "{name}: first");
        assert_eq!(gate.kept(), array("keep").truths(), "{name}: decisions");
        check_counts(&gate.counts(&x), case, &name);
    }
    assert_eq!((cases.len(), n_refused), (66, 9));
    assert!(5 < reached.len(), "{reached:?}");
}

#[test]
fn limits_of_zero_and_windows_are_checked() {
    for limit in [-0.5, f32::NAN, f32::INFINITY] {
        assert!(ZeroUpTo::new(limit).is_err(), "{limit}");
    }
    assert_eq!(
        WindowSize::new(256).map_err(|error| error.to_string()),
        Err("256 is not the size of a window; it is 2 to 255".to_owned())
    );
}
