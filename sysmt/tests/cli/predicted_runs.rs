//! Runs and products of which only some outputs are computed.

use serde_json::Value;

use crate::support::{Folder, GEMM, npy, pseudo_random};
use crate::train::shapes;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");
const PREDICTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../models/fashion-resnet8-mask5.zap.safetensors"
);
const ARRAY: &str = "[array]\nrows = 16\ncols = 16\n[pe]\nkind = \"nb-smt\"\nthreads = 2\npolicy = \"S+A\"\n";
/// A product of which only some outputs are computed.
fn kept() -> Vec<&'static str> {
    [&GEMM[..], &["--kept", "kept.npy"]].concat()
}

fn bits(length: usize, one: impl Fn(usize) -> bool) -> Vec<u8> {
    (0..length).map(|index| u8::from(one(index))).collect()
}

/// Every third output is skipped; of pixels 1 and 4 none is.
fn products() -> Folder {
    let folder = Folder::new();
    let is_first = |pixel: usize| pixel % 3 == 1;
    let kept = bits(35, |output| is_first(output / 7) || output % 3 != 0);
    folder.write("kept.npy", npy("|u1", "False", "(5, 7)", &kept));
    folder.write("first.npy", npy("|u1", "False", "(5,)", &bits(5, is_first)));
    folder
}

fn object(folder: &Folder, more: &[&str]) -> Value {
    let text = folder.good(&[&kept()[..], &["--json"], more].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn number(object: &Value, key: &str) -> u64 {
    object[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} of {object}"))
}

fn product(folder: &Folder, name: &str) -> Vec<i32> {
    let file = folder.read(name);
    let values = &file[file.len() - 4 * 35..];
    values
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| i32::from_le_bytes(*bytes))
        .collect()
}

#[test]
fn a_product_skips_outputs_and_counts_them_once() {
    let folder = products();
    let all = GEMM.to_vec();
    folder.good(&[&all[..], &["--out", "all.npy"]].concat());
    let all = product(&folder, "all.npy");
    for schedule in ["gate", "rows", "columns"] {
        let mut found = Vec::new();
        for engine in ["algebraic", "stepped", "clock"] {
            let more = [
                "--first",
                "first.npy",
                "--schedule",
                schedule,
                "--pixels",
                "raster",
                "--predictor-lanes",
                "16",
                "--engine",
                engine,
                "--out",
                "some.npy",
                "--force",
            ];
            let mut one = object(&folder, &more);
            assert_eq!(one["engine"], engine);
            one["engine"] = Value::Null;
            found.push(one);
            let some = product(&folder, "some.npy");
            for (output, (some, all)) in some.into_iter().zip(&all).enumerate() {
                let is_kept = output / 7 % 3 == 1 || output % 3 != 0;
                assert_eq!(
                    some,
                    if is_kept { *all } else { 0 },
                    "{schedule}, {engine}: {output}"
                );
            }
        }
        assert!(found.iter().all(|one| *one == found[0]), "{schedule}");
        let one = &found[0];
        let outputs = &one["prediction"];
        // Two first pixels of seven channels; of the 21 other outputs eight are skipped.
        assert_eq!(number(outputs, "precomputed"), 14, "{schedule}");
        assert_eq!(
            (number(outputs, "kept"), number(outputs, "skipped")),
            (13, 8),
            "{schedule}"
        );
        assert_eq!(
            (number(outputs, "skipped_macs"), number(outputs, "predictor_macs")),
            (48, 630)
        );
        assert!(outputs["hit_zero"].is_null() && outputs["lost"].is_null() && outputs["method"].is_null());
        let cycles: Vec<u64> = (outputs["cycles"].as_array().into_iter().flatten())
            .filter_map(Value::as_u64)
            .collect();
        let all_cycles = cycles.iter().sum::<u64>() + number(outputs, "waiting_cycles");
        assert_eq!(number(one, "cycles"), all_cycles, "{schedule}");
        // 18·35/16 cycles, rounded up, less those of phase 1.
        assert_eq!(
            number(outputs, "waiting_cycles"),
            40_u64.saturating_sub(cycles[0])
        );
        // Outputs of phase 1 and kept ones, of three steps each.
        let active: u64 = (one["active_threads"].as_array().into_iter().flatten())
            .filter_map(Value::as_u64)
            .sum();
        assert_eq!(active, 27 * 3, "{schedule}");
    }
}

#[test]
fn without_first_no_pixel_is_and_blocks_need_a_map() {
    let folder = products();
    let none = object(&folder, &[]);
    assert_eq!(number(&none["prediction"], "precomputed"), 0);
    assert_eq!(none["prediction"]["tiles"][0], 0);
    let blocks = ["--schedule", "columns", "--map", "5,1", "--channels", "density"];
    object(&folder, &blocks);
    assert!(object_of_all(&folder)["prediction"].is_null());
    let table = folder.good(&kept());
    assert!(table.contains("skipped outputs  "), "{table}");
}

fn object_of_all(folder: &Folder) -> Value {
    let text = folder.good(&[&GEMM[..], &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_default()
}

#[test]
fn wrong_outputs_of_products_are_refused() {
    let folder = products();
    let values = pseudo_random(35, 3);
    folder.write("many.npy", npy("|u1", "False", "(5, 7)", &values));
    folder.write("wide.npy", npy("|u1", "False", "(7, 5)", &[1; 35]));
    folder.write("list.npy", npy("|u1", "False", "(35,)", &[1; 35]));
    folder.write("signed.npy", npy("|i1", "False", "(5, 7)", &[1; 35]));
    folder.write("short.npy", npy("|u1", "False", "(4,)", &[0; 4]));
    folder.write("all.npy", npy("|u1", "False", "(5,)", &[1; 5]));
    let wrong = |args: &[&str], want: &str| {
        let before = folder.listing();
        let ran = folder.sysmt(&[args, &["--out", "c.npy"]].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{args:?}: {}", ran.stderr);
        assert_eq!(folder.listing(), before, "{args:?}");
    };
    let gemm = &GEMM[..];
    for alone in [
        ["--first", "first.npy"],
        ["--schedule", "rows"],
        ["--pixels", "block"],
        ["--channels", "density"],
        ["--predictor-lanes", "3"],
        ["--map", "5,1"],
    ] {
        wrong(&[gemm, &alone[..]].concat(), "--kept <KEPT.npy>");
    }
    let kept = |file: &'static str| [gemm, &["--kept", file]].concat();
    wrong(&kept("many.npy"), "must be 0 or 1");
    wrong(
        &kept("wide.npy"),
        "has shape [7, 5], and the product has outputs [5, 7]",
    );
    wrong(&kept("list.npy"), "must be a matrix [M, N]");
    wrong(&kept("signed.npy"), "kept outputs must be uint8");
    wrong(&kept("nothing.npy"), "cannot be read");
    let more = |more: &[&'static str]| [&kept("kept.npy")[..], more].concat();
    wrong(
        &more(&["--first", "short.npy"]),
        "has 4 values, and the product has 5 pixels",
    );
    wrong(&more(&["--first", "all.npy"]), "`kept` must be 1 there");
    wrong(&more(&["--schedule", "columns"]), "blocks of pixels need the map");
    wrong(
        &more(&["--map", "2,3"]),
        "--map 2,3 does not have the 5 pixels of the product",
    );
    wrong(&more(&["--map", "5"]), "is not a map");
    wrong(&more(&["--map", "0,5"]), "is not a map");
    wrong(&more(&["--predictor-lanes=-1"]), "--predictor-lanes");
    wrong(&more(&["--schedule", "any"]), "gate, rows, columns");
}

/// Images, and a run file of the network with `prediction` as [prediction].
fn runs(workload: &str, prediction: &str) -> Folder {
    let folder = Folder::new();
    folder.write("shapes-images-idx3-ubyte", shapes());
    folder.write("run.toml", file(workload, prediction));
    folder
}

fn file(workload: &str, prediction: &str) -> String {
    format!("{ARRAY}{workload}{prediction}")
}

fn of_model() -> String {
    format!("[workload]\nmodel = \"{MODEL}\"\nimages = \"shapes-images-idx3-ubyte\"\nn-images = 4\n")
}

fn zap(more: &str) -> String {
    format!("[prediction]\nmethod = \"zap\"\npredictors = \"{PREDICTORS}\"\nthreshold = 0.4\n{more}")
}

fn result(folder: &Folder, out: &str) -> Value {
    serde_json::from_slice(&folder.read(&format!("{out}/result.json"))).expect("JSON")
}

#[test]
fn a_run_of_a_network_and_of_its_trace_are_the_same() {
    let folder = runs(
        &of_model(),
        &zap("schedule = \"columns\"\nchannels = \"density\"\n"),
    );
    folder.good(&["run", "run.toml", "--out", "model", "--jobs", "1"]);
    folder.good(&["run", "run.toml", "--out", "again", "--jobs", "3"]);
    assert_eq!(folder.read("model/result.json"), folder.read("again/result.json"));
    let capture = [
        "capture",
        MODEL,
        "--images",
        "shapes-images-idx3-ubyte",
        "--n-images",
        "4",
        "--predict",
        "run.toml",
        "--out",
        "trace",
    ];
    folder.good(&capture);
    let of_trace = "[workload]\ntrace = \"trace\"\n";
    let schedule = "schedule = \"columns\"\nchannels = \"density\"\n";
    folder.write("trace.toml", file(of_trace, &format!("[prediction]\n{schedule}")));
    folder.good(&["run", "trace.toml", "--out", "trace-run"]);
    folder.good(&["check", "trace.toml"]);
    let [mut model, trace] = ["model", "trace-run"].map(|out| result(&folder, out));
    for layer in model["layers"].as_array_mut().expect("layers") {
        // A trace holds codes alone.
        assert!(layer["kurtosis"].is_f64(), "{layer}");
        layer["kurtosis"] = Value::Null;
    }
    assert_eq!(model["layers"], trace["layers"]);
    assert_eq!(model["totals"], trace["totals"]);

    let layers = model["layers"].as_array().expect("layers");
    let predicted: Vec<&Value> = layers
        .iter()
        .filter(|layer| !layer["prediction"].is_null())
        .collect();
    assert_eq!(predicted.len(), 6);
    for layer in &predicted {
        let outputs = &layer["prediction"];
        let sum = |keys: [&str; 2]| keys.map(|key| number(outputs, key)).iter().sum::<u64>();
        assert_eq!(number(outputs, "outputs"), sum(["precomputed", "free"]));
        assert_eq!(number(outputs, "free"), sum(["kept", "skipped"]));
        assert_eq!(number(outputs, "skipped"), sum(["hit_zero", "miss_value"]));
        assert_eq!(number(outputs, "kept"), sum(["hit_nonzero", "miss_work"]));
        assert_eq!(outputs["threshold"], 0.4);
        let buckets = &layer["pe_cycles"];
        let of_buckets: u64 = ["fill", "masked", "stall", "drain", "skipped", "waiting"]
            .map(|bucket| number(buckets, bucket))
            .iter()
            .sum();
        let active: u64 = (buckets["active"].as_array().into_iter().flatten())
            .filter_map(Value::as_u64)
            .sum();
        assert_eq!(256 * number(layer, "cycles"), of_buckets + active);
    }
    let totals = &model["totals"];
    assert_eq!(
        totals["thresholds"].as_object().map(serde_json::Map::len),
        Some(6)
    );
    let skipped: u64 = predicted
        .iter()
        .map(|layer| number(&layer["prediction"], "skipped_macs"))
        .sum();
    assert_eq!(
        totals["macs_saved"],
        sim_core::units::count_as_f64(skipped) / sim_core::units::count_as_f64(number(totals, "macs"))
    );
    // A predictor has no price in our table.
    assert!(totals["energy_pj"].is_null());
    let warnings = model["warnings"].to_string();
    assert!(warnings.contains("price-predictor"), "{warnings}");

    // Without [prediction] every output of the trace is computed.
    folder.write("dense.toml", file(of_trace, ""));
    folder.good(&["run", "dense.toml", "--out", "dense"]);
    let dense = result(&folder, "dense");
    assert!(dense["layers"][0]["prediction"].is_null() && dense["totals"]["macs_saved"].is_null());
    assert_eq!(
        dense["layers"][0]["cycles"],
        predicted[0]["prediction"]["dense_cycles"]
    );
}

#[test]
fn energies_without_the_predictor_and_what_saves_no_cycles() {
    let price = "[costs]\nprice-predictor = \"none\"\n";
    let folder = runs(&of_model(), &format!("{}{price}", zap("")));
    let summary = folder.good(&["run", "run.toml", "--out", "gate"]);
    assert!(
        summary.contains("they saved no cycles in this run: the two phases take "),
        "{summary}"
    );
    let gate = result(&folder, "gate");
    assert!(
        0.0 < gate["totals"]["energy_pj"]["value"].as_f64().unwrap_or(0.0),
        "{summary}"
    );
    assert!(
        gate["warnings"]
            .to_string()
            .contains("the predictor are left out")
    );
    // Rows of phase 1 that free pixels fill up cost no tile.
    folder.write(
        "run.toml",
        file(&of_model(), &format!("{}{price}", zap("fill-up = true\n"))),
    );
    let summary = folder.good(&["run", "run.toml", "--out", "filled"]);
    let filled = result(&folder, "filled");
    let [gate, filled] = [&gate, &filled].map(|result| number(&result["totals"], "cycles"));
    assert!(filled < gate, "{summary}");
}

#[test]
fn shortcuts_share_the_outputs_of_their_places() {
    let folder = runs(&of_model(), &zap(""));
    folder.good(&["run", "run.toml", "--out", "computed"]);
    folder.write("run.toml", file(&of_model(), &zap("shortcuts = true\n")));
    folder.good(&["run", "run.toml", "--out", "predicted"]);
    folder.good(&["check", "run.toml"]);
    let [computed, predicted] = ["computed", "predicted"].map(|out| result(&folder, out));
    let layer = |result: &Value, name: &str| {
        let layers = result["layers"].as_array().into_iter().flatten();
        layers
            .clone()
            .find(|layer| layer["name"] == name)
            .expect("a layer")["prediction"]
            .clone()
    };
    let shortcut = "/block2/shortcut/shortcut.0/Conv";
    assert!(layer(&computed, shortcut).is_null());
    let own = layer(&predicted, shortcut);
    let place = layer(&predicted, "/block2/conv2/Conv");
    for same in [
        "outputs",
        "precomputed",
        "kept",
        "skipped",
        "hit_zero",
        "miss_value",
        "lost",
    ] {
        assert_eq!(own[same], place[same], "{same}");
    }
    // K of the shortcut is 16.
    assert_eq!(number(&own, "skipped_macs"), 16 * number(&own, "skipped"));
    assert_eq!(number(&own, "predictor_macs"), 0);
    let saved = |result: &Value| result["totals"]["macs_saved"].as_f64().unwrap_or(0.0);
    assert!(saved(&computed) < saved(&predicted));
}

#[test]
fn windows_never_wait_and_cost_no_predictor() {
    let folder = runs(&of_model(), "[prediction]\nmethod = \"cross-neuron\"\n");
    folder.good(&["run", "run.toml", "--out", "windows"]);
    let windows = result(&folder, "windows");
    let outputs = &windows["layers"][0]["prediction"];
    assert_eq!(
        (&outputs["method"], &outputs["window"]),
        (&"cross-neuron".into(), &2.into())
    );
    assert_eq!(
        (
            number(outputs, "predictor_macs"),
            number(outputs, "waiting_cycles")
        ),
        (0, 0)
    );
    assert_eq!(
        windows["totals"]["macs_saved"],
        windows["totals"]["macs_saved_net"]
    );
}

#[test]
fn a_sweep_over_predictions_captures_each_once() {
    let axes = [
        "\"prediction.threshold\" = [0.2, 0.6]",
        "\"prediction.schedule\" = [\"gate\", \"columns\"]",
        "\"prediction.predictor-lanes\" = [0, 8]",
    ];
    let sweep = format!("base = \"run.toml\"\n[axes]\n{}\n", axes.join("\n"));
    let folder = runs(&of_model(), &zap(""));
    folder.write("sweep.toml", sweep);
    folder.good(&["sweep", "sweep.toml", "--out", "swept"]);
    let csv = folder.good(&["export", "swept", "--format", "csv"]);
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 9, "{csv}");
}

#[test]
fn predictions_that_a_trace_does_not_hold_are_refused() {
    let folder = runs(&of_model(), &zap(""));
    let images = ["--images", "shapes-images-idx3-ubyte", "--n-images", "2"];
    let capture = |more: &[&str]| {
        folder.good(&[&["capture", MODEL][..], &images[..], more].concat());
    };
    capture(&["--out", "plain"]);
    capture(&["--out", "windows", "--predict", "cross-neuron:3"]);
    capture(&["--out", "zap", "--predict", "run.toml"]);
    let wrong = |trace: &str, prediction: &str, want: &str| {
        let workload = format!("[workload]\ntrace = \"{trace}\"\n");
        folder.write("wrong.toml", file(&workload, prediction));
        let before = folder.listing();
        let ran = folder.sysmt(&["run", "wrong.toml", "--out", "out"]);
        assert_eq!(ran.code, Some(2), "{prediction}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{prediction}: {}", ran.stderr);
        assert_eq!(folder.listing(), before);
    };
    let own = |keys: &str| format!("[prediction]\n{keys}\n");
    wrong(
        "plain",
        &own("schedule = \"rows\""),
        "capture it again with --predict",
    );
    wrong(
        "windows",
        &own("method = \"zap\""),
        "`method` is \"zap\", and the trace was predicted by \"cross-neuron\"",
    );
    wrong(
        "windows",
        &own("window = 2"),
        "`window` is 2, and the trace has 3",
    );
    wrong(
        "windows",
        &own("diagonal = \"anti\""),
        "`diagonal` is anti, and the trace has main",
    );
    wrong(
        "windows",
        &own("zero-up-to = 0.5"),
        "`zero-up-to` is 0.5, and the trace has 0",
    );
    wrong(
        "zap",
        &own("threshold = 0.5"),
        "`threshold` is 0.5, and the trace has 0.4",
    );
    let layer = |rule: &str| format!("[prediction]\n[[layer]]\nname = \"/block1/conv1/Conv\"\n{rule}\n");
    wrong(
        "zap",
        &layer("predict = false"),
        "`layer.predict` cannot be used with `workload.trace`",
    );
    wrong(
        "zap",
        &layer("threshold = 0.1"),
        "`threshold` is 0.1, and the trace has 0.4",
    );
}
