//! Layers that differ from the others, and the order of K, as a run file says it.

use std::path::Path;

use sim_config::run::{self, RunSpec};
use sim_core::layer_rules::LayerRules;
use sim_core::record::UnsimulatedLayer;
use sim_core::reorder::Reorder;
use sim_core::spec::{Policy, Threads};
use sim_toml::error::ConfigError;

const NB_SMT: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 2\n";
const CONVENTIONAL: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"conventional\"\n";
const TRACE: &str = "[workload]\ntrace = \"t\"\n";

fn parse(array: &str, rest: &str) -> Result<RunSpec, Box<ConfigError>> {
    run::parse(Path::new("r.toml"), &format!("{array}{TRACE}{rest}"))
}

fn good(rest: &str) -> RunSpec {
    parse(NB_SMT, rest).unwrap_or_else(|error| panic!("{error}: {}", error.remedy()))
}

fn show(error: &ConfigError) -> String {
    std::iter::once(error)
        .chain(error.others())
        .map(|error| format!("{error}\n  help: {}", error.remedy()))
        .collect::<Vec<_>>()
        .join("\n")
}

fn bad(array: &str, rest: &str) -> String {
    match parse(array, rest) {
        Ok(spec) => panic!("accepted: {spec:?}"),
        Err(error) => show(&error),
    }
}

#[test]
fn layers_are_read_in_order() {
    let text = "[[layer]]\nname = \"b\"\nthreads = 1\n[[layer]]\nname = \"a\"\npolicy = \"S\"\nthreads = 2\n";
    let spec = good(text);
    let found: Vec<(&str, LayerRules)> = spec.design.layers.iter().collect();
    let want = [
        (
            "b",
            LayerRules {
                threads: Some(Threads::One),
                policy: None,
            },
        ),
        (
            "a",
            LayerRules {
                threads: Some(Threads::Two),
                policy: Some(Policy::S),
            },
        ),
    ];
    assert_eq!(found, want);
    assert_eq!(good("").design.layers.iter().count(), 0);
}

#[test]
fn reordering_is_off_unless_asked_for() {
    assert_eq!(good("").design.reorder, Reorder::Off);
    for mode in Reorder::ALL {
        let line = format!("[layers]\nreorder = \"{}\"\n", mode.name());
        assert_eq!(good(&line).design.reorder, mode);
    }
    // Nothing to reorder is nothing to complain about.
    assert!(parse(CONVENTIONAL, "[layers]\nreorder = \"off\"\n").is_ok());
}

#[test]
fn wrong_layers_name_line_and_remedy() {
    insta::assert_snapshot!(bad(NB_SMT, "[[layer]]\nname = \"a\"\nthreads = 4\n[[layer]]\nname = \"b\"\n[[layer]]\nthreads = 1\n[[layer]]\nname = \"a\"\npolicy = \"s\"\n[[layer]]\nname = \"c\"\nthread = 1\npolicy = \"S\"\n"), @r#"
    r.toml:11: layer.threads = 4 is more than the 2 threads of the array
      help: a layer may run with fewer threads than the array has, not with more
    r.toml:13: this [[layer]] has none of `threads`, `policy`, `predict` and `threshold`
      help: say what the layer does apart from the others, or take it out
    r.toml:14: `layer.name` is missing
      help: allowed values: a name in quotes
    r.toml:17: layer `a` is listed a second time, first on line 10
      help: say all about a layer in one [[layer]]
    r.toml:18: layer.policy = "s" is not allowed
      help: did you mean `S`? allowed values: "S", "A", "W", "Aw", "aW", "S+A", "S+W", "S+Aw", "S+aW"
    r.toml:21: unknown key `thread` in [[layer]]
      help: did you mean `threads`? allowed here: name, threads, policy, predict, threshold
    "#);
    insta::assert_snapshot!(bad(NB_SMT, "[layer]\nname = \"a\"\nthreads = 1\n"), @r#"
    r.toml:9: `layer` is a table, not a list of tables
      help: write [[layer]] on a line of its own and its keys below, once for each
    "#);
    insta::assert_snapshot!(bad(&format!("layer = [3]\n{NB_SMT}"), ""), @r#"
    r.toml:1: `layer` is an integer, not a list of tables
      help: write [[layer]] on a line of its own and its keys below, once for each
    "#);
    insta::assert_snapshot!(bad(CONVENTIONAL, "[layers]\nreorder = \"oracle\"\n[[layer]]\nname = \"a\"\nthreads = 1\n"), @r#"
    r.toml:9: an array of kind "conventional" does not split K among threads: there is nothing to reorder
      help: take `reorder` out, or name an nb-smt array
    r.toml:11: an array of kind "conventional" has neither threads nor a policy to choose
      help: take this [[layer]] out, or name an nb-smt array
    "#);
    insta::assert_snapshot!(bad(NB_SMT, "[layers]\nreorder = \"calibrated\"\nthreads = 2\n"), @r#"
    r.toml:10: layers.reorder = "calibrated" is not allowed
      help: did you mean `calibration`? allowed values: "off", "calibration", "oracle", "weights"
    r.toml:11: unknown key `threads` in [layers]
      help: `threads` belongs in [pe]; allowed here: layers, first, last, depthwise-threads, reorder
    "#);
}

#[test]
fn names_are_compared_once_they_are_known() {
    let spec = good(
        "[[layer]]\nname = \"block1/conv1\"\nthreads = 1\n[[layer]]\nname = \"block1/conv3\"\nthreads = 1\n\
         [[layer]]\nname = \"stem\"\nthreads = 1\n[[layer]]\nname = \"elsewhere\"\npolicy = \"S\"\n",
    );
    let simulated = ["block1/conv1", "block1/conv2"];
    let unsimulated = [UnsimulatedLayer {
        name: "stem".to_owned(),
        reason: "the first convolution stays FP32".to_owned(),
        macs: None,
    }];
    let error = match spec.design.layers.check(&simulated, &unsimulated) {
        Ok(()) => panic!("accepted"),
        Err(error) => show(&error),
    };
    insta::assert_snapshot!(error, @r#"
    r.toml:13: no simulated layer is called `block1/conv3`
      help: did you mean `block1/conv1` or `block1/conv2`? Names are matched exactly
    r.toml:16: layer `stem` is not simulated: the first convolution stays FP32
      help: take this [[layer]] out
    r.toml:19: no simulated layer is called `elsewhere`
      help: names are matched exactly; there are `block1/conv1`, `block1/conv2`
    "#);
    let all = ["block1/conv1", "block1/conv3", "stem", "elsewhere"];
    assert!(spec.design.layers.check(&all, &[]).is_ok());
}
