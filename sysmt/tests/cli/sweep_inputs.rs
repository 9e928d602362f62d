//! Sweeps whose inputs cannot be read.

use crate::support::Folder;

/// Three points of a run, with answers where it has images.
fn sweep(run: &str, more: &str) -> String {
    format!("base = \"{run}\"\n[axes]\n\"pe.threads\" = [1, 2, 4]\n{more}")
}

/// The sweep fails once, by the words of a run, and no point is stored.
#[track_caller]
fn fails_once(folder: &Folder, want: &str) {
    for resume in [&[][..], &["--resume"]] {
        let ran = folder.sysmt(&[&["sweep", "s.toml", "--out", "s"], resume].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
        assert_eq!(ran.stderr.matches(want).count(), 1, "{}", ran.stderr);
        assert!(!ran.stderr.contains("points failed"), "{}", ran.stderr);
    }
    let rows = folder.good(&["export", "s", "--format", "jsonl", "--columns", "status"]);
    assert_eq!(rows.matches("\"missing\"").count(), 3, "{rows}");
}

#[test]
fn a_trace_that_all_points_need_fails_once() {
    let folder = Folder::new();
    let good = folder.read("t.safetensors");
    folder.write("s.toml", sweep("run.toml", ""));
    folder.write("t.safetensors", &good[..good.len() - 1]);
    fails_once(&folder, "error: t.safetensors: not a whole safetensors file");
    // Once it is mended, nothing has to be added or removed.
    folder.write("t.safetensors", good);
    folder.good(&["sweep", "s.toml", "--out", "s"]);
}

#[test]
fn a_network_or_images_that_all_points_need_fail_once() {
    for more in ["", "[measure]\naccuracy = { images = 2 }\n"] {
        let folder = Folder::new();
        folder.write("s.toml", sweep("model-run.toml", more));
        folder.write("m.onnx", "no network");
        fails_once(&folder, "error: m.onnx: ");
        let folder = Folder::new();
        folder.write("s.toml", sweep("model-run.toml", more));
        folder.write("x.npz", "no images");
        fails_once(&folder, "error: x.npz: ");
    }
}

#[test]
fn a_trace_that_some_points_need_fails_in_those() {
    let folder = Folder::new();
    folder.write("bad.safetensors", "no trace");
    let more = "\"workload.trace\" = [\"bad.safetensors\", \"t.safetensors\"]\n";
    folder.write("s.toml", sweep("run.toml", more));
    let ran = folder.sysmt(&["sweep", "s.toml", "--out", "s"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(2), "s: 6 points; 3 ran, 3 failed\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_technology_table_is_read_before_anything_runs() {
    let folder = Folder::new();
    folder.write("costs.toml", "no table");
    let run = crate::support::run("trace = \"t.safetensors\"");
    folder.write("run.toml", format!("{run}[costs]\ntable = \"costs.toml\"\n"));
    folder.write("s.toml", sweep("run.toml", ""));
    let before = folder.listing();
    let ran = folder.sysmt(&["sweep", "s.toml", "--out", "s"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("costs.toml: ").count(), 1, "{}", ran.stderr);
    assert_eq!(folder.listing(), before);
}
