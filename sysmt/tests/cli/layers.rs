//! Runs whose layers differ from the array, and runs that reorder K.

use serde_json::{Value, json};

use crate::support::{Folder, run};

const TRACE: &str = "trace = \"t.safetensors\"\n";

/// The layers of the results of `name`, after a run of `rest` below the workload.
fn layers(folder: &Folder, name: &str, rest: &str) -> Vec<Value> {
    folder.write(&format!("{name}.toml"), run(&format!("{TRACE}{rest}")));
    folder.good(&["run", &format!("{name}.toml")]);
    let result = result(folder, name);
    result["layers"].as_array().cloned().unwrap_or_default()
}

fn result(folder: &Folder, name: &str) -> Value {
    serde_json::from_slice(&folder.read(&format!("results/{name}/result.json"))).unwrap_or_default()
}

const MIXED: &str =
    "[[layer]]\nname = \"conv\"\nthreads = 1\n[[layer]]\nname = \"depthwise\"\npolicy = \"S\"\n";

#[test]
fn a_result_shows_threads_and_policy_of_every_layer() {
    let folder = Folder::new();
    let plain = layers(&folder, "plain", "");
    let mixed = layers(&folder, "mixed", MIXED);
    let shown = |layers: &[Value]| -> Vec<Value> {
        (layers.iter())
            .map(|layer| json!([layer["name"], layer["threads"], layer["policy"]]))
            .collect()
    };
    assert_eq!(
        shown(&plain),
        [json!(["conv", 2, "S+A"]), json!(["depthwise", 2, "S+A"])]
    );
    assert_eq!(
        shown(&mixed),
        [json!(["conv", 1, "S+A"]), json!(["depthwise", 2, "S"])]
    );
    // One thread is the baseline, and exact.
    assert_eq!(mixed[0]["cycles"], mixed[0]["baseline_cycles"]);
    assert_eq!(
        mixed[0]["active_threads"].as_array().map(Vec::len),
        Some(3),
        "{}",
        mixed[0]
    );
    assert_eq!(mixed[0]["mse"], 0.0);
    assert_ne!(plain[0]["mse"], 0.0);
    for (mixed, plain) in mixed.iter().zip(&plain) {
        assert_eq!(mixed["baseline_cycles"], plain["baseline_cycles"]);
    }
    assert_ne!(mixed[1]["reduced"], plain[1]["reduced"]);

    let policies = folder.good(&[
        "export",
        "results/mixed",
        "--format",
        "csv",
        "--columns",
        "policy",
    ]);
    assert_eq!(policies, "policy\nS+A\nS\n");
    let summary = folder.read("results/mixed/summary.md");
    assert!(String::from_utf8_lossy(&summary).contains("2 (S)"));
    assert_eq!(
        result(&folder, "mixed")["spec"]["resolved"]["layer"],
        json!([{"name": "conv", "threads": 1}, {"name": "depthwise", "policy": "S"}])
    );
    assert_eq!(folder.good(&["check", "mixed.toml"]), EQUAL);
}

const EQUAL: &str = "equal: the fast clock and the algebraic engine give the same outcome\n";

#[test]
fn reordering_changes_what_meets_and_not_the_time() {
    let folder = Folder::new();
    let plain = layers(&folder, "plain", "");
    assert_eq!(
        result(&folder, "plain")["spec"]["resolved"]["layers"]["reorder"],
        "off"
    );
    for mode in ["oracle", "weights"] {
        let reordered = layers(&folder, mode, &format!("[layers]\nreorder = \"{mode}\"\n"));
        for (layer, plain) in reordered.iter().zip(&plain) {
            for key in ["shape", "cycles", "baseline_cycles", "macs", "operand_widths"] {
                assert_eq!(layer[key], plain[key], "{mode}, {key}");
            }
        }
        assert_ne!(reordered[0]["mse"], plain[0]["mse"], "{mode}");
        let summary = folder.read(&format!("results/{mode}/summary.md"));
        let line = format!("- K reordered: {mode}\n");
        assert!(String::from_utf8_lossy(&summary).contains(&line), "{mode}");
        assert_eq!(
            result(&folder, mode)["spec"]["resolved"]["layers"]["reorder"],
            mode
        );
        assert_eq!(folder.good(&["check", &format!("{mode}.toml")]), EQUAL);
    }
}

#[test]
fn reordered_folders_are_the_same_whatever_the_jobs_and_the_engine() {
    let folder = Folder::new();
    let text = format!("{TRACE}[layers]\nreorder = \"oracle\"\n{MIXED}");
    folder.write("mixed.toml", run(&text));
    for (jobs, engine) in [("1", "algebraic"), ("2", "algebraic"), ("2", "stepped")] {
        let out = format!("{engine}-{jobs}");
        let args = [
            "run",
            "mixed.toml",
            "--jobs",
            jobs,
            "--engine",
            engine,
            "--out",
            &out,
        ];
        folder.good(&args);
        for name in ["result.json", "layers.csv", "summary.md"] {
            let want = folder.read(&format!("algebraic-1/{name}"));
            let found = folder.read(&format!("{out}/{name}"));
            let found = String::from_utf8_lossy(&found).replace("stepped", "algebraic");
            assert_eq!(found, String::from_utf8_lossy(&want), "{out}/{name}");
        }
    }
}

/// A captured network counts its calibration images; without others those of the workload, which the oracle counts.
#[test]
fn a_model_is_reordered_by_its_calibration() {
    let folder = Folder::new();
    let csv = |mode: &str| {
        let text = format!("model = \"m.onnx\"\nimages = \"x.npz\"\n[layers]\nreorder = \"{mode}\"\n");
        folder.write("r.toml", run(&text));
        folder.good(&["run", "r.toml"]);
        String::from_utf8_lossy(&folder.read("results/r/layers.csv")).into_owned()
    };
    let calibration = csv("calibration");
    assert_ne!(calibration, csv("off"));
    assert_eq!(calibration, csv("oracle"));
}
