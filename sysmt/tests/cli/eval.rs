//! Evaluations of a network, from the command line to answers.

use serde_json::Value;

use crate::support::{Folder, run};

const ARRAY_4T: &str =
    "version = 1\n[array]\nrows = 8\ncols = 8\n[pe]\nkind = \"nb-smt\"\nthreads = 4\npolicy = \"S\"\n";
pub(crate) const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/fashion-resnet8.onnx");

/// Light shapes of 28×28 pixels, as an IDX file.
pub(crate) fn images(n_images: u32) -> Vec<u8> {
    let mut images = vec![0, 0, 8, 3];
    images.extend([n_images, 28, 28].iter().flat_map(|size| size.to_be_bytes()));
    for image in 0..n_images {
        for (y, x) in (0..28).flat_map(|y| (0..28).map(move |x| (y, x))) {
            let is_light = (x + image * 3) % 9 < 5 && y * (image + 1) % 13 < 8;
            images.push(u8::try_from(if is_light { 100 + x * 4 + y } else { 0 }).unwrap_or(u8::MAX));
        }
    }
    images
}

/// With images, and labels for those of two sets.
fn folder() -> Folder {
    let folder = Folder::new();
    let images = images(5);
    folder.write("plain-images-idx3-ubyte", &images);
    folder.write("known-images-idx3-ubyte", &images);
    folder.write("known-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 5, 8, 3, 0, 8, 9]);
    folder.write("odd-images-idx3-ubyte", &images);
    folder.write("odd-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 5, 8, 3, 0, 8, 10]);
    folder
}

fn eval<'a>(images: &'a str, array: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["eval", MODEL, "--images", images, "--array", array];
    args.extend(more);
    args
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    serde_json::from_str(&folder.good(args)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn labels_beside_images_are_an_input() {
    let folder = folder();
    let labels = "known-labels-idx1-ubyte";
    let object = json(&folder, &eval("known-images-idx3-ubyte", "2t.toml", &["--json"]));
    let inputs = object["inputs"].as_array().cloned().unwrap_or_default();
    let roles: Vec<&str> = inputs.iter().filter_map(|input| input["role"].as_str()).collect();
    assert!(roles.contains(&"labels"), "{roles:?}");
    let before = folder.read(labels);
    let more = ["--predictions", labels, "--force"];
    let ran = folder.sysmt(&eval("known-images-idx3-ubyte", "2t.toml", &more));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("this command reads it"), "{}", ran.stderr);
    assert_eq!(folder.read(labels), before);
}

#[test]
fn answers_and_counts_do_not_depend_on_the_jobs() {
    let folder = folder();
    let one = eval(
        "known-images-idx3-ubyte",
        "2t.toml",
        &["--json", "--jobs", "1", "--predictions", "one.csv", "--mse"],
    );
    let two = eval(
        "known-images-idx3-ubyte",
        "2t.toml",
        &["--json", "--jobs", "2", "--predictions", "two.csv", "--mse"],
    );
    let printed = folder.good(&one);
    assert_eq!(printed, folder.good(&two));
    assert_eq!(folder.read("one.csv"), folder.read("two.csv"));
    let rows = String::from_utf8_lossy(&folder.read("one.csv")).into_owned();
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[0], "index,label,fp32,int8,array");
    assert_eq!(rows.len(), 6);
    assert!(rows[5].starts_with("4,9,"), "{rows:?}");

    let object: Value = serde_json::from_str(&printed).unwrap_or_default();
    assert_eq!((&object["version"], &object["images"]), (&1.into(), &5.into()));
    assert_eq!(object["partial"], false);
    // What the rows say, counted again.
    let right = |column: usize| {
        let of_row = |row: &&str| {
            let fields: Vec<&str> = row.split(',').collect();
            fields[1] == fields[column]
        };
        rows[1..].iter().filter(|row| of_row(row)).count()
    };
    for (who, column) in [("fp32", 2), ("int8", 3), ("array", 4)] {
        let share = object[who]["top1"].as_f64().unwrap_or(-1.0);
        let n_right = u32::try_from(right(column)).unwrap_or(u32::MAX);
        assert!(
            (share - f64::from(n_right) / 5.0).abs() < 1e-12,
            "{who}: {object}"
        );
        assert!(share <= object[who]["top5"].as_f64().unwrap_or(-1.0));
    }
    assert_eq!(object["layers"].as_array().map(Vec::len), Some(8));
    assert!(object["layers"][0]["mse"].as_f64().is_some_and(|mse| 0.0 < mse));
}

#[test]
fn counts_are_those_of_a_run_where_no_layer_lies_behind_another() {
    let folder = folder();
    folder.write(
        "same.toml",
        run(&format!(
            "model = \"{MODEL}\"\nimages = \"plain-images-idx3-ubyte\""
        )),
    );
    folder.good(&["run", "same.toml"]);
    let run: Value = serde_json::from_slice(&folder.read("results/same/result.json")).unwrap_or_default();
    let eval = json(&folder, &eval("plain-images-idx3-ubyte", "2t.toml", &["--json"]));
    let of = |object: &Value, layer: usize, key: &str| object["layers"][layer][key].clone();
    for layer in 0..8 {
        for key in [
            "name",
            "shape",
            "images",
            "cycles",
            "baseline_cycles",
            "macs",
            "threads",
        ] {
            assert_eq!(of(&eval, layer, key), of(&run, layer, key), "{layer}: {key}");
        }
    }
    // The first simulated layer reads what the FP32 stem gives, in a run as here; later ones read what the array made.
    for key in ["active_threads", "reduced", "operand_widths", "pe_cycles"] {
        assert_eq!(of(&eval, 0, key), of(&run, 0, key), "{key}");
        assert_ne!(of(&eval, 7, key), of(&run, 7, key), "{key}");
    }
    for who in ["fp32", "int8", "array"] {
        assert!(
            eval[who]["top1"].is_null() && eval[who]["top5"].is_null(),
            "{who}"
        );
    }
    assert!(eval["flips"]["p_value"].is_null() && eval["classes"].is_null());
    assert!(eval["agreement"].as_f64().is_some());
    assert_eq!(of(&eval, 0, "mse"), Value::Null);
}

#[test]
fn throttling_lowers_the_worst_layers_until_the_answers_are_good_enough() {
    let folder = folder();
    folder.write("4t.toml", ARRAY_4T);
    // Labels are what exact 8-bit answers, so that the array can only lose.
    folder.write("many-images-idx3-ubyte", images(40));
    folder.write("own-images-idx3-ubyte", images(40));
    folder.good(&eval(
        "many-images-idx3-ubyte",
        "4t.toml",
        &["--predictions", "answers.csv"],
    ));
    let answers = String::from_utf8_lossy(&folder.read("answers.csv")).into_owned();
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, 40];
    let fields = answers.lines().skip(1).map(|line| line.split(',').nth(3));
    labels.extend(fields.map(|class| class.and_then(|class| class.parse().ok()).unwrap_or(u8::MAX)));
    folder.write("own-labels-idx1-ubyte", labels);
    let auto = |more: &[&str]| {
        let mut args = vec!["--json", "--throttle", "auto"];
        args.extend(more);
        json(&folder, &eval("own-images-idx3-ubyte", "4t.toml", &args))
    };
    let object = auto(&["--max-drop", "0"]);
    let throttling = &object["throttling"];
    assert_eq!(
        (&throttling["reached"], &throttling["images"]),
        (&true.into(), &40.into())
    );
    let steps = throttling["steps"].as_array().cloned().unwrap_or_default();
    assert!(2 < steps.len(), "{throttling}");
    let last = steps.last().cloned().unwrap_or_default();
    let share = |step: &Value, key: &str| step[key].as_f64().unwrap_or(-1.0);
    assert!(share(&last, "int8_top1") <= share(&last, "array_top1"));
    for pair in steps.windows(2) {
        assert!(
            share(&pair[0], "array_top1") < share(&pair[0], "int8_top1"),
            "{pair:?}"
        );
        // The lowered layer was the worst that could be lowered, and goes one step down.
        let name = pair[1]["lowered"].as_str().unwrap_or_default();
        let before = pair[0]["layers"].as_object().cloned().unwrap_or_default();
        let error = |name: &str| before[name]["relative_error"].as_f64().unwrap_or(-1.0);
        for (other, layer) in &before {
            assert!(
                layer["threads"] == 1 || error(other) <= error(name),
                "{other} {pair:?}"
            );
        }
        let threads = |step: &Value| step["layers"][name]["threads"].as_u64();
        assert_eq!(threads(&pair[1]).map(|n| 2 * n), threads(&pair[0]));
        assert!(share(&pair[1], "speedup") < share(&pair[0], "speedup"));
    }
    // What was found is what is evaluated: the same images, the same cycles.
    assert_eq!(object["cycles"], last["cycles"]);
    assert_eq!(object["array"]["top1"], last["array_top1"]);
    for layer in object["layers"].as_array().into_iter().flatten() {
        let name = layer["name"].as_str().unwrap_or_default();
        assert_eq!(layer["threads"], last["layers"][name]["threads"]);
        assert_eq!(object["spec"]["throttle"][name], layer["threads"]);
    }
    // Anything will do: no step at all.
    assert_eq!(
        auto(&["--max-drop", "100"])["throttling"]["steps"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn an_exact_array_answers_like_exact_8_bit() {
    let folder = folder();
    let args = eval(
        "known-images-idx3-ubyte",
        "1t.toml",
        &["--json", "--compare", "2t.toml"],
    );
    let object = json(&folder, &args);
    assert_eq!(object["array"], object["int8"]);
    assert_eq!(object["output_error"], object["int8_output_error"]);
    assert_eq!(
        (&object["agreement"], &object["speedup"]),
        (&1.0.into(), &1.0.into())
    );
    let flips = &object["flips"];
    assert_eq!((&flips["lost"], &flips["gained"]), (&0.into(), &0.into()));
    assert_eq!(flips["p_value"], 1.0);
    // The other array is what it is alone.
    let alone = json(&folder, &eval("known-images-idx3-ubyte", "2t.toml", &["--json"]));
    for key in ["array", "flips", "cycles", "layers", "output_error"] {
        assert_eq!(object["compared"][0][key], alone[key], "{key}");
    }
    let printed = folder.good(&eval("known-images-idx3-ubyte", "2t.toml", &[]));
    assert!(printed.contains("exact McNemar test p = "), "{printed}");
    assert!(printed.contains("inside the noise"), "{printed}");
}

#[test]
fn a_throttled_layer_says_its_threads_and_takes_longer() {
    let folder = folder();
    let whole = json(&folder, &eval("plain-images-idx3-ubyte", "2t.toml", &["--json"]));
    let throttle = [
        "--json",
        "--throttle",
        "/block1/conv1/Conv=1,/block3/conv2/Conv=1",
    ];
    let object = json(&folder, &eval("plain-images-idx3-ubyte", "2t.toml", &throttle));
    let cycles = |object: &Value, layer: usize| object["layers"][layer]["cycles"].as_u64();
    for layer in 0..8 {
        let is_throttled = layer == 0 || layer == 6;
        assert_eq!(
            object["layers"][layer]["threads"],
            if is_throttled { 1 } else { 2 },
            "{layer}"
        );
        assert_eq!(
            cycles(&whole, layer) < cycles(&object, layer),
            is_throttled,
            "{layer}"
        );
    }
    assert_eq!(object["spec"]["throttle"]["/block3/conv2/Conv"], 1);
}

#[test]
fn batch_norms_are_recalibrated_and_saved() {
    let folder = folder();
    let plain = json(&folder, &eval("known-images-idx3-ubyte", "2t.toml", &["--json"]));
    let recalibrated = ["--json", "--recalibrate-bn", "exact", "--save-model", "new.onnx"];
    let object = json(
        &folder,
        &eval("known-images-idx3-ubyte", "2t.toml", &recalibrated),
    );
    // It applies to the array alone.
    for key in ["fp32", "int8", "int8_output_error", "cycles"] {
        assert_eq!(object[key], plain[key], "{key}");
    }
    assert_ne!(object["output_error"], plain["output_error"]);
    assert_eq!(object["spec"]["recalibrate-bn"], "exact");
    let saved = json(
        &folder,
        &[
            "eval",
            "new.onnx",
            "--images",
            "known-images-idx3-ubyte",
            "--array",
            "2t.toml",
            "--json",
        ],
    );
    assert_eq!(saved["images"], 5);
    assert_ne!(saved["int8_output_error"], plain["int8_output_error"]);
}

#[test]
fn a_results_folder_is_written_where_it_is_asked_for() {
    let folder = folder();
    let before = folder.listing();
    let known = "known-images-idx3-ubyte";
    folder.good(&eval(known, "2t.toml", &["--json"]));
    assert_eq!(folder.listing(), before);
    let throttle = "/block1/conv1/Conv=1";
    let more = ["--out", "results/eval", "--mse", "--json", "--throttle", throttle];
    let printed = folder.good(&eval(known, "2t.toml", &more));
    assert_eq!(folder.read("results/eval/result.json"), printed.as_bytes());
    let text = |name: &str| String::from_utf8_lossy(&folder.read(name)).into_owned();
    for (name, n_rows) in [
        ("arrays", 1),
        ("classes", 10),
        ("layers", 8),
        ("predictions", 5),
        ("plots/layer-mse", 8),
    ] {
        let rows = text(&format!("results/eval/{name}.csv"));
        assert_eq!(rows.lines().count(), 1 + n_rows, "{name}");
    }
    // What is somebody else's is not replaced, and that is said before the work.
    folder.write("mine/thesis.tex", "years");
    let ran = folder.sysmt(&eval(known, "2t.toml", &["--out", "mine"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("is not a results folder"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("images in"), "{}", ran.stderr);
}

#[test]
fn mistakes_are_the_users() {
    #[track_caller]
    fn check(args: &[&str], want: &str) {
        let folder = folder();
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(want), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let known = "known-images-idx3-ubyte";
    let auto = ["--throttle", "auto"];
    check(&eval("plain-images-idx3-ubyte", "2t.toml", &auto), "needs labels");
    check(&eval(known, "1t.toml", &auto), "has no threads to throttle");
    check(
        &eval(known, "2t.toml", &["--max-drop", "1"]),
        "add --throttle auto",
    );
    check(
        &eval(known, "2t.toml", &["--throttle", "auto", "--max-drop", "-1"]),
        "points from",
    );
    check(
        &eval("odd-images-idx3-ubyte", "2t.toml", &[]),
        "has label 10, but the network has 10 outputs, classes 0 to 9",
    );
    check(
        &[
            "eval",
            "m.onnx",
            "--images",
            "x.npz",
            "--array",
            "2t.toml",
            "--recalibrate-bn",
        ],
        "no batch norm",
    );
    check(
        &eval(known, "2t.toml", &["--throttle", "/block1/conv1=1"]),
        "no simulated layer is called `/block1/conv1`",
    );
    check(
        &eval(known, "1t.toml", &["--throttle", "/block1/conv1/Conv=1"]),
        "an array of kind \"conventional\" has neither threads nor a policy",
    );
    check(
        &eval(known, "2t.toml", &["--throttle", "/block1/conv1/Conv=4"]),
        "4 threads are more than the 2 of the array",
    );
    check(
        &eval(known, "2t.toml", &["--throttle", "/block1/conv1/Conv=3"]),
        "`3` threads cannot be",
    );
    check(
        &eval(known, "1t.toml", &["--reorder", "oracle"]),
        "1t.toml: an array of kind \"conventional\" does not split K among threads",
    );
    check(&eval(known, "2t.toml", &["--prune", "1.5"]), "1.5");
    check(&eval(known, "none.toml", &[]), "none.toml");
    check(
        &eval(known, "2t.toml", &["--save-model", "x.onnx"]),
        "--recalibrate-bn",
    );
    check(
        &eval(known, "2t.toml", &["--predictions", "none/x.csv"]),
        "none/x.csv: cannot be written",
    );
    check(
        &eval(known, "stc.toml", &[]),
        "`--prune 2:4` makes a dense network fit",
    );
}

#[test]
fn reordering_counts_as_in_a_run_and_takes_no_time() {
    let folder = folder();
    let plain = json(&folder, &eval("plain-images-idx3-ubyte", "2t.toml", &["--json"]));
    let mut reduced = vec![plain["layers"][0]["reduced"].clone()];
    for mode in ["calibration", "oracle", "weights"] {
        let file = format!("{mode}.toml");
        let text = run(&format!(
            "model = \"{MODEL}\"\nimages = \"plain-images-idx3-ubyte\""
        ));
        folder.write(&file, format!("{text}[layers]\nreorder = \"{mode}\"\n"));
        folder.good(&["run", &file]);
        let run: Value =
            serde_json::from_slice(&folder.read(&format!("results/{mode}/result.json"))).unwrap_or_default();
        let args = eval(
            "plain-images-idx3-ubyte",
            "2t.toml",
            &["--json", "--reorder", mode],
        );
        let object = json(&folder, &args);
        // The first simulated layer reads the same in both.
        for key in ["active_threads", "reduced", "operand_widths", "pe_cycles"] {
            assert_eq!(object["layers"][0][key], run["layers"][0][key], "{mode}: {key}");
        }
        assert_eq!(object["cycles"], plain["cycles"], "{mode}");
        assert_eq!(object["int8"], plain["int8"], "{mode}");
        assert_eq!(object["spec"]["reorder"], mode);
        reduced.push(object["layers"][0]["reduced"].clone());
    }
    // The images calibrate themselves, so calibration knows what an oracle does; both differ from the other two.
    assert_eq!(reduced[1], reduced[2]);
    assert!(reduced[0] != reduced[1] && reduced[0] != reduced[3] && reduced[1] != reduced[3]);
}
