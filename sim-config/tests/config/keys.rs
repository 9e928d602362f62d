//! The table of keys, the parser and the schema are one: none knows a key that another does not.

use std::collections::BTreeSet;
use std::path::Path;

use sim_config::keys::{ALL, Fallback, FileKind, Key, Section};
use sim_config::run::{RunSpec, Workload};
use sim_config::{array, preprocessing, run, schema};
use sim_core::preprocessing::Preprocessing;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::spec::{ArraySpec, MAX_CLOCK_MHZ, MAX_PIPELINE_DEPTH, MAX_SIDE, Pe};

const KINDS: [&str; 4] = ["conventional", "nb-smt", "sparq", "sparq-stc"];

/// `[array]` and `[pe]` with what `kind` requires, `line` in place of the line of the same key in its section.
fn array_text(kind: &str, extra: Option<(&Key, &str)>) -> String {
    let mut text = String::new();
    for section in [Section::Top, Section::Array, Section::Pe] {
        if !section.name().is_empty() {
            text.push_str(&format!("[{}]\n", section.name()));
        }
        for key in ALL
            .iter()
            .filter(|key| key.section == section && key.is_of_kind(kind))
        {
            match extra {
                Some((extra, value)) if std::ptr::eq(*key, extra) => {
                    text.push_str(&format!("{} = {value}\n", key.name));
                }
                Some(_) | None if key.name == "kind" => text.push_str(&format!("kind = \"{kind}\"\n")),
                Some(_) | None if key.fallback == Fallback::Required => {
                    text.push_str(&format!("{} = {}\n", key.name, key.values.examples()[0]));
                }
                Some(_) | None => {}
            }
        }
    }
    text
}

fn run_text(workload: &str, section: Section, line: &str) -> String {
    let top = if section == Section::Run { line } else { "" };
    let in_section = match section {
        Section::Top
        | Section::Run
        | Section::Workload
        | Section::Sweep
        | Section::Axes
        | Section::SweepMeasure => String::new(),
        Section::Array
        | Section::Pe
        | Section::Preprocessing
        | Section::Layers
        | Section::Quantization
        | Section::Prediction
        | Section::Costs
        | Section::Measure
        | Section::Layer => format!("{}\n{line}\n", section.header()),
    };
    format!(
        "{top}\n[array]\nrows = 2\ncols = 2\n[pe]\nkind = \"nb-smt\"\nthreads = 4\n[workload]\n{workload}\n{in_section}"
    )
}

const ZAP: &str = "method = \"zap\"\npredictors = \"p.safetensors\"\n";
const CROSS_NEURON: &str = "method = \"cross-neuron\"\n";

fn parse_run(text: &str) -> RunSpec {
    match run::parse(Path::new("run.toml"), text) {
        Ok(spec) => spec,
        Err(error) => panic!("{error}\n{}\n{text}", error.remedy()),
    }
}

#[test]
fn every_key_of_an_array_is_read_with_every_allowed_value() {
    let mut n_values = 0;
    for kind in KINDS {
        let keys = ALL.iter().filter(|key| {
            matches!(key.section, Section::Top | Section::Array | Section::Pe) && key.is_of_kind(kind)
        });
        for key in keys.filter(|key| key.name != "kind") {
            for value in key.values.examples() {
                let text = array_text(kind, Some((key, &value)));
                assert!(text.contains(key.name), "{text}");
                if let Err(error) = array::parse(Path::new("a.toml"), &text) {
                    panic!("{} = {value}: {error}\n{text}", key.path());
                }
                n_values += 1;
            }
        }
    }
    assert!(60 < n_values, "{n_values}");
}

#[test]
fn every_key_of_a_run_is_read_with_every_allowed_value() {
    let sections = [
        Section::Preprocessing,
        Section::Layers,
        Section::Quantization,
        Section::Costs,
        Section::Measure,
    ];
    for key in ALL
        .iter()
        .filter(|key| sections.contains(&key.section) || key.name == "seed")
    {
        for value in key.values.examples() {
            let mut line = format!("{} = {value}", key.name);
            match key.name {
                "percentile" => line.push_str("\nrange = \"percentile\""),
                "levels" => line.push_str("\nweight-bits = 4"),
                "price-predictor" => line.push_str(&format!("\n[prediction]\n{CROSS_NEURON}")),
                _ => {}
            }
            parse_run(&run_text(
                "model = \"m.onnx\"\nimages = \"x.npz\"",
                key.section,
                &line,
            ));
        }
    }
    for key in ALL.iter().filter(|key| key.section == Section::Layer) {
        for value in key.values.examples() {
            let needed = match key.name {
                "name" => "threads = 1",
                _ => "name = \"conv\"",
            };
            let lines = format!(
                "{needed}\n{} = {value}\n[prediction]\n{ZAP}threshold = 0",
                key.name
            );
            let workload = "model = \"m.onnx\"\nimages = \"x.npz\"";
            parse_run(&run_text(workload, Section::Layer, &lines));
        }
    }
    for key in ALL.iter().filter(|key| key.section == Section::Prediction) {
        for value in key.values.examples() {
            let line = format!("{} = {value}\n", key.name);
            let lines = match (key.name, value.as_str()) {
                ("method", "\"zap\"") => format!("{ZAP}threshold = 0"),
                ("method", _) => line,
                ("predictors", _) => format!("method = \"zap\"\nthreshold = 0\n{line}"),
                ("max-error" | "threshold", _) => format!("{ZAP}{line}"),
                ("thresholds" | "predictor-lanes" | "recalibrate-predictors", _) => {
                    format!("{ZAP}max-error = 0.1\n{line}")
                }
                _ => format!("{CROSS_NEURON}{line}"),
            };
            let workload = "model = \"m.onnx\"\nimages = \"x.npz\"";
            let run = parse_run(&run_text(workload, Section::Prediction, &lines));
            assert!(run.design.prediction.is_some());
        }
    }
    let workload = ALL.iter().filter(|key| key.section == Section::Workload);
    for key in workload {
        for value in key.values.examples() {
            let line = format!("{} = {value}", key.name);
            let needed = match key.name {
                "trace" => String::new(),
                "model" => "images = \"x.npz\"".to_owned(),
                "images" => "model = \"m.onnx\"".to_owned(),
                "n-calibration" => {
                    "model = \"m.onnx\"\nimages = \"x.npz\"\ncalibration = \"y.npz\"".to_owned()
                }
                "prune-scope" => "model = \"m.onnx\"\nimages = \"x.npz\"\nprune = 0.4".to_owned(),
                _ => "model = \"m.onnx\"\nimages = \"x.npz\"".to_owned(),
            };
            parse_run(&run_text(&format!("{needed}\n{line}"), Section::Workload, ""));
        }
    }
}

#[test]
fn every_preprocessing_key_is_read_beside_a_model() {
    for key in ALL.iter().filter(|key| key.section == Section::Preprocessing) {
        for value in key.values.examples() {
            let text = format!("version = 1\n{} = {value}\n", key.name);
            if let Err(error) = preprocessing::parse(Path::new("m.toml"), &text) {
                panic!("{error}\n{text}");
            }
        }
    }
}

/// A key that the parser allows where the table has none would be missing from its list of allowed keys.
#[test]
fn allowed_keys_in_messages_are_those_of_the_table() {
    for kind in KINDS {
        let text = format!("{}zzzzzz = 1\n", array_text(kind, None));
        let error = match array::parse(Path::new("a.toml"), &text) {
            Ok(spec) => panic!("{spec:?}"),
            Err(error) => error,
        };
        let listed = error
            .remedy()
            .strip_prefix("allowed here: ")
            .unwrap_or_else(|| panic!("{}", error.remedy()));
        let want: Vec<&str> = ALL
            .iter()
            .filter(|key| key.section == Section::Pe && key.is_of_kind(kind))
            .map(|key| key.name)
            .collect();
        assert_eq!(listed, want.join(", "), "{kind}");
    }
}

#[test]
fn defaults_of_the_table_are_those_of_the_types() {
    for kind in KINDS {
        let short = array::parse(Path::new("a.toml"), &array_text(kind, None));
        for key in ALL.iter().filter(|key| key.is_of_kind(kind)) {
            let Fallback::Value(value) = key.fallback else {
                continue;
            };
            if matches!(key.section, Section::Top | Section::Array | Section::Pe) {
                let long = array::parse(Path::new("a.toml"), &array_text(kind, Some((key, value))));
                assert_eq!(short.as_ref().ok(), long.as_ref().ok(), "{}", key.path());
                assert!(short.is_ok());
            }
        }
    }
    assert_eq!(
        array::parse(Path::new("a.toml"), &array_text("conventional", None)).ok(),
        ArraySpec::new(1, 1, Pe::Conventional).ok()
    );
    let spec = parse_run(&run_text(
        "model = \"m.onnx\"\nimages = \"x.npz\"",
        Section::Run,
        "",
    ));
    assert_eq!(spec.design.baseline, spec.design.array.default_baseline());
    let Workload::Model(model) = &spec.workload else {
        panic!("{spec:?}");
    };
    assert_eq!(model.selection, SelectionSpec::default());
    assert_eq!(model.quantization, QuantizationSpec::default());
    let preprocessing: Vec<String> = ALL
        .iter()
        .filter(|key| key.section == Section::Preprocessing)
        .filter_map(|key| match key.fallback {
            Fallback::Value(value) => Some(format!("{} = {value}\n", key.name)),
            Fallback::Absent(_) | Fallback::Required => None,
        })
        .collect();
    assert!(5 < preprocessing.len());
    assert_eq!(
        preprocessing::parse(Path::new("m.toml"), &preprocessing.concat()).ok(),
        Some(Preprocessing::default())
    );
}

#[test]
fn limits_of_the_table_are_those_of_the_types() {
    #[track_caller]
    fn check(name: &str, limit: i64) {
        let key = ALL
            .iter()
            .find(|key| key.name == name)
            .map(|key| key.values.examples());
        assert_eq!(key, Some(vec!["1".to_owned(), limit.to_string()]), "{name}");
    }
    let side = i64::try_from(MAX_SIDE).unwrap_or(0);
    check("rows", side);
    check("cols", side);
    check("clock-mhz", i64::from(MAX_CLOCK_MHZ));
    check("pipeline-depth", i64::from(MAX_PIPELINE_DEPTH));
}

#[test]
fn schemas_have_the_keys_of_the_table() {
    for file in FileKind::ALL {
        let schema = schema::schema(file);
        let mut found = BTreeSet::new();
        collect(&schema, "", &mut found);
        let mut want: BTreeSet<String> = BTreeSet::new();
        for key in ALL {
            let is_top = key.section == Section::Top
                || (file == FileKind::Run && key.section == Section::Run)
                || (file == FileKind::Model && key.section == Section::Preprocessing)
                || (file == FileKind::Sweep && key.section == Section::Sweep);
            if is_top {
                want.insert(key.name.to_owned());
            }
            // Axes are free: keys of run files are among them.
            if file.sections().contains(&key.section) && key.section != Section::Axes {
                want.insert(key.path());
            }
        }
        want.extend(file.sections().iter().map(|section| section.name().to_owned()));
        if file == FileKind::Sweep {
            want.extend(["exclude", "figure", "measure.accuracy.images"].map(str::to_owned));
        }
        assert_eq!(found, want, "{}", file.name());
    }
}

/// Paths of all properties; every object that has some is closed to others.
fn collect(schema: &serde_json::Value, path: &str, found: &mut BTreeSet<String>) {
    for alternative in ["oneOf", "anyOf"] {
        for inner in schema[alternative].as_array().into_iter().flatten() {
            collect(inner, path, found);
        }
    }
    if schema["items"]["properties"].is_object() {
        collect(&schema["items"], path, found);
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    assert_eq!(schema["additionalProperties"], serde_json::json!(false), "{path}");
    for (name, inner) in properties {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        collect(inner, &path, found);
        found.insert(path);
    }
}
