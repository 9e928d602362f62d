//! Outputs that were predicted to be zero.

use sim_core::prediction::PlaceMethod;
use sim_core::prediction::{Counts, Diagonal};
use sim_trace::prediction::{PredictedOutputs, PredictionDescription};
use sim_trace::trace::Trace;

/// Every fourth of the 2 maps × 6 channels × 2 × 6 outputs is skipped; the odd pixels are first.
fn predicted(method: PlaceMethod) -> Trace {
    let is_skipped = |output: usize| output.is_multiple_of(4);
    let counts = Counts {
        outputs: 72,
        precomputed: 36,
        free: 36,
        kept: 18,
        skipped: 18,
        hit_zero: 17,
        hit_nonzero: 10,
        miss_value: 1,
        miss_work: 8,
        sum_skipped: 0.1,
        sum: 1e300,
    };
    let mut trace = crate::common::trace();
    trace.layers[0].predicted = Some(PredictedOutputs {
        kept: (0..144).map(|output| u8::from(!is_skipped(output))).collect(),
        first: (0..12_usize)
            .map(|pixel| u8::from(!pixel.is_multiple_of(2)))
            .collect(),
        about: PredictionDescription {
            method,
            shortcut_of: None,
            counts: vec![counts; 2],
        },
    });
    trace
}

fn zap() -> PlaceMethod {
    PlaceMethod::Zap {
        mask: 5,
        threshold: -0.2,
    }
}

#[test]
fn predictions_read_back_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.safetensors");
    let windows = PlaceMethod::CrossNeuron {
        window: 255,
        diagonal: Diagonal::Anti,
        zero_up_to: 0.1,
    };
    for method in [zap(), windows] {
        let mut trace = predicted(method);
        for _ in 0..2 {
            sim_trace::write(&path, &trace).expect("writes");
            assert_eq!(sim_trace::read(&path).expect("reads"), trace);
            // What they add up to may be unknown.
            if let Some(predicted) = &mut trace.layers[0].predicted {
                predicted.about.counts.clear();
            }
        }
    }
}

#[test]
fn predictions_of_other_outputs_are_named() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut PredictedOutputs), want: &str) {
        let mut trace = predicted(zap());
        change(trace.layers[0].predicted.as_mut().expect("it is there"));
        let error = trace.check().expect_err("is wrong").to_string();
        assert!(
            error.starts_with("layer 0 (`grouped`): ") && error.contains(want),
            "{error}"
        );
    }
    check(
        |predicted| predicted.kept.truncate(72),
        "tensor `kept` has shape [72], it must be 2 maps of 6 channels of 12 pixels",
    );
    check(
        |predicted| predicted.first.push(1),
        "tensor `first` has shape [13], it must be 12 values",
    );
    check(
        |predicted| predicted.kept[3] = 2,
        "tensor `kept`, value 3 is 2, it must be 0 or 1",
    );
    check(
        |predicted| predicted.first[0] = 255,
        "tensor `first`, value 0 is 255, it must be 0 or 1",
    );
    check(
        |predicted| predicted.kept[85] = 0,
        "tensor `kept`, value 85 is 0, it must be 1, since its pixel is computed first",
    );
    check(
        |predicted| predicted.kept[4] = 1,
        "the counts of map 0 are not those of `kept` and `first`",
    );
    check(
        |predicted| predicted.about.counts[1].hit_zero = 18,
        "the counts of map 1 are not those of `kept` and `first`",
    );
    check(
        |predicted| predicted.about.counts[1].sum = f64::NAN,
        "the outputs of map 1 do not add up to a finite number",
    );
    check(
        |predicted| {
            predicted.about.counts.pop();
        },
        "1 counts for 2 maps",
    );
    let mask = PlaceMethod::Zap {
        mask: 11,
        threshold: 0.0,
    };
    check(|predicted| predicted.about.method = mask, "is not a method");
}

#[test]
fn half_a_prediction_is_not_one() {
    use safetensors::tensor::{SafeTensors, TensorView};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.safetensors");
    sim_trace::write(&path, &predicted(zap())).expect("writes");
    let bytes = std::fs::read(&path).expect("reads");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
    let all = SafeTensors::deserialize(&bytes).expect("tensors");
    let without = |name: &str, edit: &dyn Fn(String) -> String| {
        let tensors: Vec<(&str, TensorView<'_>)> = all.iter().filter(|(other, _)| *other != name).collect();
        let mut metadata = header.metadata().clone();
        if let Some(text) = metadata.as_mut().and_then(|metadata| metadata.get_mut("sysmt")) {
            *text = edit(text.clone());
        }
        std::fs::write(&path, safetensors::serialize(tensors, metadata).expect("bytes")).expect("writes");
        sim_trace::read(&path).expect_err("is wrong").to_string()
    };
    let same = |text: String| text;
    assert!(without("layers.0.kept", &same).contains("belong together, and `kept` is not there"));
    assert!(without("layers.0.first", &same).contains("belong together, and `first` is not there"));
    let start = |text: &str| text.find(",\"prediction\":").expect("it is there");
    let cut = |text: String| {
        let start = start(&text);
        let end = start + text[start..].find("]}}").expect("its end") + 2;
        format!("{}{}", &text[..start], &text[end..])
    };
    assert!(without("", &cut).contains("and `prediction` of the description is not there"));
    let unknown = |text: String| text.replace("\"zap\"", "\"zip\"");
    assert!(without("", &unknown).contains("unknown variant `zip`"));
}
