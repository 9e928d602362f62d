//! What results say about pruned weights.

use reports::pruning::Pruning;
use reports::result::ResultFile;
use reports::summary;
use sim_core::prune::{LayerSparsity, PruneScope, PruneSpec};
use sim_core::spec::{Policy, Threads};

use crate::support::{nb_smt, report};

fn layer(name: &str, weights: usize, zeros: [usize; 2]) -> LayerSparsity {
    LayerSparsity {
        name: name.to_owned(),
        weights,
        zeros_before: zeros[0],
        zeros_after: zeros[1],
    }
}

#[test]
fn pruning_is_a_key_of_its_own_and_a_line() {
    let layers = [layer("a", 1000, [10, 400]), layer("b", 200, [2, 80])];
    let fraction: PruneSpec = "0.4".parse().unwrap();
    let plain = report(nb_smt(Threads::Two, Policy::SA), 2);
    let pruned = plain.clone().with_pruning(Pruning::new(&[fraction], &layers));
    let value: serde_json::Value = serde_json::from_str(&pruned.json()).unwrap();
    insta::assert_snapshot!(value["pruning"].to_string(), @r#"{"layers":[{"name":"a","sparsity":0.4,"weights":1000,"zeros_after":400,"zeros_before":10},{"name":"b","sparsity":0.4,"weights":200,"zeros_after":80,"zeros_before":2}],"rules":[{"magnitude":{"fraction":0.4,"scope":"layer"}}]}"#);
    let back: ResultFile = serde_json::from_str(&pruned.json()).unwrap();
    assert_eq!(&back, pruned.result());
    let line = |text: &str| {
        text.lines()
            .find(|line| line.contains("pruning"))
            .map(str::to_owned)
    };
    insta::assert_snapshot!(line(&summary::text(&pruned)).unwrap(), @"- pruning: the smallest 0.4 of each layer's weights; of 1,200 weights 12 (1.0 %) were zero before and 480 (40.0 %) are now");
    // Nothing else changes, and without pruning there is neither.
    let without =
        summary::text(&pruned).replace(&format!("{}\n", line(&summary::text(&pruned)).unwrap()), "");
    assert_eq!(without, summary::text(&plain));
    assert!(!plain.json().contains("pruning"));
    assert_eq!(
        plain.with_pruning(Pruning::new(&[], &layers)).result().pruning,
        None
    );
}

#[test]
fn a_trace_that_was_pruned_before_says_so() {
    let global = "0.5"
        .parse::<PruneSpec>()
        .ok()
        .and_then(|spec| spec.with_scope(PruneScope::Global));
    let rules = [global.unwrap(), PruneSpec::TwoOfFour];
    let report = report(nb_smt(Threads::Two, Policy::SA), 1).with_pruning(Pruning::new(&rules, &[]));
    let text = summary::text(&report);
    assert!(
        text.contains(
            "- pruning: the smallest 0.5 of the weights of all layers together, then 2:4, all but the two largest of four \
             weights, before the trace was written\n"
        ),
        "{text}"
    );
}
