//! Predicted zeros in evaluations.

use std::fs;

use serde_json::Value;
use sim_core::units::count_as_f64;
use sim_predict::file::PredictorFile;

use crate::support::Folder;
use crate::train::shapes;

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");
const PREDICTORS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../models/fashion-resnet8-mask5.zap.safetensors"
);
const ARRAY: &str = "[array]\nrows = 16\ncols = 16\n[pe]\nkind = \"conventional\"\n";

/// Images, an array, and `prediction` as [prediction] of `run.toml`.
fn folder(prediction: &str) -> Folder {
    let folder = Folder::new();
    folder.write("shapes-images-idx3-ubyte", shapes());
    folder.write("array.toml", ARRAY);
    folder.write("run.toml", format!("{ARRAY}[prediction]\n{prediction}"));
    folder
}

fn zap(more: &str) -> String {
    format!("method = \"zap\"\npredictors = \"{PREDICTORS}\"\n{more}")
}

fn eval<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["eval", MODEL, "--images", "shapes-images-idx3-ubyte", "--json"];
    args.extend(more);
    args
}

fn json(folder: &Folder, more: &[&str]) -> Value {
    let text = folder.good(&eval(more));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[track_caller]
fn wrong(folder: &Folder, more: &[&str], want: &str) {
    let before = folder.listing();
    let ran = folder.sysmt(&eval(more));
    assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
    assert!(ran.stderr.contains(want), "{more:?}: {}", ran.stderr);
    assert_eq!(folder.listing(), before);
}

fn count(place: &Value, key: &str) -> u64 {
    place[key].as_u64().unwrap_or_else(|| panic!("{key} of {place}"))
}

#[test]
fn counts_add_up_and_nothing_else_changes() {
    let folder = folder(&zap("max-error = 0.2\n"));
    let plain = json(&folder, &["--array", "array.toml"]);
    let predicted = json(
        &folder,
        &["--array", "run.toml", "--jobs", "1", "--predictions", "p.csv"],
    );
    for same in ["fp32", "int8", "int8_output_error", "images"] {
        assert_eq!(plain[same], predicted[same], "{same}");
    }
    assert!(plain["int8_predicted"].is_null() && plain["prediction"].is_null());
    let of_8_bit = &predicted["int8_predicted"];
    // Products of conventional PEs are exact.
    for same in ["places", "macs_saved", "macs_saved_net", "lost"] {
        assert_eq!(of_8_bit[same], predicted["prediction"][same], "{same}");
    }
    assert_eq!(of_8_bit["output_error"], predicted["output_error"]);
    let places = of_8_bit["places"].as_array().expect("places");
    assert_eq!(places.len(), 6);
    assert_eq!(places[0]["layer"], "/block1/conv1/Conv");
    let (mut skipped_macs, mut predictor_macs) = (0, 0);
    for place in places {
        assert_eq!((&place["method"], count(place, "mask")), (&"zap".into(), 5));
        let sum = |keys: [&str; 2]| keys.map(|key| count(place, key)).iter().sum::<u64>();
        assert_eq!(count(place, "outputs"), sum(["precomputed", "free"]));
        assert_eq!(count(place, "free"), sum(["kept", "skipped"]));
        assert_eq!(count(place, "skipped"), sum(["hit_zero", "miss_value"]));
        assert_eq!(count(place, "kept"), sum(["hit_nonzero", "miss_work"]));
        assert_eq!(count(place, "predictor_macs"), 18 * count(place, "outputs"));
        skipped_macs += count(place, "skipped_macs");
        predictor_macs += count(place, "predictor_macs");
    }
    // Of ten images of 28×28, half of the pixels of 16 channels, and K = 9·16.
    assert_eq!(count(&places[0], "precomputed"), 10 * 16 * 28 * 28 / 2);
    assert_eq!(
        count(&places[0], "skipped_macs"),
        144 * count(&places[0], "skipped")
    );
    let simulated: u64 = (predicted["layers"].as_array().expect("layers").iter())
        .map(|layer| count(layer, "macs"))
        .sum();
    let share = |macs: f64| macs / count_as_f64(simulated);
    assert_eq!(of_8_bit["macs_saved"], share(count_as_f64(skipped_macs)));
    assert_eq!(
        of_8_bit["macs_saved_net"],
        share(count_as_f64(skipped_macs) - count_as_f64(predictor_macs))
    );
    let csv = String::from_utf8(folder.read("p.csv")).expect("text");
    assert!(
        csv.starts_with("index,label,fp32,int8,int8_predicted,array\n"),
        "{csv}"
    );
    assert!(csv.lines().skip(1).all(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        cells[4] == cells[5]
    }));
}

#[test]
fn every_way_to_say_it_gives_the_same_bytes_for_any_jobs() {
    let folder = folder(&zap("max-error = 0.1\n"));
    let asked = format!("zap:{PREDICTORS},0.1");
    let of_eval = |more: &[&str]| {
        let mut object = json(&folder, more);
        for differs in ["inputs", "spec", "name"] {
            object[differs] = Value::Null;
        }
        object
    };
    let want = of_eval(&["--array", "run.toml", "--jobs", "1"]);
    assert_eq!(of_eval(&["--array", "run.toml", "--jobs", "3"]), want);
    assert_eq!(of_eval(&["--array", "array.toml", "--predict", "run.toml"]), want);
    assert_eq!(of_eval(&["--array", "run.toml", "--predict", "run.toml"]), want);
    assert_eq!(of_eval(&["--array", "array.toml", "--predict", &asked]), want);
    folder.write(
        "run.toml",
        format!("{ARRAY}[prediction]\nmethod = \"cross-neuron\"\nwindow = 3\n"),
    );
    let windows = of_eval(&["--array", "run.toml"]);
    assert_eq!(
        of_eval(&["--array", "array.toml", "--predict", "cross-neuron:3"]),
        windows
    );
    let place = &windows["int8_predicted"]["places"][0];
    assert_eq!(
        (&place["method"], count(place, "window")),
        (&"cross-neuron".into(), 3)
    );
    assert_eq!(count(place, "predictor_macs"), 0);
    // 28 is not a multiple of 3: 9·9 whole windows, and all pixels of those that are cut.
    assert_eq!(count(place, "free"), 10 * 16 * 9 * 9 * 6);
}

#[test]
fn thresholds_are_pinned_and_places_left_out() {
    let folder = folder("");
    let write = |keys: &str, layers: &str| {
        folder.write("run.toml", format!("{ARRAY}[prediction]\n{}{layers}", zap(keys)));
    };
    let places = || json(&folder, &["--array", "run.toml"])["int8_predicted"]["places"].clone();
    // Nothing scores less.
    write("threshold = -1e30\n", "");
    let object = json(&folder, &["--array", "run.toml"]);
    assert_eq!(
        object["int8_predicted"]["output_error"],
        object["int8_output_error"]
    );
    assert_eq!(object["int8_predicted"]["macs_saved"], 0.0);
    let layers = "[[layer]]\nname = \"/block1/conv2/Conv\"\npredict = false\n\
                  [[layer]]\nname = \"/block2/conv1/Conv\"\nthreshold = 0.15\n";
    write("max-error = 0.2\n", layers);
    let with_rules = places();
    let with_rules = with_rules.as_array().expect("places");
    assert_eq!(with_rules.len(), 5);
    assert!(
        with_rules
            .iter()
            .all(|place| place["layer"] != "/block1/conv2/Conv")
    );
    let pinned = with_rules
        .iter()
        .find(|place| place["layer"] == "/block2/conv1/Conv");
    assert_eq!(pinned.map(|place| &place["threshold"]), Some(&0.15.into()));
    // What the pinned place may lose, by the next threshold of its curve, is not left to the others.
    let file = PredictorFile::from_bytes(&fs::read(PREDICTORS).expect("reads")).expect("predictors");
    let errors = with_rules.iter().map(|place| {
        let name = place["layer"].as_str().expect("a name");
        let known = file
            .places
            .iter()
            .find(|known| known.name == name)
            .expect("a place");
        let threshold = place["threshold"].as_f64().expect("a number");
        let thresholds = sim_predict::curve::THRESHOLDS.map(f64::from);
        let index = thresholds
            .iter()
            .position(|&other| threshold <= other + 1e-6)
            .expect("in the curve");
        known.curve.as_ref().expect("a curve").error[index]
    });
    let sum: f64 = errors.sum();
    assert!(0.1 < sum && sum <= 0.2, "{sum}");
}

#[test]
fn batch_norms_see_the_gates_and_those_of_predictors_may_follow() {
    let folder = folder(&zap("max-error = 0.5\n"));
    let error = |more: &[&str]| {
        let object = json(
            &folder,
            &[&["--array", "run.toml", "--recalibrate-bn"][..], more].concat(),
        );
        object["int8_predicted"]["output_error"]
            .as_f64()
            .expect("a number")
    };
    let (exact, momentum) = (error(&[]), error(&["momentum"]));
    folder.write(
        "run.toml",
        format!(
            "{ARRAY}[prediction]\n{}",
            zap("max-error = 0.5\nrecalibrate-predictors = true\n")
        ),
    );
    let (exact_too, momentum_too) = (error(&[]), error(&["momentum"]));
    let all = [exact, momentum, exact_too, momentum_too];
    for (index, one) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| other != one), "{all:?}");
    }
    let idle = json(&folder, &["--array", "run.toml"]);
    let warnings = idle["warnings"].to_string();
    assert!(warnings.contains("add --recalibrate-bn"), "{warnings}");
}

#[test]
fn what_cannot_be_predicted_is_said() {
    let folder = folder(&zap("max-error = 0.1\n"));
    let predict = |text: &str| text.to_owned();
    for (prediction, want) in [
        (predict("cross-neuron:x"), "`x` is not the size of a window"),
        (predict("zap"), "`zap` is not a prediction"),
        (predict("array.toml"), "array.toml: has no [prediction]; add it"),
        (predict("zap:none"), "none: the predictors cannot be read: "),
        (
            predict("zap:array.toml"),
            "array.toml: not a whole safetensors file",
        ),
        (format!("zap:{PREDICTORS},-0.1"), "-0.1 is not a limit of errors"),
    ] {
        wrong(
            &folder,
            &["--array", "array.toml", "--predict", &prediction],
            want,
        );
    }
    wrong(
        &folder,
        &["--array", "run.toml", "--predict", "cross-neuron:2"],
        "run.toml: its [prediction] is not that of --predict, and an evaluation predicts in one way",
    );
    wrong(
        &folder,
        &["--array", "array.toml", "--compare", "run.toml"],
        "run.toml: its [prediction] is not that of --array",
    );
    let write = |keys: &str, layers: &str| {
        folder.write("run.toml", format!("{ARRAY}[prediction]\n{}{layers}", zap(keys)));
    };
    let run = ["--array", "run.toml"];
    write(
        "max-error = 0.1\n",
        "[[layer]]\nname = \"/block1/conv1/Conf\"\npredict = false\n",
    );
    wrong(&folder, &run, "did you mean `/block1/conv1/Conv`");
    write(
        "max-error = 0.1\n",
        "[[layer]]\nname = \"/block2/shortcut/shortcut.0/Conv\"\npredict = false\n",
    );
    wrong(
        &folder,
        &run,
        "nothing is predicted behind a layer called `/block2/shortcut/shortcut.0/Conv`",
    );
    write(
        "max-error = 0.01\n",
        "[[layer]]\nname = \"/block1/conv1/Conv\"\nthreshold = 1.25\n",
    );
    wrong(&folder, &run, "within max-error = 0.01; the least sum is ");
    folder.write(
        "run.toml",
        format!("{ARRAY}[workload]\ntrace = \"t\"\n[prediction]\nschedule = \"rows\"\n"),
    );
    wrong(
        &folder,
        &run,
        "leaves the method to a trace, and there is none here",
    );
}

#[test]
fn predictors_of_another_network_are_refused() {
    let folder = folder("");
    let bytes = fs::read(PREDICTORS).expect("reads");
    let good = PredictorFile::from_bytes(&bytes).expect("predictors");
    let change = |change: &dyn Fn(&mut PredictorFile)| {
        let mut file = good.clone();
        change(&mut file);
        folder.write("p", file.to_bytes().expect("writes"));
    };
    let args = ["--array", "array.toml", "--predict", "zap:p,0.2"];
    change(&|file| {
        file.places.remove(1);
    });
    wrong(
        &folder,
        &args,
        "p: lacks the predictors of `/block1/conv2/Conv`, places of fashion-resnet8.onnx",
    );
    change(&|file| file.places[1].name = "/block1/conv2/Conf".to_owned());
    wrong(
        &folder,
        &args,
        "`/block1/conv2/Conf`, which is not a place of fashion-resnet8.onnx; did you mean",
    );
    change(&|file| file.places[0].predictor = file.places[2].predictor.clone());
    wrong(
        &folder,
        &args,
        "the predictor of `/block1/conv1/Conv` has 32 channels, and the convolution has 16",
    );
    change(&|file| file.places[3].curve = None);
    wrong(&folder, &args, "p: the predictors have no curves");
    // With calibration images they are measured.
    let calibrated = [&args[..], &["--calibration", "shapes-images-idx3-ubyte"]].concat();
    assert!(json(&folder, &calibrated)["int8_predicted"].is_object());
    change(&|file| file.provenance.model_hash = Some("0".repeat(64)));
    let object = json(&folder, &args);
    let warnings = object["warnings"].to_string();
    assert!(
        warnings.contains("were trained for another file than fashion-resnet8.onnx"),
        "{warnings}"
    );
}
