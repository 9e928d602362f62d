//! Bad configuration files and arguments.

use super::{Case, case};
use crate::support::{ARRAY_1T, run};

const GEMM: [&str; 7] = [
    "gemm",
    "--array",
    "bad.toml",
    "--activations",
    "a.npy",
    "--weights",
    "w.npy",
];
const RUN: [&str; 2] = ["run", "bad.toml"];

fn array(text: &str, want: &'static [&'static str]) -> Case {
    case("bad.toml", text, &GEMM, want)
}

fn run_file(text: &str, want: &'static [&'static str]) -> Case {
    case("bad.toml", text, &RUN, want)
}

pub(crate) fn cases() -> Vec<Case> {
    let pe = "[array]\nrows = 4\ncols = 4\n[pe]\n";
    let mut huge = ARRAY_1T.as_bytes().to_vec();
    huge.resize(1 << 21, b'#');
    vec![
        array("rows = ", &["bad.toml:1", "not TOML"]),
        array("", &["bad.toml:1", "no [array] section"]),
        array("[array]\nrows = 4\nrows = 4\n", &["bad.toml:3", "duplicate key"]),
        array(
            "[array]\nrows = 0\ncols = 4\n[pe]\nkind = \"conventional\"",
            &["bad.toml:2", "from 1 to 1024"],
        ),
        array(
            "[array]\nrows = 1025\ncols = 4\n[pe]\nkind = \"conventional\"",
            &["bad.toml:2", "from 1 to 1024"],
        ),
        array(
            "[array]\nrows = 4.5\ncols = 4\n[pe]\nkind = \"conventional\"",
            &["bad.toml:2", "not a whole number"],
        ),
        array(
            "[array]\nrows = -4\ncols = 4\n[pe]\nkind = \"conventional\"",
            &["bad.toml:2", "from 1 to 1024"],
        ),
        array(
            "[array]\nrows = 99999999999999999999\ncols = 4\n[pe]\nkind = \"conventional\"",
            &["bad.toml:2"],
        ),
        array(
            "[array]\nrowz = 4\ncols = 4\n[pe]\nkind = \"conventional\"",
            &["bad.toml:2", "did you mean `rows`"],
        ),
        array(&format!("{pe}kind = \"smt-sa\""), &["bad.toml:5", "\"nb-smt\""]),
        array(
            &format!("{pe}kind = \"nb-smt\""),
            &["bad.toml:4", "`pe.threads` is missing", "1, 2, 4"],
        ),
        array(
            &format!("{pe}kind = \"nb-smt\"\nthreads = 3"),
            &["bad.toml:6", "1, 2, 4"],
        ),
        array(
            &format!("{pe}kind = \"nb-smt\"\nthreads = \"2\""),
            &["bad.toml:6", "a string, not a whole number"],
        ),
        array(
            &format!("{pe}kind = \"nb-smt\"\nthreads = 2\npolicy = \"A0\""),
            &["bad.toml:7", "\"S+A\""],
        ),
        array(
            &format!("{pe}kind = \"conventional\"\nthreads = 1"),
            &["bad.toml:6", "belongs to nb-smt"],
        ),
        array(
            &format!("{pe}kind = \"sparq\""),
            &["bad.toml:4", "`pe.window` is missing"],
        ),
        array(
            &format!("{pe}kind = \"sparq\"\nwindow = \"4opt\""),
            &["bad.toml:6", "\"5opt\""],
        ),
        array(
            &format!("{pe}kind = \"conventional\"\npipeline-depth = 17"),
            &["bad.toml:6", "from 1 to 16"],
        ),
        array(
            &format!("version = 2\n{ARRAY_1T}"),
            &["bad.toml:1", "version = 2"],
        ),
        case("bad.toml", b"# caf\xe9\n", &GEMM, &["bad.toml", "not UTF-8"]),
        case("bad.toml", huge, &GEMM, &["bad.toml", "larger than 1 MiB"]),
        case("bad.toml/x", "", &GEMM, &["bad.toml", "this is a directory"]),
        run_file("", &["bad.toml:1", "`array` is missing"]),
        run_file(
            "array = \"none.toml\"\n[workload]\ntrace = \"t.safetensors\"",
            &["bad.toml:1", "none.toml", "no such file"],
        ),
        run_file(
            "array = \"2t.toml\"\nbaseline = \"t.safetensors\"\n[workload]\ntrace = \"t.safetensors\"",
            &["bad.toml:2", "t.safetensors"],
        ),
        run_file("array = \"2t.toml\"", &["bad.toml:1", "no workload"]),
        run_file(&run("trace = \"none.safetensors\""), &["none.safetensors"]),
        run_file(
            &run("trace = \"t.safetensors\"\nmodel = \"m.onnx\""),
            &["bad.toml:4", "cannot be used with `workload.trace`"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[quantization]\ndivisor = 255"),
            &["bad.toml:4", "quantized already"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[layers]\ndepthwise-threads = 4"),
            &["bad.toml:5", "2 threads of the array"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[costs]\ntable = \"none.toml\""),
            &["none.toml"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[measure]\nmse = 1"),
            &["bad.toml:5", "true, false"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[measure]\npe-map = \"on\""),
            &["bad.toml:5", "true, false"],
        ),
        run_file(
            &run("model = \"m.onnx\"\nimages = \"x.npz\"\nn-images = 0"),
            &["bad.toml:5", "from 1"],
        ),
        run_file(
            &run("model = \"m.onnx\"\nimages = \"x.npz\"\n[preprocessing]\nstd = [0.5, 0]"),
            &["bad.toml:6", "other than 0"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\nprune = 1.5"),
            &["bad.toml:4", "prune = 1.5", "from 0 to below 1"],
        ),
        run_file(
            &run("model = \"m.onnx\"\nimages = \"x.npz\"\nprune = \"3:4\""),
            &["bad.toml:5", "\"3:4\"", "\"2:4\""],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\nprune = 0.5\nprune-scope = \"network\""),
            &["bad.toml:5", "\"layer\", \"global\""],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\nprune-scope = \"global\""),
            &["bad.toml:4", "needs `workload.prune`"],
        ),
        run_file(
            &run("model = \"m.onnx\"\nimages = \"x.npz\"\n[quantization]\npercentile = 99"),
            &["bad.toml:6", "range = \"mean-of-max\"", "take `percentile` out"],
        ),
        run_file(
            &run("model = \"m.onnx\"\nimages = \"x.npz\"\n[quantization]\nrange = \"percentil\""),
            &["bad.toml:6", "did you mean `percentile`"],
        ),
        run_file(
            &run("model = \"m.onnx\"\nimages = \"x.npz\"\n[quantization]\nweights = \"per-layer\""),
            &["bad.toml:6", "\"per-channel\", \"per-tensor\""],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[quantization]\nrange = \"max\""),
            &["bad.toml:4", "quantized already"],
        ),
        run_file(
            &run("trace = \"t.safetensors\"\n[plots]\nkind = 1"),
            &["bad.toml:4", "unknown key `plots`"],
        ),
        Case {
            files: vec![("results/run/kept", Vec::new())],
            args: vec!["run", "run.toml"],
            want: &["results/run", "not a results folder"],
        },
    ]
}

pub(crate) fn arguments() -> Vec<Case> {
    let arguments = |args: &[&'static str], want| Case {
        files: Vec::new(),
        args: args.to_vec(),
        want,
    };
    vec![
        arguments(&["run", "none.toml"], &["none.toml", "no such file"]),
        arguments(&["run", "run.toml", "--jobs", "0"], &["--jobs", "1..=1024"]),
        arguments(&["check", "run.toml", "--jobs", "0"], &["--jobs", "1..=1024"]),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--jobs", "0"],
            &["--jobs", "1..=1024"],
        ),
        arguments(
            &[
                "gemm",
                "--array",
                "2t.toml",
                "--activations",
                "a.npy",
                "--weights",
                "w.npy",
                "--jobs",
                "0",
            ],
            &["--jobs", "1..=1024"],
        ),
        arguments(&["run", "run.toml", "--engine", "fast"], &["--engine", "stepped"]),
        arguments(&["run"], &["RUN.toml"]),
        arguments(&["gem"], &["gemm"]),
        arguments(&["gemm", "--array", "2t.toml"], &["--activations"]),
        arguments(
            &[
                "gemm",
                "--array",
                "2t.toml",
                "--activations",
                "a.npy",
                "--weights",
                "w.npy",
                "--jobs=-1",
            ],
            &["--jobs"],
        ),
        arguments(
            &[
                "gemm",
                "--array",
                "2t.toml",
                "--activations",
                "a.npy",
                "--weights",
                "w.npy",
                "--out",
                "no/c.npy",
            ],
            &["no/c.npy", "no folder no; make it"],
        ),
        arguments(&["check"], &["RUN.toml"]),
        arguments(
            &["check", "run.toml", "--array", "2t.toml"],
            &["cannot be used with"],
        ),
        arguments(&["check", "--array", "2t.toml"], &["--activations"]),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--divisor", "257"],
            &["--divisor", "256"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--std", "0"],
            &["std = 0", "other than 0"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--prune", "1.5"],
            &["--prune", "`1.5` is not a way to prune", "0 ≤ P < 1"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--prune", "-0.5"],
            &["--prune", "`-0.5` is not a way to prune"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--prune", "3:4"],
            &["--prune", "`3:4` is not a way to prune", "2:4"],
        ),
        arguments(
            &[
                "capture",
                "m.onnx",
                "--images",
                "x.npz",
                "--prune-scope",
                "global",
            ],
            &["--prune <P|2:4>"],
        ),
        arguments(
            &[
                "capture",
                "m.onnx",
                "--images",
                "x.npz",
                "--prune",
                "2:4",
                "--prune-scope",
                "layer",
            ],
            &["--prune-scope", "remove --prune-scope"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--percentile", "99"],
            &["--percentile", "--range percentile"],
        ),
        arguments(
            &[
                "capture",
                "m.onnx",
                "--images",
                "x.npz",
                "--range",
                "percentile",
                "--percentile",
                "0",
            ],
            &["--percentile", "0 < p ≤ 100"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--range", "least"],
            &["--range", "least-squares"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--resize", "8x"],
            &["224x224"],
        ),
        arguments(
            &["capture", "m.onnx", "--images", "x.npz", "--n-images", "0"],
            &["--n-images"],
        ),
        arguments(
            &[
                "capture",
                "m.onnx",
                "--images",
                "x.npz",
                "--channels",
                "rgb",
                "--mean",
                "1,2",
            ],
            &["mean has 2 values"],
        ),
        arguments(
            &[
                "capture",
                "m.onnx",
                "--images",
                "x.npz",
                "--out",
                "no/t.safetensors",
            ],
            &["no/t.safetensors"],
        ),
        arguments(
            &["explain", "thread"],
            &["no configuration key `thread`", "did you mean `threads`"],
        ),
        arguments(&["explain", "--json-schema", "arrays"], &["array"]),
    ]
}
