//! Networks as people bring them: operators, types, inputs and outputs.

use sim_core::preprocessing::Preprocessing;
use sim_images::preprocess::batch;
use sim_images::sets::{ImageSet, OpenOptions};
use sim_net::network::{Network, NoHooks};

use crate::support::{CAPTURE, EVAL, Folder};

/// What `c2` reads, as ONNX Runtime has it.
struct Read {
    case: &'static str,
    shape: [usize; 4],
    scale: f32,
    /// Of all codes; rounding may move one or two.
    sum: i64,
    /// Of the network, for the first image.
    output: [f32; 5],
}

const fn read(case: &'static str, shape: [usize; 4], scale: f32, sum: i64, output: [f32; 5]) -> Read {
    Read {
        case,
        shape,
        scale,
        sum,
        output,
    }
}

/// What the network of a case makes of its first image.
fn output(folder: &Folder) -> Vec<f32> {
    let network = Network::load(folder.path("net.onnx")).unwrap_or_else(|error| panic!("{error}"));
    let images = ImageSet::open(&folder.path("images.npz"), OpenOptions::default());
    let images = images.unwrap_or_else(|error| panic!("{error}"));
    let first = images.load(0..1).unwrap_or_else(|error| panic!("{error}"));
    let input = batch(&Preprocessing::default(), &first, None).unwrap_or_else(|error| panic!("{error}"));
    let outputs = network
        .run(&input, &mut NoHooks)
        .unwrap_or_else(|error| panic!("{error}"));
    outputs.into_iter().flat_map(|(_, output)| output.data).collect()
}

/// The user is told `want`, and that it is for them to mend.
#[track_caller]
fn refused(folder: &Folder, args: &[&str], want: &str) {
    let ran = folder.sysmt(args);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains(want), "{}", ran.stderr);
}

#[test]
fn operators_before_a_layer_compute_what_onnx_runtime_does() {
    for Read {
        case,
        shape,
        scale,
        sum,
        output: want,
    } in [
        read(
            "op-abs-neg-exp-log",
            [2, 4, 6, 6],
            0.002_679_085_4,
            38_452,
            [0.810824, 0.138468, 0.438767, 0.327063, -0.014349],
        ),
        read(
            "op-convtranspose",
            [2, 4, 12, 12],
            0.015_452_432,
            35_536,
            [1.183425, 0.508147, 0.387303, 0.240383, 0.078646],
        ),
        read(
            "op-elu",
            [2, 4, 6, 6],
            0.012_257_891,
            18_107,
            [2.328924, 1.440445, 0.864159, 1.065752, 0.07993],
        ),
        read(
            "op-gelu-erf",
            [2, 4, 6, 6],
            0.012_247_317,
            16_630,
            [2.165366, 1.371769, 0.775547, 0.972146, 0.085192],
        ),
        read(
            "op-globalmaxpool",
            [2, 4, 1, 1],
            0.019_103_58,
            1_195,
            [7.893149, 4.189832, 3.374133, 3.547423, 0.11288],
        ),
        read(
            "op-instancenorm",
            [2, 4, 6, 6],
            0.012_832_054,
            9_936,
            [1.081604, 0.359436, 0.532155, 0.487287, -0.005108],
        ),
        read(
            "op-layernorm-by-hand",
            [2, 4, 6, 6],
            0.006_753_499_6,
            18_936,
            [1.488001, 1.042337, 0.376027, 0.553423, 0.123328],
        ),
        read(
            "op-prelu",
            [2, 4, 6, 6],
            0.012_257_891,
            18_107,
            [2.328924, 1.440445, 0.864159, 1.065752, 0.07993],
        ),
        read(
            "op-reducemax-reducesum",
            [2, 2, 6, 6],
            0.022_730_18,
            15_528,
            [3.659036, 2.23095, 2.252517, 0.191716, 2.501407],
        ),
        read(
            "op-relu6-as-min",
            [2, 4, 6, 6],
            0.012_257_891,
            18_107,
            [2.328924, 1.440445, 0.864159, 1.065752, 0.07993],
        ),
        read(
            "op-resize-nearest",
            [2, 4, 12, 12],
            0.012_257_891,
            72_428,
            [2.328924, 1.440445, 0.864158, 1.065752, 0.07993],
        ),
        read(
            "op-upsample-9",
            [2, 4, 12, 12],
            0.012_257_891,
            72_428,
            [2.328924, 1.440445, 0.864158, 1.065752, 0.07993],
        ),
    ] {
        let folder = Folder::of_case(case);
        folder.good(&CAPTURE);
        let trace = folder.trace("t.safetensors");
        let [layer] = trace.layers.as_slice() else {
            panic!("{case}: {:?}", trace.unsimulated);
        };
        assert_eq!((layer.name.as_str(), layer.input_shape), ("c2", shape), "{case}");
        let error = (layer.input_scale / scale - 1.0).abs();
        assert!(error <= 1e-5, "{case}: {} instead of {scale}", layer.input_scale);
        let found: i64 = layer.input.iter().copied().map(i64::from).sum();
        assert!((found - sum).abs() <= 2, "{case}: {found} instead of {sum}");
        let found = output(&folder);
        assert_eq!(found.len(), want.len(), "{case}");
        let error = found.iter().zip(&want).map(|(a, b)| (a - b).abs());
        let error = error.fold(0.0, f32::max);
        assert!(error <= 5e-6, "{case}: {found:?} instead of {want:?}");
    }
}

/// Names of the layers in the trace, and of what is not in it with the reasons.
fn captured(folder: &Folder, more: &[&str]) -> (Vec<String>, Vec<String>) {
    folder.good(&[&CAPTURE[..], more].concat());
    let trace = folder.trace("t.safetensors");
    let layers = trace.layers.iter().map(|layer| layer.name.clone()).collect();
    let others = trace.unsimulated.iter();
    (
        layers,
        others
            .map(|other| format!("{}: {}", other.name, other.reason))
            .collect(),
    )
}

#[test]
fn a_transposed_convolution_is_simulated_where_all_layers_are() {
    let folder = Folder::of_case("op-convtranspose");
    let (layers, others) = captured(&folder, &[]);
    assert_eq!(layers, ["c2"]);
    assert!(
        others.contains(&"up: a transposed convolution, and only convolutions are selected".to_owned()),
        "{others:?}"
    );
    let (layers, _) = captured(&folder, &["--layers", "all"]);
    assert_eq!(layers, ["up", "c2"]);
}

#[test]
fn every_product_is_in_one_of_the_lists() {
    let all = ["--layers", "all"];
    let all_and_last = ["--layers", "all", "--last", "simulated"];
    for (case, options, layers, others) in [
        (
            "unlisted-const-times-activation",
            &all_and_last[..],
            &["c2", "mix"][..],
            &["c1: the first convolution stays FP32"][..],
        ),
        (
            "unlisted-gemm-transa",
            &all_and_last,
            &["c2", "fc"],
            &["c1: the first convolution stays FP32"],
        ),
        (
            "unlisted-dynamic-conv",
            &all,
            &["c2"],
            &[
                "c1: the first convolution stays FP32",
                "dynamic: its weights are computed in the network",
            ],
        ),
        (
            "lstm-after-convs",
            &[],
            &["c2"],
            &[
                "c1: the first convolution stays FP32",
                "lstm: it is recurrent: a product of every step depends on the step before",
            ],
        ),
        (
            "unneeded-postprocessing",
            &[],
            &["c2"],
            &["c1: the first convolution stays FP32"],
        ),
        (
            "two-inputs-one-unused",
            &[],
            &["c2"],
            &["c1: the first convolution stays FP32"],
        ),
    ] {
        let (found, unsimulated) = captured(&Folder::of_case(case), options);
        assert_eq!(found, layers, "{case}");
        assert_eq!(unsimulated, others, "{case}");
    }
}

#[test]
fn what_is_missing_is_named_at_once() {
    let folder = Folder::of_case("unsupported-all-named");
    // Operators that nobody has.
    let model = folder.read("net.onnx");
    let rename = |model: Vec<u8>, from: &[u8], to: &[u8]| -> Vec<u8> {
        let at = model.windows(from.len()).position(|bytes| bytes == from);
        let at = at.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(from)));
        [&model[..at], to, &model[at + from.len()..]].concat()
    };
    let model = rename(rename(model, b"\x04Celu", b"\x04Frob"), b"\x04Selu", b"\x04Quux");
    folder.write("net.onnx", model);
    let before = folder.listing();
    let ran = folder.sysmt(&CAPTURE);
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: net.onnx: these operators are not supported here: Frob (node `b`), Quux (node `c`); 1 of 2 layers with \
         weights depend on them: `c2`; --partial (`partial = true`) simulates the other layers and lists these\n"
    );
    assert_eq!(folder.listing(), before);
    let (layers, others) = captured(
        &folder,
        &["--partial", "--first", "simulated", "--signed-inputs", "shift"],
    );
    assert_eq!(layers, ["c1"]);
    assert_eq!(
        others,
        ["c2: it depends on operators that are not supported: Frob, Quux"]
    );
}

#[test]
fn floats_of_other_widths_become_fp32_and_it_is_said() {
    for (case, what) in [("float16-weights", "float16"), ("float64-constant", "float64")] {
        let folder = Folder::of_case(case);
        let ran = folder.sysmt(&CAPTURE);
        assert_eq!(ran.code, Some(0), "{case}: {}", ran.stderr);
        let note = format!("net.onnx: its {what} constants become float32; the network runs in float32\n");
        assert!(ran.stderr.contains(&note), "{case}: {}", ran.stderr);
        assert_eq!(folder.trace("t.safetensors").layers[0].name, "c2", "{case}");
    }
}

#[test]
fn a_declared_batch_is_ignored_where_nothing_depends_on_it() {
    let folder = Folder::of_case("fixed-batch");
    let (layers, _) = captured(&folder, &[]);
    assert_eq!(layers, ["c2"]);
    assert_eq!(folder.trace("t.safetensors").layers[0].input_shape, [8, 4, 6, 6]);
}

#[test]
fn a_network_of_bytes_reads_raw_pixels() {
    let folder = Folder::of_case("uint8-input-scaled");
    folder.good(&[&CAPTURE[..], &["--first", "simulated"]].concat());
    let trace = folder.trace("t.safetensors");
    assert_eq!(trace.layers[0].input_scale * 256.0, 255.0);
    assert_eq!(trace.origin.preprocessing.expect("it is stored").scale, 1.0);
    refused(
        &folder,
        &[&CAPTURE[..], &["--scale", "0.5"]].concat(),
        "is not one of its numbers; give it raw pixels: scale 1, no mean, no std",
    );
}

#[test]
fn weights_beside_the_model_are_read_and_nothing_else() {
    let folder = Folder::of_case("external-data");
    folder.good(&CAPTURE);
    let whole = folder.trace("t.safetensors");
    assert_eq!(whole.layers[0].name, "c2");
    // The working folder does not matter.
    folder.write("elsewhere/x", "");
    let ran = folder.sysmt(&[
        "capture",
        "elsewhere/../net.onnx",
        "--images",
        "images.npz",
        "--out",
        "u.safetensors",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(folder.read("t.safetensors"), folder.read("u.safetensors"));

    let data = folder.read("net.onnx.data");
    let ran = folder.sysmt(&[&CAPTURE[..5], &["net.onnx.data", "--force"]].concat());
    assert!(ran.stderr.contains("this command reads it"), "{}", ran.stderr);
    assert_eq!(folder.read("net.onnx.data"), data);
    folder.write("net.onnx.data", &data[..data.len() - 1]);
    refused(
        &folder,
        &CAPTURE,
        "the file is cut off or belongs to another model",
    );

    std::fs::remove_file(folder.path("net.onnx.data")).expect("is there");
    refused(&folder, &CAPTURE, "put that file beside the model");
}

#[cfg(unix)]
#[test]
fn links_of_a_cache_are_followed_but_not_out_of_it() {
    let folder = Folder::of_case("external-data");
    folder.good(&CAPTURE);
    let want = folder.read("t.safetensors");
    // As a hub keeps files: by content, with links to them.
    for name in ["net.onnx", "net.onnx.data"] {
        folder.write(&format!("store/{name}.blob"), folder.read(name));
        folder.write("snapshot/x", "");
        std::os::unix::fs::symlink(
            format!("../store/{name}.blob"),
            folder.path("snapshot").join(name),
        )
        .expect("a link");
    }
    let linked = [
        "capture",
        "snapshot/net.onnx",
        "--images",
        "images.npz",
        "--out",
        "u.safetensors",
    ];
    folder.good(&linked);
    assert_eq!(folder.read("u.safetensors"), want);

    folder.write("private/net.onnx.data", folder.read("net.onnx.data"));
    folder.write("model/net.onnx", folder.read("net.onnx"));
    std::os::unix::fs::symlink("../private/net.onnx.data", folder.path("model/net.onnx.data"))
        .expect("a link");
    refused(
        &folder,
        &[
            "capture",
            "model/net.onnx",
            "--images",
            "images.npz",
            "--out",
            "v.safetensors",
        ],
        "which is not in the folder of the model",
    );
}

#[test]
fn an_output_is_chosen_or_named() {
    let folder = Folder::of_case("two-outputs-eval");
    let eval = [&EVAL[..], &["2t.toml", "--json"]].concat();
    folder.good(&eval);
    refused(
        &folder,
        &[&eval[..], &["--output", "nothing"]].concat(),
        "nothing in the network is named `nothing`; its outputs are `",
    );
}

#[test]
fn an_output_that_is_a_map_has_costs_and_no_top1() {
    let folder = Folder::of_case("two-outputs-eval");
    // What the first convolution makes.
    let json = folder.good(&[
        "eval",
        "net.onnx",
        "--images",
        "images.npz",
        "--array",
        "2t.toml",
        "--output",
        "t",
        "--first",
        "simulated",
        "--signed-inputs",
        "shift",
        "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for null in ["/fp32/top1", "/array/top1", "/flips/p_value", "/agreement"] {
        assert!(
            json.pointer(null).is_some_and(serde_json::Value::is_null),
            "{null}"
        );
    }
    assert!(json["cycles"].as_u64().is_some_and(|cycles| 0 < cycles));
    assert!(json["output_error"].as_f64().is_some_and(|error| 0.0 < error));
    assert_eq!(json["n_classes"], 4 * 36);
}

#[test]
fn inputs_beside_the_images_are_constants_or_arrays() {
    let folder = Folder::of_case("two-inputs-one-unused");
    // The second input is not needed, so a value for it is taken, and one for another is not.
    captured(&folder, &["--input", "im_info=1"]);
    refused(
        &folder,
        &[&CAPTURE[..], &["--input", "scale=1"]].concat(),
        "the network has no input `scale`; its inputs are `x`, `im_info`",
    );
    refused(
        &folder,
        &[&CAPTURE[..], &["--input", "im_info"]].concat(),
        "is not NAME=VALUE",
    );
}

#[test]
fn run_files_have_these_keys_too() {
    let folder = Folder::of_case("two-outputs-eval");
    folder.write(
        "run.toml",
        "array = \"2t.toml\"\n[workload]\nmodel = \"net.onnx\"\nimages = \"images.npz\"\ninputs = [\"x=1\", \"x=2\"]\n",
    );
    refused(&folder, &["run", "run.toml"], "`x` twice");
    folder.write(
        "run.toml",
        "array = \"2t.toml\"\n[workload]\nmodel = \"net.onnx\"\nimages = \"images.npz\"\npartial = true\noutput = \"t\"\n",
    );
    folder.good(&["run", "run.toml"]);
}
