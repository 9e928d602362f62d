//! Pruning and the ways to quantize, from the command line to results.

use sim_core::range::ActivationRange;

use crate::support::{Folder, run};

fn result(folder: &Folder, name: &str) -> serde_json::Value {
    serde_json::from_slice(&folder.read(&format!("results/{name}/result.json"))).unwrap_or_default()
}

fn trace(folder: &Folder, name: &str) -> sim_trace::trace::Trace {
    sim_trace::read(&folder.path(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_pruned_trace_says_how_many_weights_are_zero() {
    let folder = Folder::new();
    folder.write(
        "pruned.toml",
        run("trace = \"t.safetensors\"\nprune = 0.5\nprune-scope = \"global\""),
    );
    let printed = folder.good(&["run", "pruned.toml"]);
    let line = printed
        .lines()
        .find(|line| line.starts_with("- pruning: "))
        .unwrap_or_default();
    assert!(
        line.contains("the smallest 0.5 of the weights of all layers together; of 171 weights"),
        "{printed}"
    );
    let result = result(&folder, "pruned");
    let layers = result["pruning"]["layers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let sum = |key: &str| -> u64 { layers.iter().filter_map(|layer| layer[key].as_u64()).sum() };
    assert_eq!((layers.len(), sum("weights"), sum("zeros_after")), (2, 171, 85));
    assert_eq!(layers[1]["name"], "depthwise");
    assert!(0 < sum("zeros_before") && sum("zeros_before") < 85);
    assert_eq!(result["spec"]["resolved"]["workload"]["prune"], 0.5);
    assert_eq!(result["spec"]["resolved"]["workload"]["prune-scope"], "global");
    // Fewer pairs are active than in the trace as it is, which says nothing of pruning.
    let printed = folder.good(&["run", "run.toml"]);
    assert!(!printed.contains("pruning"), "{printed}");
    let whole = self::result(&folder, "run");
    assert!(whole["pruning"].is_null() && whole.get("pruning").is_none());
    let idle = |result: &serde_json::Value| result["layers"][0]["active_threads"][0].as_u64();
    assert!(idle(&whole) < idle(&result));
}

#[test]
fn two_of_four_makes_a_workload_fit_the_sparse_array() {
    let folder = Folder::new();
    let workload = |workload: &str| format!("array = \"stc.toml\"\n[workload]\n{workload}\n");
    let model = "model = \"m.onnx\"\nimages = \"x.npz\"";
    for (name, text) in [("trace", "trace = \"t.safetensors\""), ("model", model)] {
        let (dense, pruned) = (format!("{name}-dense.toml"), format!("{name}-pruned.toml"));
        folder.write(&dense, workload(text));
        let ran = folder.sysmt(&["run", &dense]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("`2:4`"), "{}", ran.stderr);
        folder.write(&pruned, workload(&format!("{text}\nprune = \"2:4\"")));
        folder.good(&["run", &pruned]);
        folder.good(&["check", &pruned]);
        let result = result(&folder, &format!("{name}-pruned"));
        assert_eq!(result["pruning"]["rules"], serde_json::json!(["2:4"]));
        assert_eq!(result["spec"]["resolved"]["workload"]["prune"], "2:4");
    }
}

#[test]
fn a_captured_trace_remembers_its_pruning() {
    let folder = Folder::new();
    let capture = |more: &[&str]| {
        folder.good(
            &[
                &["capture", "m.onnx", "--images", "x.npz", "--out", "c.safetensors"],
                more,
            ]
            .concat(),
        )
    };
    let printed = capture(&["--prune", "0.4", "--prune-scope", "layer"]);
    // ⌊0.4 · 144⌋; the first convolution is not simulated and stays as it is.
    assert!(
        printed.contains("pruned: 57 of 144 weights are zero, "),
        "{printed}"
    );
    let pruned = trace(&folder, "c.safetensors");
    assert_eq!(
        pruned.origin.pruned,
        ["0.4".parse().unwrap_or_else(|e| panic!("{e}"))]
    );
    let n_zeros =
        |trace: &sim_trace::trace::Trace| trace.layers[0].weight.iter().filter(|&&code| code == 0).count();
    assert!(57 <= n_zeros(&pruned));
    // A run of the trace says so, and gives what the run of the pruned model gives.
    folder.write("captured.toml", run("trace = \"c.safetensors\""));
    folder.write(
        "model.toml",
        run("model = \"m.onnx\"\nimages = \"x.npz\"\nprune = 0.4"),
    );
    let printed = folder.good(&["run", "captured.toml"]);
    assert!(printed.contains("before the trace was written"), "{printed}");
    folder.good(&["run", "model.toml"]);
    assert_eq!(folder.layers("captured"), folder.layers("model"));
    let result = result(&folder, "captured");
    assert_eq!(result["pruning"]["layers"], serde_json::json!([]));
    assert_eq!(result["pruning"]["rules"][0]["magnitude"]["fraction"], 0.4);
    // A fraction of zero prunes nothing.
    capture(&["--prune", "0"]);
    let zero = trace(&folder, "c.safetensors");
    capture(&[]);
    let plain = trace(&folder, "c.safetensors");
    assert_eq!(
        (&zero.layers, &zero.unsimulated),
        (&plain.layers, &plain.unsimulated)
    );
}

#[test]
fn ways_to_quantize_reach_the_trace_and_the_result() {
    let folder = Folder::new();
    let capture = |more: &[&str]| {
        folder.good(
            &[
                &["capture", "m.onnx", "--images", "x.npz", "--out", "c.safetensors"],
                more,
            ]
            .concat(),
        );
        trace(&folder, "c.safetensors")
    };
    let plain = capture(&[]);
    let scale = |more: &[&str]| capture(more).layers[0].input_scale.to_bits();
    let mut scales = vec![
        plain.layers[0].input_scale.to_bits(),
        scale(&["--range", "max"]),
        scale(&["--range", "percentile", "--percentile", "75"]),
    ];
    // 256 values have no rank between 99.9 % and the largest.
    assert_eq!(scale(&["--range", "percentile"]), scales[0]);
    assert_eq!(scale(&["--range", "mean-of-max"]), scales[0]);
    scales.sort_unstable();
    scales.dedup();
    assert_eq!(scales.len(), 3, "each way has a range of its own");
    let least_squares = capture(&["--range", "least-squares"]);
    assert_eq!(
        least_squares.origin.quantization.map(|spec| spec.range),
        Some(ActivationRange::LeastSquares)
    );
    // One of the grid below the largest value.
    let part =
        64.0 * least_squares.layers[0].input_scale / capture(&["--range", "max"]).layers[0].input_scale;
    assert!((16.0..=64.0).contains(&part) && part.fract() < 1e-3, "{part}");
    let per_tensor = capture(&["--weights", "per-tensor"]);
    let scale = per_tensor.layers[0].weight_scale[0];
    assert_eq!(per_tensor.layers[0].weight_scale, [scale; 4]);
    assert_ne!(plain.layers[0].weight_scale, [scale; 4]);

    folder.write(
        "ways.toml",
        run(
            "model = \"m.onnx\"\nimages = \"x.npz\"\n[quantization]\nweights = \"per-tensor\"\n\
             range = \"percentile\"\npercentile = 75",
        ),
    );
    folder.good(&["run", "ways.toml"]);
    let captured = capture(&[
        "--weights",
        "per-tensor",
        "--range",
        "percentile",
        "--percentile",
        "75",
    ]);
    folder.write("captured.toml", run("trace = \"c.safetensors\""));
    folder.good(&["run", "captured.toml"]);
    for name in ["ways", "captured"] {
        let quantization = result(&folder, name)["spec"]["resolved"]["quantization"].clone();
        assert_eq!(quantization["weights"], "per-tensor", "{name}");
        assert_eq!(quantization["range"], "percentile", "{name}");
        assert_eq!(quantization["percentile"], 75.0, "{name}");
    }
    let range = captured
        .origin
        .quantization
        .map(|spec| spec.range.method().name());
    assert_eq!(range, Some("percentile"));
    assert_eq!(folder.layers("ways"), folder.layers("captured"));
}
