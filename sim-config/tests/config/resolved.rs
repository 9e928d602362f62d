//! A spec written out is a file that means the same.

use std::path::Path;

use sim_config::{array, preprocessing, resolved, run};

/// JSON as TOML, for the values that specs hold.
fn toml(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(table) => {
            let fields: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", toml(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        serde_json::Value::Array(values) => {
            let values: Vec<String> = values.iter().map(toml).collect();
            format!("[{}]", values.join(", "))
        }
        scalar @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)) => scalar.to_string(),
    }
}

fn toml_file(value: &serde_json::Value) -> String {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key} = {}\n", toml(value)))
        .collect()
}

#[test]
fn arrays() {
    let head = "[array]\nrows = 3\ncols = 5\ntiles = \"serial\"\nbatch = \"folded\"\nclock-mhz = 7\n[pe]\npipeline-depth = 2\n";
    for pe in [
        "kind = \"conventional\"",
        "kind = \"nb-smt\"\nthreads = 4\npolicy = \"aW\"\nrounding = \"floor\"\noverflow = \"extend\"",
        "kind = \"sparq\"\nwindow = \"7opt\"\nrounding = \"trim\"\npairs = false",
        "kind = \"sparq-stc\"\nwindow = \"2opt\"",
    ] {
        let spec =
            array::parse(Path::new("a.toml"), &format!("{head}{pe}")).unwrap_or_else(|e| panic!("{e}"));
        let text = toml_file(&resolved::array(&spec));
        let again = array::parse(Path::new("a.toml"), &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(spec, again, "{text}");
    }
}

#[test]
fn runs() {
    let array = "seed = 3\n[array]\nrows = 3\ncols = 5\n[pe]\nkind = \"nb-smt\"\nthreads = 4\n";
    for rest in [
        "[workload]\ntrace = \"t\"\nprune = \"2:4\"\n",
        "[workload]\ntrace = \"t\"\nprune = 0.29\nprune-scope = \"global\"\n",
        "[workload]\nmodel = \"m\"\nimages = \"i\"\nprune = 0\n\
         [quantization]\nweights = \"per-tensor\"\nrange = \"percentile\"\npercentile = 99.95\n",
        "[workload]\nmodel = \"m\"\nimages = \"i\"\n[quantization]\nrange = \"least-squares\"\n",
        "[workload]\ntrace = \"t\"\n[layers]\ndepthwise-threads = 2\n[measure]\nmse = false\npe-map = true\n[costs]\ntable = \"c\"\n",
        "[workload]\ntrace = \"t\"\n[layers]\nreorder = \"weights\"\n[[layer]]\nname = \"a\"\nthreads = 1\n\
         [[layer]]\nname = \"b/c\"\npolicy = \"S+aW\"\nthreads = 4\n",
        "[workload]\nmodel = \"m\"\nimages = \"i\"\ncalibration = \"c\"\nn-images = 2\nn-calibration = 3\n\
         [preprocessing]\nmean = [0.1, 0.2, 0.3]\nchannels = \"bgr\"\nlayout = \"nhwc\"\nresize = [3, 4]\n\
         [layers]\nlayers = \"all\"\nfirst = \"simulated\"\n[quantization]\ndivisor = 255\nbias = \"int8\"\n",
        "[workload]\nmodel = \"m\"\nimages = \"i\"\n[costs]\nprice-predictor = \"none\"\n\
         [prediction]\nmethod = \"zap\"\npredictors = \"p\"\nmax-error = 0.1\nthresholds = \"sigmoid\"\nfill-up = true\n\
         predictor-lanes = 64\nrecalibrate-predictors = true\nschedule = \"columns\"\n\
         [[layer]]\nname = \"a\"\nthreshold = 0.4\nthreads = 2\n[[layer]]\nname = \"b\"\npredict = false\n",
        "[workload]\nmodel = \"m\"\nimages = \"i\"\n\
         [prediction]\nmethod = \"zap\"\npredictors = \"p\"\nthreshold = -0.2\nshortcuts = true\npixels = \"block\"\n",
        "[workload]\nmodel = \"m\"\nimages = \"i\"\n\
         [prediction]\nmethod = \"cross-neuron\"\nwindow = 3\ndiagonal = \"anti\"\nzero-up-to = 0.1\nchannels = \"density\"\n",
        "[workload]\ntrace = \"t\"\n[prediction]\npredictor-lanes = 8\nschedule = \"rows\"\n",
        "[workload]\ntrace = \"t\"\n[prediction]\nmethod = \"zap\"\nthreshold = 0.1\n[[layer]]\nname = \"a\"\nthreshold = 0.4\n",
    ] {
        let spec =
            run::parse(Path::new("r.toml"), &format!("{array}{rest}")).unwrap_or_else(|e| panic!("{e}"));
        let mut value = resolved::run(&spec);
        // In a file the baseline is a path.
        let baseline = value.as_object_mut().and_then(|tables| tables.remove("baseline"));
        assert_eq!(baseline, Some(resolved::array(&spec.design.baseline)));
        let text = toml_file(&value);
        let again = run::parse(Path::new("r.toml"), &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(spec, again, "{text}");
    }
}

#[test]
fn preprocessing_beside_a_model() {
    let text =
        "mean = [0.1, 0.2, 0.3]\nstd = 0.7\nchannels = \"rgb\"\nresize = [3, 4]\nresize-mode = \"cover\"\n";
    let spec = preprocessing::parse(Path::new("m.toml"), text).unwrap_or_else(|e| panic!("{e}"));
    let text = toml_file(&resolved::preprocessing(&spec));
    assert_eq!(
        preprocessing::parse(Path::new("m.toml"), &text).ok(),
        Some(spec),
        "{text}"
    );
}
