//! Rows of results folders, written for other programs.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::eval::{MODEL, images};
use crate::support::Folder;

/// With the results of a run in `results/run`.
fn with_run() -> Folder {
    let folder = Folder::new();
    folder.good(&["run", "run.toml"]);
    folder
}

fn export<'a>(dir: &'a str, format: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["export", dir, "--format", format], more].concat()
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn a_run_gives_its_layers() {
    let folder = with_run();
    let record: Value = serde_json::from_slice(&folder.read("results/run/result.json")).unwrap_or_default();
    let rows = json_lines(&folder.good(&export("results/run", "jsonl", &[])));
    let layers = record["layers"].as_array().cloned().unwrap_or_default();
    assert!(!layers.is_empty());
    assert_eq!(rows.len(), layers.len());
    for (row, layer) in rows.iter().zip(&layers) {
        assert_eq!(row["name"], layer["name"]);
        assert_eq!(row["cycles"], layer["cycles"]);
        assert_eq!(row["speedup"], layer["speedup"]);
        assert_eq!(row["pe.threads"], 2);
    }
    let points = json_lines(&folder.good(&export("results/run", "jsonl", &["--table", "points"])));
    assert_eq!(points.len(), 1);
    assert_eq!(points[0]["cycles"], record["totals"]["cycles"]);
}

#[test]
fn an_evaluation_gives_its_designs() {
    let folder = Folder::new();
    folder.write("few-images-idx3-ubyte", images(2));
    folder.good(&[
        "eval",
        MODEL,
        "--images",
        "few-images-idx3-ubyte",
        "--array",
        "2t.toml",
        "--compare",
        "1t.toml",
        "--out",
        "evaluated",
    ]);
    let args = export(
        "evaluated",
        "csv",
        &["--columns", "design,evaluated_images,speedup,top1"],
    );
    let text = folder.good(&args);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "design,evaluated_images,speedup,top1");
    assert!(lines[1].starts_with("2t,2,") && lines[1].ends_with(','), "{text}");
    assert!(lines[2].starts_with("1t,2,1,"), "{text}");
    assert_eq!(lines.len(), 3);
    let tex = folder.good(&export("evaluated", "tex", &[]));
    assert!(tex.contains("Design & Cycles & Speed-up"), "{tex}");
}

#[test]
fn a_file_is_what_is_printed() {
    let folder = with_run();
    let before = folder.listing();
    for format in ["csv", "parquet", "jsonl", "tex"] {
        let args = export("results/run", format, &["--out", "rows"]);
        assert_eq!(folder.good(&args), "");
        let file = folder.read("rows");
        let printed = Command::new(env!("CARGO_BIN_EXE_sysmt"))
            .args(export("results/run", format, &[]))
            .current_dir(folder.path(""))
            .output()
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(printed.status.success() && !file.is_empty());
        assert_eq!(printed.stdout, file, "{format}");
    }
    let mut after = folder.listing();
    after.retain(|name| name != "rows");
    assert_eq!(after, before);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = with_run();
    for format in ["csv", "parquet", "jsonl", "tex"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sysmt"))
            .args(export("results/run", format, &[]))
            .current_dir(folder.path(""))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{error}"));
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(ended.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{format}");
    }
}

#[test]
fn bad_exports() {
    #[track_caller]
    fn check(folder: &Folder, args: &[&str], want: &[&str]) {
        let before = folder.listing();
        let ran = folder.sysmt(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        for part in want {
            assert!(
                ran.stderr.contains(part),
                "{args:?}: no `{part}` in {}",
                ran.stderr
            );
        }
        assert_eq!((ran.stdout.as_str(), folder.listing()), ("", before), "{args:?}");
    }
    let folder = with_run();
    folder.write("empty/x", "");
    folder.write("broken/result.json", "{");
    folder.write("other/result.json", "{\"version\": 99}");
    check(
        &folder,
        &export("none", "csv", &[]),
        &[
            "none/result.json: cannot be read",
            "name a folder that `sysmt run`",
        ],
    );
    check(&folder, &export("empty", "csv", &[]), &["name a folder"]);
    check(&folder, &export("run.toml", "csv", &[]), &["name a folder"]);
    check(
        &folder,
        &export("broken", "csv", &[]),
        &["make the results again"],
    );
    check(&folder, &export("other", "csv", &[]), &["has version 99"]);
    check(
        &folder,
        &export("results/run", "xlsx", &[]),
        &["possible values: csv, parquet, jsonl, tex"],
    );
    check(
        &folder,
        &export("results/run", "csv", &["--table", "rows"]),
        &["possible values: points, layers"],
    );
    check(
        &folder,
        &export("results/run", "csv", &["--columns", "name,speedpu"]),
        &["results/run, table layers: there is no column `speedpu`; did you mean `speedup`?"],
    );
    check(
        &folder,
        &export("results/run", "tex", &["--columns", "nothing-like-it"]),
        &["the columns are design, pe.kind, pe.threads"],
    );
    check(
        &folder,
        &export("results/run", "parquet", &["--columns", "name,name"]),
        &["column `name` is named twice"],
    );
    check(
        &folder,
        &export("results/run", "csv", &["--out", "no/rows.csv"]),
        &[
            "no/rows.csv: cannot be written",
            "make it, or choose another path",
        ],
    );
    check(
        &folder,
        &export("results/run", "csv", &["--out", "results"]),
        &["results: cannot be written"],
    );
}
