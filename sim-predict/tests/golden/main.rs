//! Predictions beside independent models of them.

mod cross_neuron;
mod thresholds;
mod zap;

use serde_json::Value;
use sim_core::prediction::Counts;

/// The shape of a place's outputs.
fn shape_of(array: &sim_testkit::cases_file::Floats) -> [usize; 3] {
    let [channels, rows, columns] = array.shape[..] else {
        panic!("{:?}", array.shape)
    };
    [channels, rows, columns]
}

/// Each count that a case states.
fn check_counts(counts: &Counts, case: &Value, name: &str) {
    let want = &case["counts"];
    let found = [
        ("outputs", counts.outputs),
        ("precomputed", counts.precomputed),
        ("free", counts.free),
        ("kept", counts.kept),
        ("skipped", counts.skipped),
        ("hit_zero", counts.hit_zero),
        ("hit_nonzero", counts.hit_nonzero),
        ("miss_value", counts.miss_value),
        ("miss_work", counts.miss_work),
    ];
    for (key, found) in found {
        assert_eq!(Some(found), want[key].as_u64(), "{name}: {key}");
    }
}
