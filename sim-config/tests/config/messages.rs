//! What a user reads about a wrong file: place, reason and remedy.

use std::path::Path;

use sim_config::{array, explain, preprocessing, run};
use sim_toml::error::ConfigError;

#[track_caller]
pub(crate) fn show<T: std::fmt::Debug>(result: Result<T, Box<ConfigError>>) -> String {
    match result {
        Ok(spec) => panic!("accepted: {spec:?}"),
        Err(error) => std::iter::once(&*error)
            .chain(error.others())
            .map(|error| format!("{error}\n  help: {}", error.remedy()))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn array(text: &str) -> String {
    show(array::parse(Path::new("a.toml"), text))
}

fn run(text: &str) -> String {
    show(run::parse(Path::new("r.toml"), text))
}

const ARRAY: &str = "[array]\nrows = 4\ncols = 4\n";
const INLINE: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 2\n";

#[test]
fn misspelled_keys_and_values_name_what_was_meant() {
    insta::assert_snapshot!(array("[array]\nrowz = 4\ncols = 0\n[pe]\nkind = \"nb-smt\"\nthreads = 3\npolicy = \"s+a\"\n"), @r#"
    a.toml:1: `array.rows` is missing
      help: allowed values: whole numbers from 1 to 1024
    a.toml:2: unknown key `rowz` in [array]
      help: did you mean `rows`? allowed here: rows, cols, dataflow, clock-mhz, tiles, batch
    a.toml:3: array.cols = 0 is not allowed
      help: allowed values: whole numbers from 1 to 1024
    a.toml:6: pe.threads = 3 is not allowed
      help: allowed values: 1, 2, 4
    a.toml:7: pe.policy = "s+a" is not allowed
      help: did you mean `S+A`? allowed values: "S", "A", "W", "Aw", "aW", "S+A", "S+W", "S+Aw", "S+aW"
    "#);
    insta::assert_snapshot!(array("rows = 4\n[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"smt-sa\"\nthreads = 3\n"), @r#"
    a.toml:1: unknown key `rows`
      help: `rows` belongs in [array]; allowed here: version, array, pe
    a.toml:6: pe.kind = "smt-sa" is not allowed
      help: allowed values: "conventional", "nb-smt", "sparq", "sparq-stc"
    "#);
}

#[test]
fn keys_of_another_kind_name_their_own() {
    let pe = |keys: &str| array(&format!("{ARRAY}[pe]\n{keys}"));
    insta::assert_snapshot!(pe("kind = \"conventional\"\nthreads = 2\nrounding = \"floor\""), @r#"
    a.toml:6: a PE of kind "conventional" has no key `threads`
      help: `threads` belongs to nb-smt: take the line out or change `kind`
    a.toml:7: a PE of kind "conventional" has no key `rounding`
      help: `rounding` belongs to nb-smt, sparq, sparq-stc: take the line out or change `kind`
    "#);
    insta::assert_snapshot!(pe("kind = \"nb-smt\"\nthreads = 2\nwindow = \"5opt\""), @r#"
    a.toml:7: a PE of kind "nb-smt" has no key `window`
      help: `window` belongs to sparq, sparq-stc: take the line out or change `kind`
    "#);
    insta::assert_snapshot!(pe("kind = \"sparq\"\noverflow = \"extend\"\nrounding = \"floor\""), @r#"
    a.toml:4: `pe.window` is missing
      help: allowed values: "5opt", "3opt", "2opt", "6opt", "7opt"
    a.toml:6: a PE of kind "sparq" has no key `overflow`
      help: `overflow` belongs to nb-smt: take the line out or change `kind`
    a.toml:7: pe.rounding = "floor" is not allowed
      help: allowed values: "round", "trim"
    "#);
}

#[test]
fn missing_sections_and_keys() {
    insta::assert_snapshot!(array(""), @r#"
    a.toml:1: there is no [array] section
      help: an array needs [array] with `rows` and `cols`, and [pe] with `kind`: add [array]
    a.toml:1: there is no [pe] section
      help: an array needs [array] with `rows` and `cols`, and [pe] with `kind`: add [pe]
    "#);
    insta::assert_snapshot!(array("array = 3\n[pe]\nkind = 4\n"), @r#"
    a.toml:1: `array` is an integer, not a table
      help: write [array] on a line of its own and its keys below
    a.toml:3: `pe.kind` is an integer, not a string
      help: allowed values: "conventional", "nb-smt", "sparq", "sparq-stc"
    "#);
    insta::assert_snapshot!(run("version = 2\n"), @r#"
    r.toml:1: `array` is missing
      help: allowed values: the path of an array file, or the tables [array] and [pe] in this file
    r.toml:1: the run has no workload
      help: name a `trace`, or a `model` and its `images`
    r.toml:1: version = 2 is not allowed
      help: allowed values: 1
    "#);
    insta::assert_snapshot!(run(&format!("{INLINE}[workload]\nmodel = \"x\"\n")), @r#"
    r.toml:7: `workload.images` is missing
      help: name a `trace`, or a `model` and its `images`
    "#);
}

#[test]
fn keys_that_exclude_each_other() {
    insta::assert_snapshot!(run(&format!("{INLINE}[workload]\ntrace = \"t\"\nn-images = 3\n[layers]\nfirst = \"fp32\"\ndepthwise-threads = 4\n[quantization]\nbias = \"int8\"\n")), @r#"
    r.toml:9: `workload.n-images` cannot be used with `workload.trace`: a trace holds its own images
      help: take `n-images` out, or name a `model` instead of a `trace`
    r.toml:11: `layers.first` cannot be used with `workload.trace`: a trace holds its layers
      help: take `first` out, or name a `model` instead of a `trace`
    r.toml:12: layers.depthwise-threads = 4 is more than the 2 threads of the array
      help: a layer may run with fewer threads than the array has, not with more
    r.toml:13: [quantization] cannot be used with `workload.trace`: a trace is quantized already
      help: take the section out, or name a `model` instead of a `trace`
    "#);
    insta::assert_snapshot!(run("array = \"nowhere.toml\"\n[pe]\nkind = \"sparq\"\n[workload]\ntrace = \"t\"\n"), @r#"
    r.toml:1: nowhere.toml: there is no such file
      help: paths are relative to this file, or absolute
    r.toml:2: [pe] cannot be used with `array`, which names a file that has its own
      help: take [pe] out, or write [array] and [pe] in this file
    "#);
    insta::assert_snapshot!(run("[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"conventional\"\n[workload]\nmodel = \"m\"\nimages = \"i\"\nn-calibration = 3\n[layers]\ndepthwise-threads = 1\n"), @r#"
    r.toml:9: `workload.n-calibration` needs `workload.calibration`
      help: add `calibration`; without it the images calibrate themselves, and `n-images` limits them
    r.toml:11: an array of kind "conventional" has no threads to choose
      help: take `depthwise-threads` out, or name an nb-smt array
    "#);
}

#[test]
fn pruning_and_quantization_that_do_not_fit() {
    let workload = |keys: &str| run(&format!("{INLINE}[workload]\n{keys}\n"));
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = 1.5\nprune-scope = \"all\""), @r#"
    r.toml:9: workload.prune = 1.5 is not allowed
      help: allowed values: a fraction from 0 to below 1, with at most six decimals, such as 0.4; or "2:4"
    r.toml:10: workload.prune-scope = "all" is not allowed
      help: allowed values: "layer", "global"
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = \"3:4\"\n"), @r#"
    r.toml:9: workload.prune = "3:4" is not allowed
      help: allowed values: a fraction from 0 to below 1, with at most six decimals, such as 0.4; or "2:4"
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = \"0.4\"\n"), @r#"
    r.toml:9: workload.prune = "0.4" is not allowed
      help: a fraction has no quotes; allowed values: a fraction from 0 to below 1, with at most six decimals, such as 0.4; or "2:4"
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = true\n"), @r#"
    r.toml:9: `workload.prune` is a boolean, not a fraction or "2:4"
      help: allowed values: a fraction from 0 to below 1, with at most six decimals, such as 0.4; or "2:4"
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = -0.25\n"), @r#"
    r.toml:9: workload.prune = -0.25 is not allowed
      help: allowed values: a fraction from 0 to below 1, with at most six decimals, such as 0.4; or "2:4"
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = 0.1234567\n"), @r#"
    r.toml:9: workload.prune = 0.1234567 is not allowed
      help: allowed values: a fraction from 0 to below 1, with at most six decimals, such as 0.4; or "2:4"
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune-scope = \"global\"\n"), @r#"
    r.toml:9: `workload.prune-scope` needs `workload.prune`
      help: add `prune`, or take `prune-scope` out
    "#);
    insta::assert_snapshot!(workload("trace = \"t\"\nprune = \"2:4\"\nprune-scope = \"layer\"\n"), @r#"
    r.toml:10: `workload.prune-scope` cannot be used with `prune = "2:4"`, which looks at four weights at a time
      help: take `prune-scope` out, or prune a fraction
    "#);
    let quantization =
        |keys: &str| workload(&format!("model = \"m\"\nimages = \"i\"\n[quantization]\n{keys}"));
    insta::assert_snapshot!(quantization("percentile = 99.9"), @r#"
    r.toml:11: `quantization.percentile` cannot be used with `range = "mean-of-max"`, which takes no percentile
      help: write `range = "percentile"`, or take `percentile` out
    "#);
    insta::assert_snapshot!(quantization("range = \"max\"\npercentile = 99.9"), @r#"
    r.toml:12: `quantization.percentile` cannot be used with `range = "max"`, which takes no percentile
      help: write `range = "percentile"`, or take `percentile` out
    "#);
    insta::assert_snapshot!(quantization("range = \"percentile\"\npercentile = 0"), @r#"
    r.toml:12: quantization.percentile = 0 is not allowed
      help: allowed values: a number above 0 and at most 100, with at most six decimals, such as 99.9
    "#);
    insta::assert_snapshot!(quantization("range = \"percentile\"\npercentile = 100.5"), @r#"
    r.toml:12: quantization.percentile = 100.5 is not allowed
      help: allowed values: a number above 0 and at most 100, with at most six decimals, such as 99.9
    "#);
    insta::assert_snapshot!(quantization("range = \"mean-of-maxx\"\nweights = \"per-chanel\""), @r#"
    r.toml:11: quantization.range = "mean-of-maxx" is not allowed
      help: did you mean `mean-of-max`? allowed values: "mean-of-max", "max", "percentile", "least-squares"
    r.toml:12: quantization.weights = "per-chanel" is not allowed
      help: did you mean `per-channel`? allowed values: "per-channel", "per-tensor"
    "#);
}

#[test]
fn text_that_is_no_toml() {
    insta::assert_snapshot!(array("[array]\nrows = \n"), @r#"
    a.toml:2: this is not TOML: string values must be quoted, expected literal string
      help: write `key = value` lines under [section] headers; strings need quotes
    "#);
    insta::assert_snapshot!(array("[array]\nrows = 4\nrows = 5\n"), @r#"
    a.toml:3: this is not TOML: duplicate key
      help: write `key = value` lines under [section] headers; strings need quotes
    "#);
}

#[test]
fn preprocessing_that_does_not_fit() {
    let model = |text: &str| show(preprocessing::parse(Path::new("m.toml"), text));
    insta::assert_snapshot!(model("channels = \"gray\"\nmean = [0.1, 0.2]\nstd = 0\n"), @r#"
    m.toml:2: preprocessing.mean has 2 values, channels = "gray" needs 1
      help: give one value for all channels, or one per channel of the network's input
    m.toml:3: preprocessing.std = 0 is not allowed
      help: allowed values: a finite number other than 0, or an array of one per channel
    "#);
    insta::assert_snapshot!(model("channels = \"gray\"\nmean = [0.1, 0.2]\n"), @r#"
    m.toml:2: preprocessing.mean has 2 values, channels = "gray" needs 1
      help: give one value for all channels, or one per channel of the network's input
    "#);
    insta::assert_snapshot!(model("scale = nan\nresize = [3]\nlayout = \"NCHW\"\n"), @r#"
    m.toml:1: preprocessing.scale = nan is not allowed
      help: allowed values: a finite number other than 0
    m.toml:2: preprocessing.resize = an array of 1 is not allowed
      help: allowed values: [rows, columns] or one number, each from 1 to 16384
    m.toml:3: preprocessing.layout = "NCHW" is not allowed
      help: did you mean `nchw`? allowed values: "nchw", "nhwc"
    "#);
    insta::assert_snapshot!(model("mean = [1, 2, 3]\nstd = [1, 2]\n"), @r#"
    m.toml:2: preprocessing.mean has 3 values and preprocessing.std has 2: one each, or one per channel
      help: give one value for all channels, or one per channel of the network's input
    "#);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let check = |name: &str, bytes: &[u8], want: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
        let message = show(array::load(&path));
        assert!(message.contains(want) && message.contains(name), "{message}");
    };
    check(
        "latin.toml",
        b"# caf\xe9\n",
        "latin.toml:1: byte 0xe9 is not UTF-8",
    );
    check("huge.toml", &vec![b'#'; (1 << 20) + 1], "larger than 1 MiB");
    let missing = show(array::load(&folder.path().join("no.toml")));
    assert!(missing.contains("there is no such file"), "{missing}");
    let directory = show(array::load(folder.path()));
    assert!(directory.contains("this is a directory"), "{directory}");
}

#[test]
fn explanations() {
    insta::assert_snapshot!(explain::one("pe.threads").unwrap_or_default(), @r#"
    pe.threads
      Threads that share the multiplier of a PE.
      values   1, 2, 4
      default  none, it is required
      unit     threads
      kinds    nb-smt
    "#);
    insta::assert_snapshot!(explain::one("rounding").unwrap_or_default(), @r#"
    pe.rounding
      How a reduced operand is rounded to a multiple of 16.
      values   "half-even", "floor"
      default  "half-even"
      unit     none
      kinds    nb-smt

    pe.rounding
      What happens to the bits below the window.
      values   "round", "trim"
      default  "round"
      unit     none
      kinds    sparq, sparq-stc
    "#);
    insta::assert_snapshot!(explain::one("polici").err().map(|e| e.to_string()).unwrap_or_default(), @"there is no configuration key `polici`: did you mean `policy`?");
    let all = explain::all();
    for key in sim_config::keys::ALL {
        assert!(
            all.contains(&key.path()) && all.contains(key.meaning),
            "{}",
            key.path()
        );
    }
}
