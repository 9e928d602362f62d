//! Evaluations of arrays whose layers differ, as run files say it.

use serde_json::{Value, json};

use crate::eval::{MODEL, images};
use crate::support::{ARRAY_2T, Folder};

const IMAGES: &str = "plain-images-idx3-ubyte";
const METHODS: &str =
    "[layers]\nreorder = \"weights\"\n[[layer]]\nname = \"/block1/conv1/Conv\"\nthreads = 1\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write(IMAGES, images(3));
    folder.write("mixed.toml", format!("array = \"2t.toml\"\n{METHODS}"));
    folder
}

fn args<'a>(array: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["eval", MODEL, "--images", IMAGES, "--array", array], more].concat()
}

fn object(folder: &Folder, array: &str, more: &[&str]) -> Value {
    let more = [&["--json"], more].concat();
    serde_json::from_str(&folder.good(&args(array, &more))).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_run_file_brings_its_array_and_its_methods() {
    let folder = folder();
    let throttle = ["--reorder", "weights", "--throttle", "/block1/conv1/Conv=1"];
    let want = object(&folder, "2t.toml", &throttle);
    let found = object(&folder, "mixed.toml", &[]);
    for key in ["array", "layers", "cycles", "baseline_cycles", "output_error"] {
        assert_eq!(found[key], want[key], "{key}");
    }
    assert_eq!(
        (&found["name"], &found["layers"][0]["threads"]),
        (&json!("mixed"), &json!(1))
    );
    assert_eq!(found["spec"]["reorder"], "weights");
    let files = |object: &Value| -> Vec<Value> {
        let inputs = object["inputs"].as_array().cloned().unwrap_or_default();
        inputs.iter().map(|input| input["name"].clone()).collect()
    };
    assert!(
        files(&found).ends_with(&[json!("mixed.toml"), json!("2t.toml")]),
        "{found}"
    );

    // Beside another array, where the array file is named twice and hashed once.
    let both = object(&folder, "2t.toml", &["--compare", "mixed.toml"]);
    assert_eq!(both["compared"][0]["layers"], found["layers"]);
    assert_ne!(both["layers"], found["layers"]);
    assert!(
        files(&both).ends_with(&[json!("2t.toml"), json!("mixed.toml")]),
        "{both}"
    );
    let designs = json!([
        {"name": "2t", "file": "2t.toml", "reorder": "off", "depthwise-threads": null, "layer": []},
        {
            "name": "mixed", "file": "mixed.toml", "reorder": "weights", "depthwise-threads": null,
            "layer": [{"name": "/block1/conv1/Conv", "threads": 1}],
        },
    ]);
    assert_eq!(both["spec"]["designs"], designs);
}

#[test]
fn all_of_a_run_file_but_its_workload_counts() {
    let folder = folder();
    let found = object(&folder, "mixed.toml", &[]);
    let inline = format!("{ARRAY_2T}[workload]\ntrace = \"nowhere\"\n{METHODS}");
    folder.write("inline.toml", inline);
    assert_eq!(object(&folder, "inline.toml", &[])["layers"], found["layers"]);
    folder.write(
        "other.toml",
        "array = \"2t.toml\"\nbaseline = \"2t.toml\"\n[layers]\ndepthwise-threads = 1\n[[layer]]\n\
         name = \"/block1/conv1/Conv\"\npolicy = \"S\"\n",
    );
    let other = object(&folder, "other.toml", &[]);
    assert_eq!(
        (&other["speedup"], &other["layers"][0]["policy"]),
        (&json!(1.0), &json!("S"))
    );
    assert_eq!(other["spec"]["designs"][0]["depthwise-threads"], 1);
}

#[test]
fn arguments_go_on_top_of_a_run_file() {
    let folder = folder();
    let throttle = ["--reorder", "off", "--throttle", "/block3/conv2/Conv=1"];
    let found = object(&folder, "mixed.toml", &throttle);
    for layer in 0..8 {
        let threads = if layer == 0 || layer == 6 { 1 } else { 2 };
        assert_eq!(found["layers"][layer]["threads"], threads, "{layer}");
    }
    assert_eq!(found["spec"]["reorder"], "off");
}

#[test]
fn designs_that_contradict_themselves_are_the_users_mistake() {
    #[track_caller]
    fn check(args: &[&str], want: &[&str]) {
        let folder = folder();
        folder.write("other/2t.toml", ARRAY_2T);
        folder.write(
            "unknown.toml",
            "array = \"2t.toml\"\n[[layer]]\nname = \"/block1/conv1/Con\"\nthreads = 1\n",
        );
        let ran = folder.sysmt(args);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{args:?}: {}",
            ran.stderr
        );
        for part in want {
            assert!(ran.stderr.contains(part), "{args:?}: {}", ran.stderr);
        }
    }
    check(
        &args("mixed.toml", &["--throttle", "/block1/conv1/Conv=2"]),
        &[
            "mixed.toml: a [[layer]] is called `/block1/conv1/Conv`",
            "in one place",
        ],
    );
    check(
        &args("2t.toml", &["--compare", "unknown.toml"]),
        &["unknown.toml:3", "did you mean `/block1/conv1/Conv`"],
    );
    check(
        &args("2t.toml", &["--compare", "other/2t.toml"]),
        &["other/2t.toml", "the name `2t` too; rename"],
    );
    // An array that cannot be reordered, beside one that can.
    check(
        &args("2t.toml", &["--compare", "1t.toml", "--reorder", "oracle"]),
        &["1t.toml", "does not split K"],
    );
}
