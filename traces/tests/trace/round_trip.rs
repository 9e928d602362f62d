//! A trace survives its file, whose bytes are the same each time.

use sim_core::quantization::{QuantizationSpec, WeightScales};
use sim_core::range::{ActivationRange, Percentile};
use sim_trace::trace::{Origin, Trace};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn a_trace_reads_back_equal_and_its_bytes_repeat() {
    let folder = folder();
    let (first, second) = (
        folder.path().join("a.safetensors"),
        folder.path().join("b.safetensors"),
    );
    let trace = crate::common::trace();
    sim_trace::write(&first, &trace).expect("writes");
    let back = sim_trace::read(&first).expect("reads");
    assert_eq!(back, trace);
    sim_trace::write(&second, &back).expect("writes");
    let bytes = |path| std::fs::read(path).expect("reads");
    assert_eq!(bytes(&first), bytes(&second));
    assert_eq!(
        sim_trace::hash::of_file(&first).expect("hashes"),
        sim_trace::hash::of_file(&second).expect("hashes")
    );
    // Any safetensors reader takes it, and a new file is as readable as its folder's others.
    let whole = bytes(&first);
    safetensors::SafeTensors::deserialize(&whole).expect("parses");
    let other = folder.path().join("other");
    std::fs::write(&other, b"").expect("writes");
    let mode = |path| std::fs::metadata(path).expect("is there").permissions();
    assert_eq!(mode(&first), mode(&other));
    std::fs::remove_file(other).expect("removes");
    // Nothing but the two traces is left behind.
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 2);
}

#[test]
fn options_that_older_files_do_not_name_are_written_only_where_they_say_something() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    let mut trace = crate::common::trace();
    let named = |trace: &Trace| {
        sim_trace::write(&path, trace).expect("writes");
        assert_eq!(&sim_trace::read(&path).expect("reads"), trace);
        let bytes = std::fs::read(&path).expect("reads");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        ["weights", "range", "pruned"].map(|key| text.contains(&format!("\\\"{key}\\\":")))
    };
    assert_eq!(named(&trace), [false; 3]);
    trace.origin.quantization = Some(QuantizationSpec {
        weights: WeightScales::PerTensor,
        range: ActivationRange::Percentile(Percentile::default()),
        ..QuantizationSpec::default()
    });
    trace.origin.pruned = ["0.29", "2:4"].map(|text| text.parse().expect("prunes")).to_vec();
    assert_eq!(named(&trace), [true; 3]);
    trace.origin.quantization = Some(QuantizationSpec {
        weights: WeightScales::PerTensor,
        range: ActivationRange::LeastSquares,
        ..QuantizationSpec::default()
    });
    assert_eq!(named(&trace), [true; 3]);
}

#[test]
fn an_old_file_stays_when_a_bad_trace_is_written_over_it() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    sim_trace::write(&path, &crate::common::trace()).expect("writes");
    let before = std::fs::read(&path).expect("reads");
    let mut bad = crate::common::trace();
    bad.layers[0].input.pop();
    sim_trace::write(&path, &bad).expect_err("the input is too short");
    assert_eq!(std::fs::read(&path).expect("reads"), before);
}

#[test]
fn traces_that_break_a_rule_are_not_written() {
    #[track_caller]
    fn check(spoil: fn(&mut Trace), want: &str) {
        let folder = folder();
        let mut trace = crate::common::trace();
        spoil(&mut trace);
        let error = sim_trace::write(&folder.path().join("a"), &trace)
            .expect_err(want)
            .to_string();
        assert!(error.contains(want), "{error:?} does not say {want:?}");
    }
    check(
        |trace| {
            trace.layers.clear();
            trace.unsimulated.clear();
        },
        "holds no layer",
    );
    check(
        |trace| trace.layers[0].geometry.groups = 0,
        "layer 0 (`grouped`): the number of groups is zero",
    );
    check(|trace| trace.layers[0].geometry.groups = 3, "do not fit"); // 4 channels are not 3 × 2.
    check(|trace| trace.layers[0].geometry.stride[1] = 0, "a stride is zero");
    check(
        |trace| trace.layers[0].geometry.dilation[0] = 0,
        "a dilation is zero",
    );
    check(
        |trace| trace.layers[0].geometry.dilation[1] = 8,
        "the columns hold 8 pixels with padding",
    );
    check(
        |trace| trace.layers[0].geometry.dilation[1] = usize::MAX,
        "the columns hold 8 pixels with padding",
    );
    check(
        |trace| trace.layers[0].geometry.padding[2] = usize::MAX,
        "lowered activations",
    ); // Overflows.
    check(
        |trace| trace.layers[0].geometry.padding[2] = 1 << 40,
        "lowered activations",
    ); // Fits, but no memory does.
    check(
        |trace| trace.layers[0].input_scale = f32::NAN,
        "tensor `input_scale`, value 0 is NaN",
    );
    check(|trace| trace.layers[0].input_scale = 0.0, "finite and above 0");
    check(
        |trace| trace.layers[0].weight_scale[4] = -1.0,
        "tensor `weight_scale`, value 4 is -1",
    );
    check(
        |trace| trace.layers[1].weight_scale[0] = f32::INFINITY,
        "layer 1 (`classifier`)",
    );
    check(
        |trace| trace.layers[0].bias = Some(vec![0.0; 5]),
        "tensor `bias` has shape [5]",
    );
    check(
        |trace| trace.layers[0].wide_counts = Some(vec![0; 23]),
        "it must be 24 values",
    );
    check(
        |trace| trace.origin.images.push("more".to_owned()),
        "2 maps in tensor `input` for 3 images",
    );
}

/// A trace that somebody made by other means says what its layers are, and nothing of where they come from.
#[test]
fn provenance_may_be_unknown() {
    let folder = folder();
    let path = folder.path().join("a.safetensors");
    let mut trace = crate::common::trace();
    trace.origin = Origin {
        images: vec!["0".to_owned(), "1".to_owned()],
        ..Origin::default()
    };
    for layer in &mut trace.layers {
        (layer.node, layer.zero_point) = (None, 0);
    }
    trace.unsimulated.clear();
    sim_trace::write(&path, &trace).expect("writes");
    assert_eq!(sim_trace::read(&path).expect("reads"), trace);
    assert!(!sim_trace::is_captured(&path));
    // What says nothing may be left out.
    let bytes = std::fs::read(&path).expect("reads");
    let header = usize::from(bytes[0]) + 256 * usize::from(bytes[1]);
    let text = String::from_utf8(bytes[8..8 + header].to_vec()).expect("UTF-8");
    let origin = r#"\"origin\":{\"images\":[\"0\",\"1\"],\"calibration\":[]},"#;
    let mut short = text.clone();
    for part in [origin, r#",\"zero-point\":0"#, r#",\"unsimulated\":[]"#] {
        assert!(short.contains(part), "{part}: {short}");
        short = short.replace(part, "");
    }
    let mut edited = u64::try_from(short.len()).expect("fits").to_le_bytes().to_vec();
    edited.extend(short.bytes());
    edited.extend(&bytes[8 + header..]);
    std::fs::write(&path, edited).expect("writes");
    assert_eq!(sim_trace::read(&path).expect("reads"), trace);
}
