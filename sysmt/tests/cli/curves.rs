//! Curves of trained predictors in sweeps: figures of them, and what has none.

use std::fs;

use sim_predict::curve::Curve;
use sim_predict::file::PredictorFile;

use crate::support::Folder;
use crate::train::shapes;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8");
const FIGURES: &str = "[[figure]]\nname = \"kept\"\ntable = \"curves\"\nmark = \"line\"\nx = \"threshold\"\n\
    y = \"outputs_kept\"\nseries = \"name\"\nwhere = { \"prediction.predictors\" = \"p5\" }\n\
    [[figure]]\nname = \"lost\"\ntable = \"curves\"\nmark = \"heat-map\"\nx = \"threshold\"\ny = \"name\"\n\
    value = \"outputs_lost\"\nwhere = { \"prediction.predictors\" = \"p3\" }\n";

fn predictors(mask: u8) -> PredictorFile {
    let bytes = fs::read(format!("{MODELS}-mask{mask}.zap.safetensors")).expect("reads");
    PredictorFile::from_bytes(&bytes).expect("predictors")
}

/// With predictors `p3` and `p5`, and a sweep over both.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("shapes-images-idx3-ubyte", shapes());
    for mask in [3, 5] {
        folder.write(&format!("p{mask}"), predictors(mask).to_bytes().expect("writes"));
    }
    folder.write(
        "base.toml",
        format!(
            "array = \"1t.toml\"\n[workload]\nmodel = \"{MODELS}.onnx\"\nimages = \"shapes-images-idx3-ubyte\"\nn-images = 1\n\
             [prediction]\nmethod = \"zap\"\npredictors = \"p5\"\nthreshold = 0.2\n"
        ),
    );
    folder.write(
        "s.toml",
        format!(
            "base = \"base.toml\"\n[axes]\n\"prediction.predictors\" = [\"p5\", \"p3\"]\n\
             \"prediction.threshold\" = [0.2, 0.4]\n{FIGURES}"
        ),
    );
    folder
}

/// Rows of a figure's CSV: series or row, threshold, value.
fn rows(folder: &Folder, name: &str, places: [usize; 3]) -> Vec<(String, f64, f64)> {
    let csv = String::from_utf8_lossy(&folder.read(name)).into_owned();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, x, y] = places.map(|place| fields[place]);
        (name.to_owned(), x.parse().expect("x"), y.parse().expect("y"))
    };
    csv.lines().skip(1).map(row).collect()
}

fn wanted(mask: u8, of: impl Fn(&Curve) -> [f64; 27]) -> Vec<(String, f64, f64)> {
    let thresholds = (-13..=13).map(|tenth| f64::from(tenth) / 10.0);
    let places = predictors(mask).places.into_iter();
    let rows = places.flat_map(|place| {
        let values = of(&place.curve.expect("a curve"));
        let rows = thresholds.clone().zip(values);
        rows.map(move |(threshold, value)| (place.name.clone(), threshold, 100.0 * value))
    });
    rows.collect()
}

#[test]
fn figures_of_curves_are_what_the_predictor_files_hold() {
    let folder = folder();
    folder.good(&["sweep", "s.toml", "--out", "s"]);
    // Two points have the same predictors, whose curves are there once.
    folder.good(&["report", "s", "--markdown", "page.md"]);
    assert_eq!(
        rows(&folder, "page/kept.csv", [0, 1, 2]),
        wanted(5, |curve| curve.share)
    );
    assert_eq!(
        rows(&folder, "page/lost.csv", [1, 0, 2]),
        wanted(3, |curve| curve.error)
    );
    let columns = folder.good(&["plot", "s", "--columns"]);
    assert!(columns.contains("curves\tprediction.predictors\t\ncurves\tplace\t\n"));
    folder.good(&["plot", "s", "--format", "svg"]);
    assert_eq!(folder.read("s/plots/kept.csv"), folder.read("page/kept.csv"));
}

#[track_caller]
fn refused(folder: &Folder, args: &[&str], why: &str, remedy: &str) {
    let before = folder.listing();
    let ran = folder.sysmt(args);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert!(ran.stderr.contains(remedy), "{}", ran.stderr);
    assert_eq!(folder.listing(), before);
}

#[test]
fn figures_of_curves_that_nobody_has_are_refused_before_anything_runs() {
    let sweep = ["sweep", "s.toml", "--out", "s"];
    let without = folder();
    let mut file = predictors(5);
    file.places.iter_mut().for_each(|place| place.curve = None);
    for name in ["p3", "p5"] {
        without.write(name, file.to_bytes().expect("writes"));
    }
    refused(
        &without,
        &sweep,
        "s.toml:5: figure `kept` draws curves of predictors, and the predictor files hold none",
        "train predictors with `sysmt train zap`",
    );
    without.write("p3", "none");
    let why = "p3: not a whole safetensors file";
    refused(
        &without,
        &sweep,
        why,
        "train the predictors again with `sysmt train zap`",
    );
    let windows = folder();
    let base = String::from_utf8_lossy(&windows.read("base.toml")).into_owned();
    let (base, _) = base.split_once("[prediction]").expect("a prediction");
    windows.write(
        "base.toml",
        format!("{base}[prediction]\nmethod = \"cross-neuron\"\n"),
    );
    windows.write(
        "s.toml",
        format!("base = \"base.toml\"\n[axes]\n\"prediction.window\" = [2, 3]\n{FIGURES}"),
    );
    let why =
        "s.toml:4: figure `kept` draws curves of predictors, and no point predicts zeros by method \"zap\"";
    let remedy = "name predictors in the [prediction] of the base, or take the figure out";
    refused(&windows, &sweep, why, remedy);
    windows.write("base.toml", base);
    windows.write(
        "s.toml",
        format!("base = \"base.toml\"\n[axes]\n\"array.rows\" = [2, 3]\n{FIGURES}"),
    );
    refused(&windows, &sweep, why, remedy);
}

#[test]
fn a_run_has_no_curves() {
    let folder = Folder::new();
    folder.good(&["run", "run.toml", "--out", "results"]);
    folder.write("figures.toml", FIGURES);
    refused(
        &folder,
        &["plot", "results", "--figures", "figures.toml"],
        "figures.toml:1: figure `kept` has no points: there are no curves of trained predictors",
        "take it out, or draw it of other results",
    );
}
