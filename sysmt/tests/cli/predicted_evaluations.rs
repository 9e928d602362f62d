//! What arrays do with predicted zeros in evaluations: the same as in runs.

use serde_json::Value;

use crate::support::Folder;
use crate::train::shapes;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");
const PREDICTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../models/fashion-resnet8-mask5.zap.safetensors"
);
const IMAGES: &str = "shapes-images-idx3-ubyte";

/// A run file of the network on an array of so many rows and columns.
fn run_file(size: u32, array: &str, prediction: &str) -> String {
    format!(
        "[array]\nrows = {size}\ncols = {size}\n{array}[pe]\nkind = \"nb-smt\"\nthreads = 2\npolicy = \"S+A\"\n\
         [workload]\nmodel = \"{MODEL}\"\nimages = \"{IMAGES}\"\n[prediction]\n{prediction}"
    )
}

fn zap(more: &str) -> String {
    format!("method = \"zap\"\npredictors = \"{PREDICTORS}\"\n{more}")
}

/// Images, and a run file.
fn folder(prediction: &str) -> Folder {
    let folder = Folder::new();
    folder.write(IMAGES, shapes());
    folder.write("run.toml", run_file(16, "", prediction));
    folder
}

fn eval(folder: &Folder, more: &[&str]) -> Value {
    let args = ["eval", MODEL, "--images", IMAGES, "--array", "run.toml", "--json"];
    let text = folder.good(&[&args[..], more].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn run(folder: &Folder) -> Value {
    folder.good(&["run", "run.toml", "--out", "out", "--force"]);
    serde_json::from_slice(&folder.read("out/result.json")).expect("JSON")
}

fn layers(object: &Value) -> &Vec<Value> {
    object["layers"].as_array().expect("layers")
}

fn sum(object: &Value, of: impl Fn(&Value) -> &Value) -> u64 {
    layers(object)
        .iter()
        .map(|layer| of(layer).as_u64().unwrap_or(0))
        .sum()
}

/// Where every free output is skipped, nothing depends on values but for the operands of later layers, which a run takes
/// from FP32.
#[test]
fn time_and_buckets_are_those_of_a_run() {
    let nothing = "threshold = 1e30\npredictor-lanes = 8\nshortcuts = true\n";
    for keys in [
        format!("{}schedule = \"gate\"\n", zap(nothing)),
        format!("{}schedule = \"rows\"\nchannels = \"density\"\n", zap(nothing)),
        format!("{}schedule = \"columns\"\n", zap(nothing)),
        "method = \"cross-neuron\"\nzero-up-to = 1e30\n".to_owned(),
        "method = \"cross-neuron\"\nzero-up-to = 1e30\nfill-up = true\n".to_owned(),
    ] {
        let folder = folder(&keys);
        let (evaluated, ran) = (eval(&folder, &["--jobs", "3"]), run(&folder));
        assert_eq!(layers(&evaluated).len(), layers(&ran).len());
        let mut n_predicted = 0;
        for (evaluated, ran) in layers(&evaluated).iter().zip(layers(&ran)) {
            for same in ["name", "cycles", "baseline_cycles", "macs", "products"] {
                assert_eq!(evaluated[same], ran[same], "{same}, {keys}");
            }
            for same in ["fill", "masked", "stall", "drain", "skipped", "waiting"] {
                let of = |layer: &Value| layer["pe_cycles"][same].clone();
                assert_eq!(of(evaluated), of(ran), "{same}, {keys}");
            }
            let [own, of_run] = [evaluated, ran].map(|layer| &layer["prediction"]);
            n_predicted += usize::from(!own.is_null());
            assert_eq!(own["hit_zero"].is_null(), own.is_null(), "{keys}");
            assert_eq!(of_run["hit_zero"].is_null(), own.is_null(), "{keys}");
            for same in [
                "method",
                "outputs",
                "precomputed",
                "kept",
                "skipped",
                "tiles",
                "cycles",
                "waiting_cycles",
                "bounds",
                "skipped_macs",
                "predictor_macs",
            ] {
                assert_eq!(own[same], of_run[same], "{same}, {keys}");
            }
        }
        // The first simulated layer reads what FP32 made.
        let first = |object: &Value, key: &str| layers(object)[0][key].clone();
        for same in ["pe_cycles", "operand_widths", "reduced", "switching"] {
            assert_eq!(first(&evaluated, same), first(&ran, same), "{same}, {keys}");
        }
        assert_eq!(n_predicted, if keys.contains("shortcuts") { 8 } else { 6 });
        assert_eq!(evaluated["prediction"]["macs_saved"], ran["totals"]["macs_saved"]);
        assert_eq!(
            evaluated["prediction"]["macs_saved_net"],
            ran["totals"]["macs_saved_net"]
        );
    }
}

#[test]
fn answers_stay_and_only_counts_depend_on_the_schedule() {
    let folder = folder("");
    let write = |schedule: &str| {
        let keys = format!("threshold = 0.4\nschedule = \"{schedule}\"\n");
        folder.write("run.toml", run_file(4, "", &zap(&keys)));
    };
    write("gate");
    let gate = eval(&folder, &[]);
    write("rows");
    let rows = eval(&folder, &["--jobs", "1"]);
    for same in ["int8_predicted", "output_error", "prediction"] {
        assert_eq!(gate[same], rows[same], "{same}");
    }
    let cycles = |object: &Value| sum(object, |layer| &layer["cycles"]);
    assert!(cycles(&rows) <= cycles(&gate));
    let skipped = |object: &Value| sum(object, |layer| &layer["pe_cycles"]["skipped"]);
    assert!(skipped(&rows) < skipped(&gate) && 0 < skipped(&rows));
    let computed = |object: &Value| {
        layers(object)
            .iter()
            .map(|layer| {
                (
                    layer["pe_cycles"]["active"].clone(),
                    layer["operand_widths"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(computed(&gate), computed(&rows));
}

#[test]
fn pixels_that_fill_rows_up_are_computed_in_exact_8_bit_too() {
    let folder = folder(&zap("threshold = 0.4\n"));
    let plain = eval(&folder, &[]);
    let filled = zap("threshold = 0.4\nfill-up = true\n");
    folder.write("run.toml", run_file(16, "", &filled));
    let filled_up = eval(&folder, &[]);
    let skipped = |object: &Value, of: &str| {
        let places = object[of]["places"].as_array().cloned().unwrap_or_default();
        places
            .iter()
            .filter_map(|place| place["skipped"].as_u64())
            .sum::<u64>()
    };
    // An array by itself, and exact 8-bit.
    for of in ["prediction", "int8_predicted"] {
        assert!(skipped(&filled_up, of) < skipped(&plain, of), "{of}");
    }
    for layer in layers(&filled_up) {
        let outputs = &layer["prediction"];
        if !outputs.is_null() {
            assert!(outputs["hit_zero"].is_u64(), "{outputs}");
            // As many tiles as a plain product has for each of ten images, and none more.
            let [m, n] = ["m", "n"].map(|side| layer["shape"][side].as_u64().expect("a size"));
            let tiles = outputs["tiles"].as_array().into_iter().flatten();
            let n_tiles: u64 = tiles.filter_map(Value::as_u64).sum();
            assert_eq!(n_tiles, 10 * m.div_ceil(16) * n.div_ceil(16), "{layer}");
        }
    }
    folder.write("other.toml", run_file(8, "", &filled));
    let wrong = |more: &[&str], want: &str| {
        let args = ["eval", MODEL, "--images", IMAGES, "--array", "run.toml"];
        let ran = folder.sysmt(&[&args[..], more].concat());
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{more:?}: {}", ran.stderr);
    };
    wrong(
        &["--compare", "other.toml"],
        "other.toml: has 8 rows and run.toml has 16, and `fill-up = true` computes other outputs",
    );
    folder.write("run.toml", run_file(16, "batch = \"folded\"\n", &filled));
    wrong(&[], "run.toml: an evaluation runs images one by one");
}

/// Calibration images say which channels are dense, whatever the images of the run keep.
#[test]
fn channels_are_dealt_by_what_calibration_images_keep() {
    let folder = folder("");
    let mut dark = shapes();
    for (index, pixel) in dark.iter_mut().enumerate().skip(16) {
        *pixel = if index % 5 == 0 { *pixel } else { 0 };
    }
    folder.write("dark-images-idx3-ubyte", dark);
    let keys = zap("threshold = 0.4\nschedule = \"rows\"\nchannels = \"density\"\n");
    let write = |calibration: &str| {
        let file = run_file(4, "", &keys);
        folder.write(
            "run.toml",
            file.replace(
                "[prediction]",
                &format!("calibration = \"{calibration}\"\n[prediction]"),
            ),
        );
    };
    write(IMAGES);
    let own = run(&folder);
    write("dark-images-idx3-ubyte");
    let others = run(&folder);
    let tiles = |object: &Value| {
        layers(object)
            .iter()
            .map(|layer| layer["prediction"]["tiles"].clone())
            .collect::<Vec<_>>()
    };
    assert_ne!(tiles(&own), tiles(&others));
}

#[test]
fn throttling_leaves_wrong_zeros_to_the_prediction() {
    let folder = folder(&zap("threshold = 1e30\n"));
    eval(&folder, &["--predictions", "answers.csv"]);
    let answers = String::from_utf8(folder.read("answers.csv")).expect("text");
    let exact = answers.lines().skip(1).map(|line| line.split(',').nth(3));
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, 10];
    labels.extend(exact.map(|class| class.and_then(|class| class.parse::<u8>().ok()).expect("a class")));
    folder.write("shapes-labels-idx1-ubyte", labels);
    let object = eval(&folder, &["--throttle", "auto", "--max-drop", "100"]);
    let step = &object["throttling"]["steps"][0];
    assert_eq!(step["int8_top1"], object["int8_predicted"]["top1"]);
    assert_ne!(object["int8"]["top1"], object["int8_predicted"]["top1"]);
}

/// Points of a sweep run together where exact 8-bit predicts beside them in one way.
#[test]
fn exact_8_bit_of_a_point_does_not_depend_on_other_points() {
    let folder = folder(&zap("threshold = 0.8\n"));
    let conventional = run_file(16, "", &zap("threshold = 0.8\n")).replace(
        "kind = \"nb-smt\"\nthreads = 2\npolicy = \"S+A\"",
        "kind = \"conventional\"",
    );
    folder.write("run.toml", conventional);
    eval(&folder, &["--predictions", "answers.csv"]);
    let answers = String::from_utf8(folder.read("answers.csv")).expect("text");
    let predicted = answers.lines().skip(1).map(|line| line.split(',').nth(5));
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, 10];
    labels.extend(predicted.map(|class| class.and_then(|class| class.parse::<u8>().ok()).expect("a class")));
    folder.write("shapes-labels-idx1-ubyte", labels);
    folder.write(
        "sweep.toml",
        "base = \"run.toml\"\n[axes]\nrecalibrate-bn = [\"off\", \"exact\"]\n\
         \"prediction.fill-up\" = [false, true]\n\"array.rows\" = [16, 12]\n[measure]\naccuracy = { images = 10 }\n",
    );
    folder.good(&["sweep", "sweep.toml", "--out", "swept"]);
    let csv = folder.good(&["export", "swept", "--format", "csv"]);
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let at = |name: &str| head.iter().position(|found| *found == name).expect(name);
    let rows: Vec<Vec<&str>> = lines.collect();
    assert_eq!(rows.len(), 8, "{csv}");
    let mut right = std::collections::BTreeSet::new();
    for row in &rows {
        // Products of conventional PEs are exact.
        assert_eq!(row[at("top1")], row[at("int8_predicted_top1")], "{row:?}");
        right.insert(row[at("top1")]);
    }
    assert!(2 < right.len(), "{right:?}");
}
