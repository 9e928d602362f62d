//! Predicted zeros in captured traces.

use sim_core::prediction::PlaceMethod;
use sim_trace::trace::Trace;

use crate::support::trace::with_header;
use crate::support::{Folder, onnx};
use crate::train::shapes;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");
const PREDICTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../models/fashion-resnet8-mask3.zap.safetensors"
);

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("shapes-images-idx3-ubyte", shapes());
    folder
}

fn capture(folder: &Folder, out: &str, more: &[&str]) -> Trace {
    let args = [
        "capture",
        MODEL,
        "--images",
        "shapes-images-idx3-ubyte",
        "--out",
        out,
    ];
    folder.good(&[&args[..], more].concat());
    folder.trace(out)
}

/// Outputs that are not computed, and what the layer behind reads of them.
fn read_of_skipped(trace: &Trace, layer: usize) -> Vec<u8> {
    let kept = &trace.layers[layer].predicted.as_ref().expect("a place").kept;
    let read = &trace.layers[layer + 1].input;
    assert_eq!(kept.len(), read.len());
    let skipped = kept.iter().zip(read).filter(|(kept, _)| **kept == 0);
    skipped.map(|(_, &read)| read).collect()
}

#[test]
fn later_layers_read_the_zeros_and_ranges_do_not() {
    let folder = folder();
    let plain = capture(&folder, "plain", &[]);
    assert!(plain.layers.iter().all(|layer| layer.predicted.is_none()));
    let zap = format!("zap:{PREDICTORS},0.2");
    let predicted = capture(&folder, "zap", &["--predict", &zap, "--jobs", "1"]);
    capture(&folder, "again", &["--predict", &zap, "--jobs", "3"]);
    assert_eq!(folder.read("zap"), folder.read("again"));
    for (one, other) in plain.layers.iter().zip(&predicted.layers) {
        assert_eq!(
            one.input_scale.to_bits(),
            other.input_scale.to_bits(),
            "{}",
            one.name
        );
        assert_eq!(
            (&one.weight, &one.wide_counts),
            (&other.weight, &other.wide_counts)
        );
    }
    assert_eq!(plain.layers[0].input, predicted.layers[0].input);
    assert_ne!(plain.layers[1].input, predicted.layers[1].input);
    let skipped = read_of_skipped(&predicted, 0);
    assert!(1000 < skipped.len() && skipped.iter().all(|&read| read == 0));
    // What is computed is what it was: nothing is predicted before.
    let kept = &predicted.layers[0].predicted.as_ref().expect("a place").kept;
    let read = plain.layers[1].input.iter().zip(&predicted.layers[1].input);
    assert!(
        read.zip(kept)
            .all(|((plain, read), kept)| *kept == 0 || plain == read)
    );
    let places = predicted
        .layers
        .iter()
        .filter_map(|layer| layer.predicted.as_ref());
    let places: Vec<_> = places.collect();
    // Every block has two; shortcuts have none of their own.
    let is_own = |place: &&sim_trace::prediction::PredictedOutputs| place.about.shortcut_of.is_none();
    assert_eq!(places.len(), 8);
    assert_eq!(places.iter().copied().filter(is_own).count(), 6);
    for place in places {
        assert!(matches!(place.about.method, PlaceMethod::Zap { mask: 3, .. }));
        assert_eq!(place.about.counts.len(), 10);
    }
}

#[test]
fn windows_are_kept_where_their_diagonal_is_not_zero() {
    let folder = folder();
    let trace = capture(&folder, "t", &["--predict", "cross-neuron:2"]);
    let place = trace.layers[0].predicted.as_ref().expect("a place");
    let is_first = |pixel: usize| (pixel / 28) % 2 == (pixel % 28) % 2;
    assert!((0..28 * 28).all(|pixel| place.first[pixel] == u8::from(is_first(pixel))));
    // Codes of outputs that are first: one above 0 keeps its window.
    let read = &trace.layers[1].input;
    let mut n_skipped = 0;
    for map in 0..10 * 16 {
        let at = |row: usize, column: usize| map * 28 * 28 + row * 28 + column;
        for (row, column) in (0..14).flat_map(|row| (0..14).map(move |column| (2 * row, 2 * column))) {
            let kept = place.kept[at(row, column + 1)];
            assert_eq!(kept, place.kept[at(row + 1, column)]);
            let diagonal = [read[at(row, column)], read[at(row + 1, column + 1)]];
            assert!(kept == 1 || diagonal == [0, 0]);
            n_skipped += usize::from(kept == 0);
        }
    }
    let counted: u64 = place.about.counts.iter().map(|counts| counts.skipped).sum();
    assert_eq!(usize::try_from(counted).expect("fits"), 2 * n_skipped);
    // Such a trace runs as any other where nobody asks for a prediction.
    folder.write(
        "array.toml",
        "[array]\nrows = 16\ncols = 16\n[pe]\nkind = \"conventional\"\n",
    );
    folder.write("run.toml", "array = \"array.toml\"\n[workload]\ntrace = \"t\"\n");
    folder.good(&["run", "run.toml", "--out", "results"]);
    let bytes = with_header(&folder.read("t"), |header| {
        header.replacen("hit-zero\\\":", "hit-zero\\\":1", 1)
    });
    folder.write("t", bytes);
    let ran = folder.sysmt(&["run", "run.toml", "--out", "bad"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("t: layer 0 (`/block1/conv1/Conv`): `prediction`: the counts of map 0 are not those"),
        "{}",
        ran.stderr
    );
}

#[test]
fn predictors_are_not_replaced_and_fill_up_is_refused() {
    let folder = folder();
    let bytes = std::fs::read(PREDICTORS).expect("reads");
    folder.write("p", &bytes);
    let before = folder.listing();
    let args = ["capture", MODEL, "--images", "shapes-images-idx3-ubyte"];
    let wrong = |more: &[&str], want: &str| {
        let ran = folder.sysmt(&[&args[..], more].concat());
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{more:?}: {}", ran.stderr);
    };
    wrong(&["--out", "p", "--predict", "zap:p", "--force"], "p");
    wrong(&["--predict", "zap:p,nan"], "is not a limit of errors");
    assert_eq!((folder.listing(), folder.read("p")), (before, bytes));
    let run = "[array]\nrows = 16\ncols = 16\n[pe]\nkind = \"conventional\"\n[prediction]\nmethod = \"cross-neuron\"\n\
               fill-up = true\n";
    folder.write("run.toml", run);
    wrong(&["--predict", "run.toml"], "`fill-up = true`");
}

#[test]
fn a_network_without_places_is_refused_and_one_of_its_places_may_be_left_out() {
    let folder = folder();
    folder.write("one.onnx", onnx::one_convolution());
    folder.write("tiny.onnx", onnx::tiny());
    folder.write(
        "array.toml",
        "[array]\nrows = 16\ncols = 16\n[pe]\nkind = \"conventional\"\n",
    );
    let images = [
        "--images",
        "shapes-images-idx3-ubyte",
        "--resize",
        "8x8",
        "--predict",
        "cross-neuron:2",
    ];
    for command in [
        &["capture", "one.onnx"][..],
        &["eval", "one.onnx", "--array", "array.toml"],
    ] {
        let ran = folder.sysmt(&[command, &images].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        let want = "--predict: one.onnx has no place where zeros can be predicted: no ReLU stands alone behind a convolution";
        assert!(ran.stderr.contains(want), "{}", ran.stderr);
    }
    // The second convolution alone has a place, behind the last layer with weights.
    let args = [&["capture", "tiny.onnx", "--out", "t"][..], &images].concat();
    let printed = folder.good(&args);
    assert!(
        printed.contains("    cross-neuron, window 2, main diagonal, zero up to 0: "),
        "{printed}"
    );
    let trace = folder.trace("t");
    let has_place: Vec<bool> = trace
        .layers
        .iter()
        .map(|layer| layer.predicted.is_some())
        .collect();
    assert_eq!(has_place, [true]);
    let name = &trace.layers[0].name;
    let run = format!(
        "array = \"array.toml\"\n[prediction]\nmethod = \"cross-neuron\"\n[[layer]]\nname = \"{name}\"\npredict = false\n"
    );
    folder.write("run.toml", run);
    let ran = folder.sysmt(&[
        "capture",
        "tiny.onnx",
        "--images",
        images[1],
        "--resize",
        "8x8",
        "--predict",
        "run.toml",
    ]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("run.toml: no place is left where zeros are predicted"),
        "{}",
        ran.stderr
    );
}
