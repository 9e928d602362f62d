//! Commands that succeed.

use sim_core::preprocessing::Preprocessing;
use sim_trace::trace::Trace;

use crate::support::{Folder, GEMM, npy, pseudo_random, run};

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

#[test]
fn explain_shows_keys_and_schemas() {
    let folder = Folder::new();
    assert!(folder.good(&["explain"]).contains("pe.threads"));
    assert!(folder.good(&["explain", "threads"]).contains("1, 2, 4"));
    for file in ["array", "run", "model"] {
        let schema = folder.good(&["explain", "--json-schema", file]);
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap_or_default();
        assert_eq!(schema["additionalProperties"], false, "{file}");
    }
}

#[test]
fn gemm_writes_the_product_that_one_thread_makes_exactly() {
    let folder = Folder::new();
    let (a, w) = (pseudo_random(30, 1), pseudo_random(42, 2));
    let array = [
        "gemm",
        "--array",
        "1t.toml",
        "--activations",
        "a.npy",
        "--weights",
        "w.npy",
    ];
    folder.good(&with(&array, &["--out", "c.npy"]));
    let mut want = Vec::new();
    for m in 0..5 {
        for n in 0..7 {
            let exact: i32 = (0..6)
                .map(|k| i32::from(a[m * 6 + k]) * i32::from(w[n * 6 + k].cast_signed()))
                .sum();
            want.extend(exact.to_le_bytes());
        }
    }
    let file = folder.read("c.npy");
    assert_eq!(&file[file.len() - want.len()..], want.as_slice());
    assert!(
        String::from_utf8_lossy(&file).contains("'descr': '<i4', 'fortran_order': False, 'shape': (5, 7), }")
    );
}

#[test]
fn gemm_reads_column_major_matrices() {
    let folder = Folder::new();
    let a = pseudo_random(30, 1);
    let transposed: Vec<u8> = (0..30).map(|i| a[i % 5 * 6 + i / 5]).collect();
    folder.write("f.npy", npy("|u1", "True", "(5, 6)", &transposed));
    folder.good(&with(&GEMM, &["--out", "c.npy"]));
    folder.good(&[
        "gemm",
        "--array",
        "2t.toml",
        "--activations",
        "f.npy",
        "--weights",
        "w.npy",
        "--out",
        "f-c.npy",
    ]);
    assert_eq!(folder.read("c.npy"), folder.read("f-c.npy"));
}

#[test]
fn gemm_json_depends_neither_on_jobs_nor_on_the_engine() {
    let folder = Folder::new();
    let json = |more: &[&str]| folder.good(&with(&GEMM, &with(&["--json"], more)));
    let one = json(&["--jobs", "1"]);
    assert_eq!(one, json(&["--jobs", "2"]));
    let stepped = json(&["--engine", "stepped"]);
    assert_ne!(one, stepped);
    assert_eq!(one, stepped.replace("\"stepped\"", "\"algebraic\""));
    let parsed: serde_json::Value = serde_json::from_str(&one).unwrap_or_default();
    assert_eq!(parsed["shape"], serde_json::json!({"m": 5, "n": 7, "k": 6}));
    assert!(parsed["mse"].is_number());
    let without: serde_json::Value = serde_json::from_str(&json(&["--no-mse"])).unwrap_or_default();
    assert!(without["mse"].is_null());
    let mut same = parsed.clone();
    same["mse"] = serde_json::Value::Null;
    same["snr_db"] = serde_json::Value::Null;
    assert_eq!(without, same);
}

#[test]
fn gemm_prints_a_table_without_json() {
    let table = Folder::new().good(&GEMM);
    assert!(table.contains("speedup"), "{table}");
    assert!(serde_json::from_str::<serde_json::Value>(&table).is_err());
}

#[test]
fn check_finds_the_engines_equal() {
    let folder = Folder::new();
    let equal = "equal: the fast clock and the algebraic engine give the same outcome\n";
    assert_eq!(folder.good(&["check", "run.toml"]), equal);
    assert_eq!(folder.good(&with(&["check"], &GEMM[1..])), equal);
    assert_eq!(folder.good(&["check", "model-run.toml", "--jobs", "2"]), equal);
    let all =
        "equal: all three engines give the same outcome, both clocks the same registers in every cycle\n";
    assert_eq!(folder.good(&["check", "run.toml", "--engine", "clock"]), all);
    assert_eq!(
        folder.good(&with(&["check", "--engine", "clock"], &GEMM[1..])),
        all
    );
    let refused = folder.sysmt(&["check", "run.toml", "--engine", "algebraic"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("[possible values: stepped, clock]"),
        "{}",
        refused.stderr
    );
}

fn preprocessing(trace: &Trace) -> Preprocessing {
    trace.origin.preprocessing.clone().unwrap_or_default()
}

#[test]
fn capture_writes_the_same_trace_whatever_the_jobs() {
    let folder = Folder::new();
    let printed = folder.good(&[
        "capture", "m.onnx", "--images", "x.npz", "--jobs", "1", "--mean", "0.5",
    ]);
    assert!(
        printed.starts_with("m.safetensors: 2 images, 1 layers"),
        "{printed}"
    );
    folder.good(&[
        "capture",
        "m.onnx",
        "--images",
        "x.npz",
        "--jobs",
        "2",
        "--mean",
        "0.5",
        "--out",
        "two.safetensors",
    ]);
    assert_eq!(folder.read("m.safetensors"), folder.read("two.safetensors"));
    let trace = sim_trace::read(&folder.path("m.safetensors")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(preprocessing(&trace).mean, [0.5]);
    folder.write("m.toml", "mean = 0.25\nstd = 2\n");
    folder.good(&[
        "capture",
        "m.onnx",
        "--images",
        "x.npz",
        "--mean",
        "0.75",
        "--n-images",
        "1",
    ]);
    let trace = sim_trace::read(&folder.path("m.safetensors")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(trace.origin.images.len(), 1);
    assert_eq!(preprocessing(&trace).mean, [0.75]);
    assert_eq!(preprocessing(&trace).std, [2.0]);
}

#[test]
fn run_writes_the_same_folder_whatever_the_jobs() {
    let folder = Folder::new();
    let printed = folder.good(&["run", "run.toml", "--jobs", "1"]);
    folder.good(&["run", "run.toml", "--jobs", "2", "--out", "two"]);
    folder.good(&["run", "run.toml", "--engine", "stepped", "--out", "stepped"]);
    for name in ["result.json", "layers.csv", "summary.md"] {
        let one = folder.read(&format!("results/run/{name}"));
        assert_eq!(one, folder.read(&format!("two/{name}")), "{name}");
        let stepped = folder.read(&format!("stepped/{name}"));
        let stepped = String::from_utf8_lossy(&stepped).replace("stepped", "algebraic");
        assert_eq!(String::from_utf8_lossy(&one), stepped, "{name}");
    }
    assert!(printed.contains("depthwise"), "{printed}");
    assert!(folder.path("results/run/plots").is_dir());
}

#[test]
fn a_map_of_pes_is_written_where_it_is_asked_for() {
    let folder = Folder::new();
    let text = run("trace = \"t.safetensors\"") + "[measure]\npe-map = true\n";
    folder.write("map.toml", &text);
    folder.good(&["run", "map.toml", "--jobs", "1"]);
    folder.good(&["run", "map.toml", "--jobs", "2", "--out", "two"]);
    folder.good(&["run", "map.toml", "--engine", "stepped", "--out", "stepped"]);
    let map = folder.read("results/map/pe_map.csv");
    assert_eq!(map, folder.read("two/pe_map.csv"));
    assert_eq!(map, folder.read("stepped/pe_map.csv"));

    let result: serde_json::Value =
        serde_json::from_slice(&folder.read("results/map/result.json")).unwrap_or_default();
    assert_eq!(result["spec"]["resolved"]["measure"]["pe-map"], true);
    let array = &result["spec"]["resolved"]["array"];
    let map = String::from_utf8_lossy(&map);
    let (mut n_pes, mut busy, mut cycles) = (0, 0, 0);
    for line in map.lines().skip(1) {
        let fields: Vec<u64> = line.split(',').filter_map(|field| field.parse().ok()).collect();
        n_pes += 1;
        busy += fields[2];
        cycles = fields[3];
    }
    assert_eq!(
        Some(n_pes),
        array["rows"]
            .as_u64()
            .zip(array["cols"].as_u64())
            .map(|(r, c)| r * c)
    );
    let of_layers = |of: fn(&serde_json::Value) -> u64| -> u64 {
        result["layers"].as_array().into_iter().flatten().map(of).sum()
    };
    assert_eq!(cycles, of_layers(|layer| layer["cycles"].as_u64().unwrap_or(0)));
    assert_eq!(
        busy,
        of_layers(|layer| {
            let active = layer["active_threads"].as_array().into_iter().flatten();
            active.skip(1).filter_map(serde_json::Value::as_u64).sum()
        })
    );

    // By default nothing is counted, and all else is the same.
    folder.good(&["run", "run.toml"]);
    assert!(!folder.path("results/run/pe_map.csv").exists());
    assert_eq!(folder.layers("run"), folder.layers("map"));
}

#[test]
fn a_clock_that_the_pe_does_not_reach_is_a_warning_in_the_result() {
    let folder = Folder::new();
    folder.write(
        "slow.toml",
        "version = 1\n[[timing]]\nkind = 'nb-smt'\nthreads = 2\npipeline-depth = 1\npart = 'critical-path'\n\
         value = 2.1\nunit = 'ns'\nnode = '45 nm'\nsource = 'a test'\ndelay-model = 'tables'\nuncertainty = 10\n",
    );
    let text = run("trace = \"t.safetensors\"") + "[costs]\ntable = \"slow.toml\"\n";
    folder.write("spec.toml", &text);
    let printed = folder.good(&["run", "spec.toml"]);
    let warning =
        "clock-mhz = 500 leaves 2.00 ns a cycle, but technology table `slow` has a critical path of 2.10 ns";
    assert!(printed.contains(warning), "{printed}");
    let result: serde_json::Value =
        serde_json::from_slice(&folder.read("results/spec/result.json")).unwrap_or_default();
    let told = result["warnings"].as_array().into_iter().flatten();
    assert_eq!(
        told.filter(|told| told.as_str().is_some_and(|told| told.starts_with(warning)))
            .count(),
        1
    );
}

#[test]
fn a_result_holds_the_whole_spec() {
    let folder = Folder::new();
    folder.write("m.toml", "mean = 0.25\n");
    let text =
        "seed = 7\n".to_owned() + &run("model = \"m.onnx\"\nimages = \"x.npz\"\n[preprocessing]\nstd = 2");
    folder.write("spec.toml", &text);
    folder.good(&["run", "spec.toml"]);
    let result: serde_json::Value =
        serde_json::from_slice(&folder.read("results/spec/result.json")).unwrap_or_default();
    assert_eq!(result["seed"], 7);
    assert_eq!(result["spec"]["text"], text);
    let resolved = &result["spec"]["resolved"];
    assert_eq!(resolved["pe"]["policy"], "S+A");
    // From the file beside the model, from the run file, and by default.
    assert_eq!(resolved["preprocessing"]["mean"], serde_json::json!([0.25]));
    assert_eq!(resolved["preprocessing"]["std"], serde_json::json!([2.0]));
    assert_eq!(resolved["preprocessing"]["layout"], "nchw");
    assert_eq!(resolved["quantization"]["divisor"], 256);
    assert_eq!(resolved["layers"]["first"], "fp32");
    for input in ["run", "model", "preprocessing", "images"] {
        let found = result["inputs"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|file| file["role"] == input);
        assert!(found, "{input}");
    }
}

#[test]
fn run_takes_a_model_as_it_takes_its_trace() {
    let folder = Folder::new();
    folder.good(&["run", "model-run.toml"]);
    folder.good(&["capture", "m.onnx", "--images", "x.npz", "--out", "t.safetensors"]);
    folder.good(&["run", "run.toml"]);
    assert_eq!(folder.layers("model-run"), folder.layers("run"));
    let exported = folder.good(&["export", "results/run", "--table", "layers", "--format", "csv"]);
    assert_eq!(exported.as_bytes(), folder.read("results/run/layers.csv"));
}
