//! Folders of pictures, as people have them.

use crate::support::{Folder, Ran, run};

/// Capture `photos` in colour.
fn capture(folder: &Folder, more: &[&str]) -> Ran {
    let args = ["capture", "net.onnx", "--images", "photos", "--channels", "rgb"];
    folder.sysmt(&[&args[..], &["--out", "t.safetensors"], more].concat())
}

#[test]
fn a_table_beside_the_class_folders_is_left_out() {
    let folder = Folder::of_case("folder-labels-csv");
    let ran = capture(&folder, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let note = "photos: 1 file is not JPEG or PNG and was left out: labels.csv";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    assert_eq!(
        folder.trace("t.safetensors").origin.images,
        ["cat/a.png", "dog/b.png"]
    );
    assert!(folder.path("photos/labels.csv").is_file());
}

#[test]
fn what_explorers_leave_behind_is_left_out() {
    let folder = Folder::of_case("folder-thumbs-db");
    folder.write("photos/.DS_Store", "");
    let images = || folder.trace("t.safetensors").origin.images;
    for more in [&[][..], &["--skip-unreadable"]] {
        let ran = capture(&folder, more);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let note = "photos: 2 files are not JPEG or PNG and were left out: .DS_Store, Thumbs.db";
        assert!(ran.stderr.contains(note), "{}", ran.stderr);
        assert_eq!(images(), ["a.png"]);
    }
    // A sweep says it too, and once.
    let workload = run("model = \"net.onnx\"\nimages = \"photos\"");
    folder.write(
        "base.toml",
        format!("{workload}[preprocessing]\nchannels = \"rgb\"\n"),
    );
    folder.write(
        "sweep.toml",
        "base = \"base.toml\"\n[axes]\n\"array.rows\" = [4, 8]\n\"layers.first\" = [\"fp32\", \"simulated\"]\n",
    );
    let ran = folder.sysmt(&["sweep", "sweep.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("Thumbs.db").count(), 1, "{}", ran.stderr);
}

#[test]
fn the_root_of_a_data_set_is_not_a_set_of_images() {
    let folder = Folder::of_case("folder-one-level-too-high");
    let ran = capture(&folder, &[]);
    assert_eq!(ran.code, Some(2));
    let want = "photos/train: holds folders, not images; name photos/train or photos/val";
    assert!(ran.stderr.contains(want), "{}", ran.stderr);
    // The remedy works.
    for part in ["photos/train", "photos/val"] {
        let args = ["capture", "net.onnx", "--images", part, "--channels", "rgb"];
        folder.good(&args);
    }
}

#[test]
fn no_advice_is_to_delete_a_picture() {
    let folder = Folder::of_case("folder-thumbs-db");
    folder.write("photos/cut.png", "not a picture");
    let ran = capture(&folder, &[]);
    assert_eq!(ran.code, Some(2));
    for word in ["remove", "delete"] {
        assert!(!ran.stderr.contains(word), "{}", ran.stderr);
    }
    assert!(ran.stderr.contains("--skip-unreadable"), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn a_pipe_among_pictures_is_not_waited_for() {
    let folder = Folder::of_case("folder-thumbs-db");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path("photos/b.png"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    folder.write(
        "run.toml",
        format!(
            "{}[preprocessing]\nchannels = \"rgb\"\n",
            run("model = \"net.onnx\"\nimages = \"photos\"")
        ),
    );
    folder.good(&["run", "run.toml"]);
}
