//! Which part of a network results speak for.

use serde_json::Value;

use crate::support::{Folder, onnx, run};

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn near(found: &Value, want: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - want).abs() <= 1e-12 * want.abs(), "{found}, not {want}");
}

/// 32 of 792,608 MACs of an image are simulated.
const SHARE: f64 = 32.0 / 792_608.0;

#[test]
fn a_small_share_is_stated_and_heads_nothing() {
    let folder = Folder::of_case("coverage-not-stated");
    let text = folder.good(&["run", "run.toml", "--out", "results"]);
    let result = json(&folder.read("results/result.json"));
    let totals = &result["totals"];
    assert_eq!(
        (&totals["macs"], &totals["network_macs"]),
        (&64.into(), &1_585_216.into())
    );
    near(&totals["share"], SHARE);
    let speedup = totals["speedup"].as_f64().unwrap_or(f64::NAN);
    assert!(1.1 < speedup);
    // What is left takes the baseline's cycles for each MAC.
    let cycles = |key: &str| totals[key].as_f64().unwrap_or(f64::NAN);
    let rest = (1_585_216.0 - 64.0) * cycles("baseline_cycles") / 64.0;
    near(
        &totals["speedup_network"],
        (cycles("baseline_cycles") + rest) / (cycles("cycles") + rest),
    );
    let warning = "the simulated layers are 0.0040 % of the network's 1,585,216 MACs";
    let warnings = result["warnings"].to_string();
    assert!(warnings.contains(warning), "{warnings}");
    let macs: u64 = (result["unsimulated"].as_array().into_iter().flatten())
        .filter_map(|layer| layer["macs"].as_u64())
        .sum();
    assert_eq!(macs, 1_585_216 - 64);
    // The share stands above every speed-up, in the text and on the page.
    let place = |text: &str, part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text}"));
    assert!(place(&text, "- simulated: 0.0040 % of the network's") < place(&text, "| speed-up |"));
    assert!(text.contains("| network "), "{text}");
    folder.good(&["report", "results"]);
    let page = String::from_utf8_lossy(&folder.read("results/report.html")).into_owned();
    assert!(place(&page, "Network speed-up") < place(&page, "of the simulated layers, over the baseline"));
    let csv = folder.good(&["export", "results", "--format", "csv", "--table", "points"]);
    let [header, row] = [0, 1].map(|line| csv.lines().nth(line).unwrap_or_default());
    let column = header
        .split(',')
        .position(|name| name == "share")
        .unwrap_or_default();
    let share: f64 = row
        .split(',')
        .nth(column)
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::NAN);
    near(&share.into(), SHARE);
}

#[test]
fn evaluations_traces_and_sweeps_state_it_too() {
    let folder = Folder::of_case("coverage-not-stated");
    let args = [
        "eval",
        "net.onnx",
        "--images",
        "images.npz",
        "--array",
        "array.toml",
    ];
    let object = json(folder.good(&[&args[..], &["--json"]].concat()).as_bytes());
    near(&object["share"], SHARE);
    assert!(
        object["warnings"]
            .to_string()
            .contains("the simulated layers are 0.0040 %")
    );
    let text = folder.good(&args);
    assert!(
        text.contains("- simulated: 0.0040 %") && text.contains("network speed-up"),
        "{text}"
    );

    folder.good(&[
        "capture",
        "net.onnx",
        "--images",
        "images.npz",
        "--out",
        "net.safetensors",
    ]);
    folder.write(
        "t.toml",
        "array = \"array.toml\"\n[workload]\ntrace = \"net.safetensors\"\n",
    );
    folder.good(&["run", "t.toml"]);
    near(
        &json(&folder.read("results/t/result.json"))["totals"]["share"],
        SHARE,
    );

    folder.write("s.toml", "base = \"t.toml\"\n[axes]\n\"array.rows\" = [4, 8]\n");
    folder.good(&["sweep", "s.toml"]);
    let points = folder.good(&["export", "results/s", "--format", "jsonl", "--table", "points"]);
    for point in points.lines() {
        near(&json(point.as_bytes())["share"], SHARE);
    }
}

#[test]
fn a_trace_without_sizes_has_no_share_and_says_so() {
    let folder = Folder::new();
    let text = folder.good(&["run", "run.toml"]);
    assert!(
        text.contains("- simulated: a share of the network that is not known"),
        "{text}"
    );
    let totals = json(&folder.read("results/run/result.json"))["totals"].clone();
    for key in ["share", "network_macs", "speedup_network"] {
        assert_eq!(totals.get(key), Some(&Value::Null), "{key}");
    }
}

#[test]
fn nothing_to_simulate_is_a_result() {
    let folder = Folder::new();
    folder.write(
        "none.toml",
        run("model = \"m.onnx\"\nimages = \"x.npz\"\nn-images = 1"),
    );
    folder.write("m.onnx", onnx::one_convolution());
    let text = folder.good(&["run", "none.toml"]);
    for part in [
        "- simulated: 0 % of the network's 2,304 MACs",
        "the first convolution stays FP32 (2,304 MACs)",
        "the simulated layers are 0 % of the network's",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let totals = json(&folder.read("results/none/result.json"))["totals"].clone();
    assert_eq!(
        (&totals["share"], &totals["speedup_network"]),
        (&0.0.into(), &1.0.into())
    );
    assert_eq!((&totals["layers"], &totals["speedup"]), (&0.into(), &Value::Null));
    folder.good(&["check", "none.toml"]);
    folder.good(&["report", "results/none"]);
    folder.good(&[
        "capture",
        "m.onnx",
        "--images",
        "x.npz",
        "--out",
        "none.safetensors",
    ]);
    assert!(folder.trace("none.safetensors").layers.is_empty());
    let args = [
        "eval", "m.onnx", "--images", "x.npz", "--array", "2t.toml", "--json",
    ];
    let object = json(folder.good(&args).as_bytes());
    assert_eq!(
        (&object["agreement"], &object["share"]),
        (&1.0.into(), &0.0.into())
    );
}
