//! Sweep files: their points, and what a user reads about a wrong one.

use std::path::Path;

use sim_config::run::Workload;
use sim_config::sweep::{AxisValue, Combination, Randomness, SweepSpec, SweepTexts, Throttling};
use sim_toml::error::ConfigError;

/// The message of everything that is wrong, with the sweep's folder taken out.
fn show(error: &ConfigError, folder: &Path) -> String {
    let messages: Vec<String> = std::iter::once(error)
        .chain(error.others())
        .map(|error| format!("{error}\n  help: {}", error.remedy()))
        .collect();
    messages.join("\n").replace(&format!("{}/", folder.display()), "")
}

const BASE: &str = "version = 1\narray = \"array.toml\"\n[workload]\ntrace = \"t.safetensors\"\n";
const ARRAY: &str = "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"nb-smt\"\nthreads = 2\npolicy = \"S+A\"\n";

/// Run `check` on a sweep file in a folder with a base.
fn with_sweep<T>(
    base: &str,
    sweep: &str,
    check: impl FnOnce(Result<SweepSpec<'_>, Box<ConfigError>>, &Path) -> T,
) -> T {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    write("array.toml", ARRAY);
    write("run.toml", base);
    write("s.toml", sweep);
    let texts = SweepTexts::read(&folder.path().join("s.toml")).expect("reads");
    check(texts.spec(), folder.path())
}

/// What is wrong with a sweep, or with its first combination that is.
#[track_caller]
fn wrong_with(base: &str, rest: &str) -> String {
    with_sweep(base, &format!("base = \"run.toml\"\n{rest}"), |spec, folder| {
        let spec = match spec {
            Ok(spec) => spec,
            Err(error) => return show(&error, folder),
        };
        let n = spec.n_combinations().expect("few");
        let error = (0..n).find_map(|index| spec.combination(index).err());
        show(&error.expect("something is wrong"), folder)
    })
}

#[track_caller]
fn wrong(rest: &str) -> String {
    wrong_with(BASE, rest)
}

/// Every point as `value value …`.
#[track_caller]
fn points(base: &str, rest: &str) -> Vec<String> {
    with_sweep(base, &format!("base = \"run.toml\"\n{rest}"), |spec, folder| {
        let spec = spec.unwrap_or_else(|error| panic!("{}", show(&error, folder)));
        let n = spec.n_combinations().expect("few");
        (0..n)
            .filter_map(|index| match spec.combination(index) {
                Ok(Combination::Point(point)) => {
                    let values = spec.values(index, Randomness::of(&point.run));
                    let values: Vec<String> = values.iter().map(AxisValue::to_string).collect();
                    Some(values.join(" "))
                }
                Ok(Combination::Excluded | Combination::Repeated) => None,
                Err(error) => panic!("{}", show(&error, folder)),
            })
            .collect()
    })
}

#[test]
fn axes_multiply_zipped_ones_do_not_and_exclusions_are_left_out() {
    assert_eq!(
        points(
            BASE,
            "[axes]\n\"pe.threads\" = [1, 2]\n\"array.rows,array.cols\" = [[8, 4], [16, 2]]\n\"pe.policy\" = [\"S\", \"A\"]\n\
             [[exclude]]\n\"pe.threads\" = 1\n\"pe.policy\" = [\"S\"]\n[[exclude]]\n\"array.rows\" = 16\n\"pe.threads\" = 2\n"
        ),
        ["1 8 4 A", "1 16 2 A", "2 8 4 S", "2 8 4 A"]
    );
}

#[test]
fn seeds_are_points_only_where_something_is_random() {
    assert_eq!(
        points(
            BASE,
            "seeds = [7, 8]\n[axes]\n\"workload.activation-zeros\" = { from = 0.0, to = 0.9, steps = 4 }\n"
        ),
        ["0 –", "0.3 7", "0.3 8", "0.6 7", "0.6 8", "0.9 7", "0.9 8"]
    );
    assert_eq!(
        points(
            BASE,
            "[axes]\n\"array.rows\" = { from = 4, to = 10, steps = 3 }\n"
        ),
        ["4", "7", "10"]
    );
}

#[test]
fn several_tables_of_axes_follow_one_another() {
    assert_eq!(
        points(
            BASE,
            "[[axes]]\n\"pe.kind\" = \"conventional\"\n[[axes]]\n\"array.rows\" = { from = 4, to = 8, steps = 2 }\n\
             \"pe.kind\" = \"nb-smt\"\n\"pe.threads\" = [1, 2]\n[[exclude]]\n\"pe.threads\" = 1\n\"array.rows\" = 8\n"
        ),
        ["conventional – –", "nb-smt 4 1", "nb-smt 4 2", "nb-smt 8 2"]
    );
}

const MODEL: &str =
    "array = \"array.toml\"\n[workload]\nmodel = \"m.onnx\"\nimages = \"x.npz\"\ncalibration = \"y.npz\"\n";

#[test]
fn methods_are_axes_and_images_can_be_limited() {
    let sweep = "base = \"run.toml\"\n[axes]\n\"workload.n-calibration\" = [4, 400]\nrecalibrate-bn = [\"off\", \"momentum\"]\n\
        throttle = \"curve\"\n[measure]\naccuracy = { images = 100 }\nfeatures = true\n";
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("array.toml", ARRAY), ("run.toml", MODEL), ("s.toml", sweep)] {
        std::fs::write(folder.path().join(name), text).expect("writes");
    }
    let texts = SweepTexts::read(&folder.path().join("s.toml")).expect("reads");
    let texts = texts.limited(8);
    let spec = texts.spec().expect("a sweep");
    let accuracy = spec.accuracy().expect("answers");
    assert_eq!(
        (accuracy.images, accuracy.features, accuracy.operands),
        (8, true, false)
    );
    let points = [0, 1, 2].map(|index| match spec.combination(index) {
        Ok(Combination::Point(point)) => {
            let Workload::Model(model) = &point.run.workload else {
                panic!("no model");
            };
            assert_eq!(point.methods.throttling, Throttling::Curve);
            (
                model.n_calibration,
                point.methods.recalibration.map(|mode| mode.name()),
            )
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(
        points,
        [(Some(4), None), (Some(4), Some("momentum")), (Some(8), None)]
    );
}

#[test]
fn methods_need_answers_and_what_they_act_on() {
    insta::assert_snapshot!(wrong("[axes]\nrecalibrate-bn = [\"twice\"]\n"), @r#"
    s.toml:3: recalibrate-bn = twice is not allowed
      help: allowed values: "off", "exact", "momentum"
    "#);
    insta::assert_snapshot!(wrong("[axes]\nrecalibrate-bn = [\"exact\"]\n"), @r"
    s.toml:2: at recalibrate-bn = exact: `recalibrate-bn` acts on answers, and nothing asks for any
      help: add [measure] accuracy = { images = N }; or leave the combination out with [[exclude]]
    ");
    insta::assert_snapshot!(wrong_with(MODEL, "[axes]\n\"pe.kind\" = [\"conventional\"]\nthrottle = \"curve\"\n[measure]\naccuracy = { images = 10 }\n"), @r#"
    s.toml:2: at pe.kind = conventional, throttle = curve: an array of kind "conventional" has no threads to throttle
      help: take `throttle` out, or name an nb-smt array; or leave the combination out with [[exclude]]
    "#);
    insta::assert_snapshot!(wrong("[axes]\n\"pe.threads\" = 1\n[measure]\noperands = true\n"), @r"
    s.toml:5: `measure.operands` needs `measure.accuracy`
      help: add accuracy = { images = N }, or take it out
    ");
}

#[test]
fn a_kind_leaves_out_what_the_base_says_about_another() {
    assert_eq!(
        points(BASE, "[axes]\n\"pe.kind\" = [\"conventional\", \"nb-smt\"]\n"),
        ["conventional", "nb-smt"]
    );
    assert_eq!(
        points(
            BASE,
            "[axes]\narray = [\"array.toml\"]\n\"workload.prune\" = [0.25, \"2:4\"]\n"
        ),
        ["array.toml 0.25", "array.toml 2:4"]
    );
}

#[test]
fn a_baseline_that_is_the_default_follows_the_array() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    write("array.toml", ARRAY);
    write(
        "default.toml",
        "[array]\nrows = 4\ncols = 4\n[pe]\nkind = \"conventional\"\n",
    );
    write(
        "other.toml",
        "[array]\nrows = 9\ncols = 9\n[pe]\nkind = \"conventional\"\n",
    );
    write("s.toml", "base = \"run.toml\"\n[axes]\n\"array.rows\" = [4, 8]\n");
    for (baseline, want) in [("default", [4, 8]), ("other", [9, 9])] {
        write("run.toml", &format!("baseline = \"{baseline}.toml\"\n{BASE}"));
        let texts = SweepTexts::read(&folder.path().join("s.toml")).expect("reads");
        let spec = texts.spec().expect("a sweep");
        let rows = [0, 1].map(|index| match spec.combination(index) {
            Ok(Combination::Point(point)) => point.run.design.baseline.rows(),
            other => panic!("{other:?}"),
        });
        assert_eq!(rows, want, "{baseline}");
    }
}

#[test]
fn paths_are_relative_to_the_file_that_holds_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        std::fs::write(path, text).expect("writes");
    };
    write("arrays/array.toml", ARRAY);
    write(
        "runs/run.toml",
        "array = \"../arrays/array.toml\"\n[workload]\ntrace = \"base.safetensors\"\n",
    );
    write(
        "sweeps/s.toml",
        "base = \"../runs/run.toml\"\n[axes]\n\"workload.trace\" = [\"axis.safetensors\"]\n\"costs.table\" = [\"t.toml\"]\n",
    );
    let texts = SweepTexts::read(&folder.path().join("sweeps/s.toml")).expect("reads");
    let spec = texts.spec().expect("a sweep");
    let Ok(Combination::Point(point)) = spec.combination(0) else {
        panic!("no point");
    };
    let run = &point.run;
    let sim_config::run::Workload::Trace(trace) = &run.workload else {
        panic!("no trace");
    };
    assert_eq!(trace, &folder.path().join("sweeps/axis.safetensors"));
    assert_eq!(
        run.cost_table.as_deref(),
        Some(&*folder.path().join("sweeps/t.toml"))
    );
}

#[test]
fn mistakes_of_axes_name_their_line() {
    insta::assert_snapshot!(wrong("[axes]\n\"pe.thread\" = [1]\nthreads = [2]\nseed = [1]\n\"layer.threads\" = [1]\n\"pe.policy\" = []\n"), @r#"
    s.toml:3: `pe.thread` is not a key of a run file
      help: did you mean `pe.threads`?
    s.toml:4: `threads` is not a key of a run file
      help: did you mean `pe.threads`?
    s.toml:5: `seed` is not an axis
      help: seeds have a list of their own: seeds = [1, 2, 3]
    s.toml:6: `layer.threads` is not an axis
      help: [[layer]] tables belong to the base; make a base for each set of them
    s.toml:7: `pe.policy` has no values
      help: list at least one, or take the axis out
    "#);
    insta::assert_snapshot!(wrong("[axes]\n\"pe.threads\" = [1, 3]\n\"pe.policy\" = [\"S+B\"]\n"), @r#"
    s.toml:4: pe.policy = "S+B" is not allowed
      help: did you mean `S+A` or `S+W`? allowed values: "S", "A", "W", "Aw", "aW", "S+A", "S+W", "S+Aw", "S+aW"
    "#);
    insta::assert_snapshot!(wrong("[axes]\n\"pe.threads\" = [1, 3]\n"), @r"
    s.toml:3: pe.threads = 3 is not allowed
      help: allowed values: 1, 2, 4
    ");
    insta::assert_snapshot!(wrong("[axes]\n\"array.rows,array.cols\" = [[8, 8], 4]\n\"pe.threads,pe.threads\" = [[1, 1]]\n\"array.rows\" = 3\n"), @r"
    s.toml:3: this is an integer, and the axis has 2 keys
      help: list arrays of 2 values, one for each key
    s.toml:4: `pe.threads` is twice in `pe.threads,pe.threads`
      help: leave one of the two
    s.toml:5: `array.rows` is on two axes
      help: leave it on one of them
    ");
    insta::assert_snapshot!(wrong("[axes]\n\"workload.prune\" = { from = 0.0, to = 0.9 }\n\"array.rows\" = { from = 1, to = 8, steps = 3 }\n\"array.cols\" = { from = 1, to = 8.0, steps = 1 }\n"), @r"
    s.toml:3: the range has not just `from`, `to` and `steps`
      help: write { from = 0.0, to = 0.9, steps = 10 } with at least two steps; whole numbers stay whole
    s.toml:4: the range does not divide into whole numbers
      help: write { from = 0.0, to = 0.9, steps = 10 } with at least two steps; whole numbers stay whole
    s.toml:5: the range has no number of steps from 2 to a million
      help: write { from = 0.0, to = 0.9, steps = 10 } with at least two steps; whole numbers stay whole
    ");
}

#[test]
fn mistakes_of_combinations_name_the_combination() {
    insta::assert_snapshot!(wrong_with(&BASE.replace("array.toml", "stc.toml").replace("array = \"stc.toml\"", "array = \"array.toml\"\n[layers]\nreorder = \"oracle\""), "[axes]\n\"pe.kind\" = [\"nb-smt\", \"conventional\"]\n"), @r#"
    s.toml:2: at pe.kind = conventional: an array of kind "conventional" does not split K among threads: there is nothing to reorder
      help: take `reorder` out, or name an nb-smt array; or leave the combination out with [[exclude]]
    "#);
    insta::assert_snapshot!(wrong("[axes]\n\"pe.threads\" = [2]\n[measure]\naccuracy = { images = 10 }\n"), @r"
    s.toml:2: at pe.threads = 2: `measure.accuracy` needs a network, and the workload is a trace
      help: name `model` and `images` in the base, or take `accuracy` out; or leave the combination out with [[exclude]]
    ");
    let model = "array = \"array.toml\"\n[workload]\nmodel = \"m.onnx\"\nimages = \"x.npz\"\n";
    insta::assert_snapshot!(wrong_with(model, "[axes]\n\"workload.activation-zeros\" = [0.5]\n[measure]\naccuracy = { images = 10 }\n"), @r"
    s.toml:2: at workload.activation-zeros = 0.5: `measure.accuracy` cannot be used with `workload.activation-zeros`: no image gave those zeros, so answers mean nothing
      help: take one of the two out; or leave the combination out with [[exclude]]
    ");
}

#[test]
fn mistakes_elsewhere_name_their_line() {
    insta::assert_snapshot!(wrong("seeds = [1, 1]\naxis = 3\n[axes]\n\"pe.threads\" = [1, 2]\n[[exclude]]\n\"pe.thread\" = 1\n[[exclude]]\n\"pe.threads\" = 4\n[[exclude]]\n[measure]\naccuracy = { image = 3 }\nmse = true\n"), @r"
    s.toml:2: seeds = 1 twice is not allowed
      help: allowed values: a list of whole numbers from 0 to 9223372036854775807, none of them twice
    s.toml:3: unknown key `axis`
      help: did you mean `axes`? allowed here: version, base, seeds, axes, measure, exclude, figure
    s.toml:7: `pe.thread` is on no axis
      help: did you mean `pe.threads`?
    s.toml:9: `pe.threads` is never 4
      help: name values that the axis has, as it has them
    s.toml:10: an [[exclude]] names no axis
      help: write keys of axes below it, with the values to leave out
    s.toml:12: measure.accuracy = a table without just `images` is not allowed
      help: allowed values: { images = N } with N from 1 to 1000000000
    s.toml:13: unknown key `mse` in [measure]
      help: allowed here: accuracy, features, operands
    ");
    insta::assert_snapshot!(wrong(""), @r#"
    s.toml:1: the sweep has no axes
      help: add [axes] and below it keys of a run file, such as "pe.threads" = [1, 2, 4]
    "#);
    insta::assert_snapshot!(wrong_with("array = \"array.toml\"\n[workload]\ntrace = 3\n", "[axes]\n\"pe.threads\" = [1, 2]\n"), @r#"
    run.toml:3: `workload.trace` is an integer, not a path in quotes
      help: allowed values: a path, absolute or relative to this file
    "#);
}

#[test]
fn every_sweep_file_is_valid() {
    assert!(5 <= all_valid("sweeps") && 6 <= all_valid("studies"));
}

/// Reads all sweep files of a folder of configurations; gives how many there are.
#[track_caller]
fn all_valid(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../configs")
        .join(folder);
    let mut n_sweeps = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let texts = SweepTexts::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let spec = texts.spec().unwrap_or_else(|error| panic!("{error}"));
        for index in 0..spec.n_combinations().expect("few") {
            if let Err(error) = spec.combination(index) {
                panic!("{error}");
            }
        }
        n_sweeps += 1;
    }
    n_sweeps
}

#[test]
fn keys_of_a_prediction_are_axes_and_exclude_one_another() {
    let base = "array = \"array.toml\"\n[workload]\nmodel = \"m.onnx\"\nimages = \"i.npz\"\n[prediction]\nmethod = \"zap\"\n\
                predictors = \"p\"\nmax-error = 0.1\nthresholds = \"grid\"\nschedule = \"rows\"\n";
    let axes = "[[axes]]\n\"prediction.max-error\" = [0, 0.2]\n[[axes]]\n\"prediction.threshold\" = [-0.1]\n\
                [[axes]]\n\"prediction.method\" = \"cross-neuron\"\n\"prediction.window\" = [2, 3]\n\
                [[axes]]\n\"prediction.schedule\" = [\"gate\", \"columns\"]\n";
    assert_eq!(
        points(base, axes),
        [
            "0 – – – –",
            "0.2 – – – –",
            "– -0.1 – – –",
            "– – cross-neuron 2 –",
            "– – cross-neuron 3 –",
            "– – – – gate",
            "– – – – columns"
        ]
    );
}
