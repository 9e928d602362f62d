//! `[prediction]`, good and bad.

use std::path::Path;

use sim_config::run::prediction::{
    MaxError, MethodClaim, MethodSource, MethodSpec, PlaceRule, PredictionSpec, PredictorBatchNorms,
    ThresholdSearch, ThresholdSource, ZapSpec,
};
use sim_config::run::{self, RunSpec};
use sim_core::prediction::{ArrayPrediction, ChannelOrder, Diagonal, OutputRules, PixelOrder, Shortcuts};
use sim_predict::cross_neuron::{CrossNeuron, WindowSize, ZeroUpTo};
use sim_predict::predictor::Threshold;
use sim_toml::error::ConfigError;

use crate::messages::show;

const ARRAY: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"conventional\"\n";
const NETWORK: &str = "[workload]\nmodel = \"m.onnx\"\nimages = \"i.npz\"\n";
const TRACE: &str = "[workload]\ntrace = \"t\"\n\n";
const ZAP: &str = "method = \"zap\"\npredictors = \"p\"\n";

/// `[prediction]` is on line 9, its first key on line 10.
fn parse(workload: &str, keys: &str) -> Result<RunSpec, Box<ConfigError>> {
    run::parse(
        Path::new("folder/r.toml"),
        &format!("{ARRAY}{workload}[prediction]\n{keys}"),
    )
}

#[track_caller]
fn good(workload: &str, keys: &str) -> PredictionSpec {
    let spec = parse(workload, keys).unwrap_or_else(|error| panic!("{error}: {}", error.remedy()));
    spec.design.prediction.expect("it is given")
}

#[track_caller]
fn bad(workload: &str, keys: &str) -> String {
    show(parse(workload, keys))
}

fn threshold(value: f64) -> Threshold {
    Threshold::new(value).expect("finite")
}

#[test]
fn methods_have_keys_and_defaults() {
    let cross_neuron = |window, diagonal, zero_up_to| {
        MethodSpec::CrossNeuron(CrossNeuron {
            window: WindowSize::new(window).expect("a size"),
            diagonal,
            zero_up_to: ZeroUpTo::new(zero_up_to).expect("a limit"),
        })
    };
    assert_eq!(
        good(NETWORK, "method = \"cross-neuron\"\n"),
        PredictionSpec {
            method: MethodSource::Given(cross_neuron(2, Diagonal::Main, 0.0)),
            array: ArrayPrediction {
                rules: OutputRules::default(),
                pixels: PixelOrder::Raster,
                channels: ChannelOrder::Natural,
                shortcuts: Shortcuts::Computed,
            },
            price: None,
        }
    );
    let keys = "method = \"cross-neuron\"\nwindow = 255\ndiagonal = \"anti\"\nzero-up-to = 0.1\n";
    assert_eq!(
        good(NETWORK, keys).method,
        MethodSource::Given(cross_neuron(255, Diagonal::Anti, 0.1))
    );
    let zap = |thresholds, batch_norms| {
        MethodSource::Given(MethodSpec::Zap(ZapSpec {
            predictors: "folder/p".into(),
            thresholds,
            batch_norms,
        }))
    };
    let within = |search| ThresholdSource::Within(MaxError::new(0.1).expect("a limit"), search);
    let zap_of = |keys: &str| good(NETWORK, &format!("{ZAP}{keys}")).method;
    assert_eq!(
        zap_of("max-error = 0.1\n"),
        zap(within(ThresholdSearch::Grid), PredictorBatchNorms::Kept)
    );
    assert_eq!(
        zap_of("max-error = 0.1\nthresholds = \"sigmoid\"\nrecalibrate-predictors = true\n"),
        zap(
            within(ThresholdSearch::Sigmoid),
            PredictorBatchNorms::Recalibrated
        )
    );
    assert_eq!(
        zap_of("threshold = -0.3\n"),
        zap(ThresholdSource::Given(threshold(-0.3)), PredictorBatchNorms::Kept)
    );
}

#[test]
fn blocks_are_the_default_of_columns_alone() {
    for (keys, want) in [
        ("", PixelOrder::Raster),
        ("schedule = \"rows\"\n", PixelOrder::Raster),
        ("schedule = \"columns\"\n", PixelOrder::Block),
        (
            "schedule = \"columns\"\npixels = \"raster\"\n",
            PixelOrder::Raster,
        ),
    ] {
        assert_eq!(good(TRACE, keys).array.pixels, want, "{keys}");
    }
}

#[test]
fn a_trace_may_be_told_what_it_holds() {
    assert_eq!(
        good(TRACE, "").method,
        MethodSource::Trace(MethodClaim::default())
    );
    let MethodSource::Trace(claim) = good(TRACE, "method = \"zap\"\nthreshold = 0.2\n").method else {
        panic!("a claim");
    };
    assert_eq!(claim.threshold, Some(threshold(0.2)));
    insta::assert_snapshot!(bad(
        TRACE,
        &format!(
            "{ZAP}max-error = 0.1\nthresholds = \"grid\"\nrecalibrate-predictors = true\n[[layer]]\nname = \"a\"\npredict = false\n"
        )
    ), @r#"
    folder/r.toml:11: `prediction.predictors` cannot be used with `workload.trace`: a trace holds what was predicted
      help: take `predictors` out, or name a `model` instead of a `trace`
    folder/r.toml:12: `prediction.max-error` cannot be used with `workload.trace`: a trace holds what was predicted
      help: take `max-error` out, or name a `model` instead of a `trace`
    folder/r.toml:13: `prediction.thresholds` cannot be used with `workload.trace`: a trace holds what was predicted
      help: take `thresholds` out, or name a `model` instead of a `trace`
    folder/r.toml:14: `prediction.recalibrate-predictors` cannot be used with `workload.trace`: a trace holds what was predicted
      help: take `recalibrate-predictors` out, or name a `model` instead of a `trace`
    folder/r.toml:17: `layer.predict` cannot be used with `workload.trace`: a trace holds what was predicted
      help: take the line out, or capture again without a prediction of this layer
    "#);
}

#[test]
fn layers_are_pinned_or_left_out() {
    let layers = "[[layer]]\nname = \"a\"\nthreshold = 0.4\n[[layer]]\nname = \"b\"\npredict = false\n\
                  [[layer]]\nname = \"c\"\npredict = true\n";
    let spec = parse(NETWORK, &format!("{ZAP}max-error = 0\n{layers}")).expect("good");
    let found: Vec<_> = spec.design.layers.places().collect();
    assert_eq!(
        found,
        [
            ("a", PlaceRule::Pinned(threshold(0.4))),
            ("b", PlaceRule::LeftOut)
        ]
    );
    // They say nothing of threads.
    assert_eq!(spec.design.layers.iter().count(), 0);
}

#[test]
fn wrong_methods_are_named() {
    insta::assert_snapshot!(bad(NETWORK, "schedule = \"row\"\nlanes = 2\n"), @r#"
    folder/r.toml:9: `prediction.method` is missing
      help: allowed values: "zap", "cross-neuron"
    folder/r.toml:10: prediction.schedule = "row" is not allowed
      help: did you mean `rows`? allowed values: "gate", "rows", "columns"
    folder/r.toml:11: unknown key `lanes` in [prediction]
      help: allowed here: method, predictors, max-error, threshold, thresholds, window, diagonal, zero-up-to, schedule, pixels, channels, predictor-lanes, shortcuts, fill-up, recalibrate-predictors
    "#);
    insta::assert_snapshot!(bad(
        NETWORK,
        "method = \"zip\"\nwindow = 1\npredictor-lanes = -1\n"
    ), @r#"
    folder/r.toml:10: prediction.method = "zip" is not allowed
      help: did you mean `zap`? allowed values: "zap", "cross-neuron"
    folder/r.toml:11: prediction.window = 1 is not allowed
      help: allowed values: whole numbers from 2 to 255
    folder/r.toml:12: prediction.predictor-lanes = -1 is not allowed
      help: allowed values: whole numbers from 0 to 1000000000
    "#);
    insta::assert_snapshot!(bad(
        NETWORK,
        "method = \"zap\"\nwindow = 2\ndiagonal = \"main\"\nzero-up-to = 0\n"
    ), @r#"
    folder/r.toml:9: `prediction.predictors` is missing
      help: name a predictor file, which `sysmt train zap` writes
    folder/r.toml:9: method "zap" has neither `max-error` nor `threshold`
      help: say with `max-error` how much all places may lose together, or give them one `threshold`
    folder/r.toml:11: method "zap" has no key `window`
      help: `window` belongs to "cross-neuron": take the line out or change `method`
    folder/r.toml:12: method "zap" has no key `diagonal`
      help: `diagonal` belongs to "cross-neuron": take the line out or change `method`
    folder/r.toml:13: method "zap" has no key `zero-up-to`
      help: `zero-up-to` belongs to "cross-neuron": take the line out or change `method`
    "#);
    insta::assert_snapshot!(bad(
        NETWORK,
        "method = \"cross-neuron\"\npredictors = \"p\"\nmax-error = 0.1\nthresholds = \"grid\"\npredictor-lanes = 4\n\
         recalibrate-predictors = false\n"
    ), @r#"
    folder/r.toml:11: method "cross-neuron" has no key `predictors`
      help: `predictors` belongs to "zap": take the line out or change `method`
    folder/r.toml:12: method "cross-neuron" has no key `max-error`
      help: `max-error` belongs to "zap": take the line out or change `method`
    folder/r.toml:13: method "cross-neuron" has no key `thresholds`
      help: `thresholds` belongs to "zap": take the line out or change `method`
    folder/r.toml:14: method "cross-neuron" has no key `predictor-lanes`
      help: `predictor-lanes` belongs to "zap": take the line out or change `method`
    folder/r.toml:15: method "cross-neuron" has no key `recalibrate-predictors`
      help: `recalibrate-predictors` belongs to "zap": take the line out or change `method`
    "#);
}

#[test]
fn wrong_limits_are_named() {
    insta::assert_snapshot!(bad(NETWORK, &format!("{ZAP}max-error = 0.1\nthreshold = 0.2\n")), @r#"
    folder/r.toml:13: `prediction.threshold` and `prediction.max-error` exclude each other: thresholds are given, or found
      help: take one of them out
    "#);
    insta::assert_snapshot!(bad(
        NETWORK,
        &format!("{ZAP}thresholds = \"grid\"\nthreshold = 0.2\n")
    ), @r#"
    folder/r.toml:12: `prediction.thresholds` needs `prediction.max-error`: it says how thresholds are found that keep it
      help: add `max-error`, or take `thresholds` out
    "#);
    insta::assert_snapshot!(bad(NETWORK, &format!("{ZAP}max-error = -0.1\n")), @r#"
    folder/r.toml:12: prediction.max-error = -0.1 is not allowed
      help: allowed values: a finite number, at least 0
    "#);
    insta::assert_snapshot!(bad(NETWORK, &format!("{ZAP}max-error = inf\n")), @r#"
    folder/r.toml:12: prediction.max-error = inf is not allowed
      help: allowed values: a finite number, at least 0
    "#);
    insta::assert_snapshot!(bad(NETWORK, &format!("{ZAP}threshold = nan\n")), @r#"
    folder/r.toml:12: prediction.threshold = nan is not allowed
      help: allowed values: a finite number
    "#);
    insta::assert_snapshot!(bad(NETWORK, &format!("{ZAP}threshold = 1e39\n")), @r#"
    folder/r.toml:12: prediction.threshold = 1e39 is not allowed
      help: allowed values: a finite number
    "#);
    insta::assert_snapshot!(bad(
        NETWORK,
        "method = \"cross-neuron\"\nzero-up-to = -1\nwindow = 256\n"
    ), @r#"
    folder/r.toml:11: prediction.zero-up-to = -1 is not allowed
      help: allowed values: a finite number, at least 0
    folder/r.toml:12: prediction.window = 256 is not allowed
      help: allowed values: whole numbers from 2 to 255
    "#);
    insta::assert_snapshot!(bad(NETWORK, "method = \"cross-neuron\"\nzero-up-to = nan\n"), @r#"
    folder/r.toml:11: prediction.zero-up-to = nan is not allowed
      help: allowed values: a finite number, at least 0
    "#);
}

#[test]
fn wrong_layers_are_named() {
    insta::assert_snapshot!(bad(
        NETWORK,
        &format!(
            "{ZAP}max-error = 0.1\n[[layer]]\nname = \"a\"\npredict = false\nthreshold = 1\n[[layer]]\nname = \"b\"\nthreshold = inf\n"
        )
    ), @r#"
    folder/r.toml:16: `layer.threshold` cannot be used with `predict = false`
      help: take one of the two lines out
    folder/r.toml:19: layer.threshold = inf is not allowed
      help: allowed values: a finite number
    "#);
    insta::assert_snapshot!(bad(
        NETWORK,
        "method = \"cross-neuron\"\n[[layer]]\nname = \"a\"\nthreshold = 1\n"
    ), @r#"
    folder/r.toml:13: `layer.threshold` belongs to method "zap"
      help: take the line out or change `method`
    "#);
    let without = format!(
        "{ARRAY}{NETWORK}[[layer]]\nname = \"a\"\npredict = false\n[costs]\nprice-predictor = \"none\"\n"
    );
    let error = run::parse(Path::new("r.toml"), &without).expect_err("nothing is predicted");
    insta::assert_snapshot!(
        error
            .others()
            .iter()
            .fold(error.to_string(), |all, one| format!("{all}\n{one}")), @r#"
    r.toml:11: `layer.predict` needs [prediction]
    r.toml:13: `costs.price-predictor` needs [prediction]
    "#);
}
