//! Traces that somebody made by other means.

use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, trace};

fn result(folder: &Folder) -> Value {
    serde_json::from_slice(&folder.read("results/result.json")).unwrap_or_default()
}

/// `mine.safetensors` was written by the `safetensors` package of Python: one layer, without provenance.
#[test]
fn operands_of_another_quantizer_run() {
    let folder = Folder::new();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/hand-made-trace");
    for name in ["mine.safetensors", "array.toml", "run.toml"] {
        folder.write(name, std::fs::read(case.join(name)).unwrap());
    }
    let printed = folder.good(&["run", "run.toml", "--out", "results"]);
    assert!(printed.starts_with("# unknown network, 1 images\n"), "{printed}");
    let result = result(&folder);
    let layer = &result["layers"][0];
    assert_eq!(
        (layer["name"].as_str(), layer["images"].as_u64()),
        (Some("mine"), Some(1))
    );
    // 4×4 outputs of 5 channels; 4 channels of 3×3.
    assert_eq!(layer["shape"], serde_json::json!({"m": 16, "n": 5, "k": 36}));
    assert_eq!(layer["macs"], 16 * 5 * 36);
    let resolved = &result["spec"]["resolved"];
    for unknown in ["preprocessing", "quantization"] {
        assert!(resolved[unknown].is_null(), "{resolved}");
    }
    for unknown in ["first", "last", "layers"] {
        assert!(resolved["layers"][unknown].is_null(), "{resolved}");
    }
    folder.good(&["check", "run.toml"]);
    folder.good(&["plot", "results"]);
    folder.good(&["report", "results"]);
}

#[test]
fn all_that_a_trace_lacks_is_one_message() {
    let folder = Folder::new();
    let lacking = trace::with_header(&folder.read("t.safetensors"), |header| {
        let header = header.replacen("\\\"kind\\\":\\\"convolution\\\",", "", 1);
        header.replace("layers.1.weight_scale", "layers.1.weight-scale")
    });
    folder.write("t.safetensors", lacking);
    let ran = folder.sysmt(&["run", "run.toml"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: t.safetensors: the trace lacks `layers[0].kind`, tensor `layers.1.weight_scale`; add what docs/trace.md \
         asks for, or make the trace again with `sysmt capture`\n"
    );
}

/// The gate runs the script; the page shows it as it is.
#[test]
fn the_page_of_the_format_shows_the_script() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |name: &str| std::fs::read_to_string(repository.join(name)).unwrap();
    let (page, script) = (read("docs/trace.md"), read("examples/write_trace.py"));
    let code = script.find("import json").map(|start| script[start..].trim_end());
    assert!(code.is_some_and(|code| page.contains(code)));
}
