//! Images of an evaluation: those that cannot be read, those that methods learn from, and a network before its pruning.

use serde_json::{Value, json};

use crate::eval::{MODEL, images};
use crate::support::{Folder, png};

/// With a folder of photos in `photos`, the second of class 8 unreadable, and the others alone in `good`.
fn photos() -> Folder {
    let folder = Folder::new();
    let mut cut = png(28, 28, 9);
    cut.truncate(60);
    folder.write("photos/8/cut.png", cut);
    for (class, seed) in [("3", 1), ("8", 2), ("9", 3)] {
        for set in ["photos", "good"] {
            folder.write(&format!("{set}/{class}/a.png"), png(28, 28, seed));
        }
    }
    folder
}

fn eval(folder: &Folder, images: &str, more: &[&str]) -> String {
    let args = ["eval", MODEL, "--images", images, "--array", "2t.toml"];
    folder.good(&[&args, more].concat())
}

fn object(folder: &Folder, images: &str, more: &[&str]) -> Value {
    let printed = eval(folder, images, &[&["--json"], more].concat());
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn unreadable_photos_are_left_out_where_that_is_asked_for() {
    let folder = photos();
    let args = ["eval", MODEL, "--images", "photos", "--array", "2t.toml"];
    let ran = folder.sysmt(&args);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    for part in ["photos/8/cut.png: cannot decode", "--skip-unreadable"] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    let skip = ["--skip-unreadable", "--json", "--jobs"];
    let one = eval(&folder, "photos", &[&skip[..], &["1"]].concat());
    assert_eq!(one, eval(&folder, "photos", &[&skip[..], &["2"]].concat()));
    let found: Value = serde_json::from_str(&one).unwrap_or_default();
    let none = json!({"count": 0, "images": []});
    let want = json!({"count": 1, "images": ["8/cut.png"], "calibration": none, "training": none});
    assert_eq!(found["skipped"], want);
    // What is left is as if the file had never been there.
    let good = object(&folder, "good", &[]);
    assert!(good["skipped"].is_null());
    for key in ["images", "fp32", "int8", "array", "flips", "classes", "layers"] {
        assert_eq!(found[key], good[key], "{key}");
    }
    assert_eq!(found["classes"][8]["images"], 1);

    let ran = folder.sysmt(&[&args[..], &["--skip-unreadable"]].concat());
    let sentence = "images: 1 could not be decoded and was left out: 8/cut.png";
    assert!(ran.stderr.contains(sentence), "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("- {sentence}")), "{}", ran.stdout);
}

#[test]
fn unreadable_calibration_and_training_photos_are_left_out_too() {
    let folder = photos();
    let calibration = ["--calibration", "photos"];
    let args = [
        &["eval", MODEL, "--images", "good", "--array", "2t.toml"],
        &calibration[..],
    ];
    let ran = folder.sysmt(&args.concat());
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("photos/8/cut.png") && ran.stderr.contains("--skip-unreadable"),
        "{}",
        ran.stderr
    );
    let found = object(&folder, "good", &["--calibration", "photos", "--skip-unreadable"]);
    assert_eq!(found["skipped"]["count"], 0);
    assert_eq!(
        found["skipped"]["calibration"],
        json!({"count": 1, "images": ["8/cut.png"]})
    );
    assert_eq!(
        found["int8"],
        object(&folder, "good", &["--calibration", "good"])["int8"]
    );
    assert_eq!(found["spec"]["calibration-images"], 3);

    folder.write("test/a.png", png(28, 28, 4));
    folder.write("train/a.png", "no photo");
    folder.write("train/b.png", png(28, 28, 5));
    let found = object(&folder, "test", &["--recalibrate-bn", "--skip-unreadable"]);
    assert_eq!(
        found["skipped"]["training"],
        json!({"count": 1, "images": ["a.png"]})
    );
    assert_eq!(found["spec"]["training-images"], 1);
}

#[test]
fn a_capture_leaves_unreadable_photos_out() {
    let folder = photos();
    let args = ["capture", MODEL, "--images", "photos", "--out", "c.safetensors"];
    let ran = folder.sysmt(&args);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--skip-unreadable"), "{}", ran.stderr);
    let ran = folder.sysmt(&[&args[..], &["--skip-unreadable"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("c.safetensors: 3 images"), "{}", ran.stdout);
    assert!(ran.stderr.contains("left out: 8/cut.png"), "{}", ran.stderr);
    // A run has no such option.
    folder.write(
        "photos.toml",
        crate::support::run(&format!("model = \"{MODEL}\"\nimages = \"photos\"")),
    );
    let ran = folder.sysmt(&["run", "photos.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(!ran.stderr.contains("--skip-unreadable"), "{}", ran.stderr);
}

#[test]
fn results_say_what_batch_norms_learned_from() {
    #[track_caller]
    fn check(folder: &Folder, images: &str, more: &[&str], role: &str, file: &str, line: &str) {
        let args = [&["--recalibrate-bn"], more].concat();
        let object = object(folder, images, &args);
        let learned = json!({"learners": ["batch-norms"], "role": role, "file": file, "images": 4});
        assert_eq!(object["learned_from"], learned);
        let printed = eval(folder, images, &args);
        assert!(printed.contains(line), "{printed}");
        let is_warned = printed.contains("batch norms have seen the test images");
        assert_eq!(is_warned, role == "images", "{printed}");
    }
    let folder = Folder::new();
    let (test, train) = ("test-images-idx3-ubyte", "train-images-idx3-ubyte");
    folder.write(test, images(2));
    folder.write(train, images(4));
    folder.write("alone-images-idx3-ubyte", images(4));
    let line = "- batch norms learned from 4 images of the training set next to the images, train-images-idx3-ubyte\n";
    check(&folder, test, &[], "training", train, line);
    let line = "- batch norms learned from 4 images of the calibration images, train-images-idx3-ubyte\n";
    let given = ["--calibration", train];
    check(&folder, test, &given, "calibration", train, line);
    let alone = "alone-images-idx3-ubyte";
    let line =
        "- batch norms learned from 4 images of the evaluated images themselves, alone-images-idx3-ubyte\n";
    check(&folder, alone, &[], "images", alone, line);
    assert!(object(&folder, test, &[])["learned_from"].is_null());
}

#[test]
fn a_pruned_evaluation_shows_the_network_before_and_the_zeros_after() {
    let folder = photos();
    let plain = object(&folder, "good", &[]);
    assert!(plain["pruning"].is_null() && plain["fp32_unpruned"].is_null());
    let pruned = object(&folder, "good", &["--prune", "0.75"]);
    assert_eq!(pruned["fp32_unpruned"], plain["fp32"]);
    let layers = pruned["pruning"]["layers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(layers.len(), 8);
    for layer in &layers {
        assert_eq!(layer["sparsity"], 0.75, "{layer}");
    }
    // The stem stays FP32 and is not pruned.
    assert_eq!(layers[0]["name"], "/block1/conv1/Conv");
    assert_eq!(layers[0]["zeros_after"], 16 * 16 * 9 * 3 / 4);
    let printed = eval(&folder, "good", &["--prune", "0.75"]);
    for part in [
        "| FP32, not pruned |",
        "| FP32, pruned ",
        "## Pruned weights",
        "75.0 |",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let printed = eval(&folder, "good", &[]);
    assert!(!printed.contains("pruned"), "{printed}");
}
