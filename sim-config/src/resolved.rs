//! Specs as JSON with every default filled in: what a result says about how it came about.

use serde_json::{Map, Value, json};
use sim_core::busy::PeMap;
use sim_core::counters::Mse;
use sim_core::layer_rules::LayerRules;
use sim_core::pe_keys::PeKeys;
use sim_core::preprocessing::Preprocessing;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::range::ActivationRange;
use sim_core::spec::ArraySpec;

use crate::keys;
use crate::preprocessing::Override;
use crate::run::{RunSpec, Workload};

/// The tables `array` and `pe` of an array file.
pub fn array(spec: &ArraySpec) -> Value {
    json!({
        "array": {
            "rows": spec.rows(),
            "cols": spec.cols(),
            "dataflow": spec.dataflow().name(),
            "clock-mhz": spec.clock().0,
            "tiles": spec.tiles().name(),
            "batch": spec.batch().name(),
        },
        "pe": PeKeys::of(spec),
    })
}

/// The run file that says the same with nothing left to a default, but for keys whose default is to be absent.
///
/// `baseline` holds the tables of an array file, not its path. `preprocessing` is what the run file gives; a result
/// also holds what came of it.
pub fn run(spec: &RunSpec) -> Value {
    let mut tables = array(&spec.design.array);
    let mut layers = Map::new();
    if let Some(threads) = spec.design.depthwise_threads {
        layers.insert(keys::DEPTHWISE_THREADS.name.to_owned(), json!(threads.count()));
    }
    layers.insert(keys::REORDER.name.to_owned(), json!(spec.design.reorder.name()));
    let named: Vec<Value> = (spec.design.layers.iter())
        .map(|(name, rules)| layer(name, rules))
        .collect();
    if !named.is_empty() {
        tables["layer"] = json!(named);
    }
    tables["version"] = json!(1);
    tables["seed"] = json!(spec.seed);
    tables["baseline"] = array(&spec.design.baseline);
    tables["measure"] = json!({
        "mse": spec.mse == Mse::Measure,
        "pe-map": spec.pe_map == PeMap::Count,
    });
    if let Some(table) = spec.cost_table.as_deref() {
        tables["costs"] = json!({"table": table});
    }
    match &spec.workload {
        Workload::Trace(path) => tables["workload"] = json!({"trace": path}),
        Workload::Model(model) => {
            let mut workload = json!({"model": model.model, "images": model.images});
            if let Some(path) = &model.calibration {
                workload["calibration"] = json!(path);
            }
            if let Some(count) = model.n_images {
                workload["n-images"] = json!(count);
            }
            if let Some(count) = model.n_calibration {
                workload["n-calibration"] = json!(count);
            }
            tables["workload"] = workload;
            tables["preprocessing"] = overrides(&model.preprocessing);
            tables["quantization"] = quantization(&model.quantization);
            layers.append(&mut selection(&model.selection));
        }
    }
    match spec.pruning {
        None => {}
        Some(PruneSpec::Magnitude { fraction, scope }) => {
            tables["workload"][keys::PRUNE.name] = json!(fraction.value());
            tables["workload"][keys::PRUNE_SCOPE.name] = json!(scope.name());
        }
        Some(PruneSpec::TwoOfFour) => {
            tables["workload"][keys::PRUNE.name] = json!(PruneSpec::TWO_OF_FOUR);
        }
    }
    if let Some(zeros) = spec.activation_zeros {
        tables["workload"][keys::ACTIVATION_ZEROS.name] = json!(zeros.value());
    }
    tables["layers"] = Value::Object(layers);
    tables
}

/// A table `layer` of a run file.
pub fn layer(name: &str, rules: LayerRules) -> Value {
    let LayerRules { threads, policy } = rules;
    let mut table = json!({"name": name});
    if let Some(threads) = threads {
        table["threads"] = json!(threads.count());
    }
    if let Some(policy) = policy {
        table["policy"] = json!(policy.name());
    }
    table
}

/// The table `quantization` of a run file.
pub fn quantization(spec: &QuantizationSpec) -> Value {
    let QuantizationSpec {
        divisor,
        bias,
        signed_inputs,
        weights,
        range,
    } = spec;
    // The names of divisors are numbers; in a file they stand without quotes.
    let divisor: Value = divisor.name().parse().unwrap_or(Value::Null);
    let mut table = json!({
        "divisor": divisor,
        "bias": bias.name(),
        "signed-inputs": signed_inputs.name(),
        "weights": weights.name(),
        "range": range.method().name(),
    });
    match range {
        ActivationRange::MeanOfMax | ActivationRange::Max | ActivationRange::LeastSquares => {}
        ActivationRange::Percentile(percentile) => {
            table[keys::PERCENTILE.name] = json!(percentile.value());
        }
    }
    table
}

/// The keys of the table `layers` that choose layers.
pub fn selection(spec: &SelectionSpec) -> Map<String, Value> {
    let SelectionSpec { layers, first, last } = spec;
    [
        ("layers", layers.name()),
        ("first", first.name()),
        ("last", last.name()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), json!(value)))
    .collect()
}

fn overrides(given: &Override) -> Value {
    let Override {
        layout,
        model_layout,
        channels,
        scale,
        mean,
        std,
        resize,
        resize_mode,
    } = given;
    let mut table = Map::new();
    let mut insert = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            table.insert(key.to_owned(), value);
        }
    };
    insert("layout", layout.map(|value| json!(value.name())));
    insert("model-layout", model_layout.map(|value| json!(value.name())));
    insert("channels", channels.map(|value| json!(value.name())));
    insert("scale", scale.map(|value| json!(value)));
    insert("mean", mean.as_ref().map(|value| json!(value)));
    insert("std", std.as_ref().map(|value| json!(value)));
    insert("resize", resize.map(|value| json!(value)));
    insert("resize-mode", resize_mode.map(|value| json!(value.name())));
    Value::Object(table)
}

/// Preprocessing with nothing left to a default.
pub fn preprocessing(spec: &Preprocessing) -> Value {
    let Preprocessing {
        layout,
        model_layout,
        channels,
        scale,
        mean,
        std,
        resize,
        resize_mode,
    } = spec.clone();
    overrides(&Override {
        layout: Some(layout),
        model_layout: Some(model_layout),
        channels,
        scale: Some(scale),
        mean: Some(mean),
        std: Some(std),
        resize,
        resize_mode: Some(resize_mode),
    })
}
