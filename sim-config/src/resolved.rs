//! Specs as JSON with every default filled in: what a result says about how it came about.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sim_core::busy::PeMap;
use sim_core::counters::Mse;
use sim_core::input_constant::InputConstant;
use sim_core::layer_rules::LayerRules;
use sim_core::pe_keys::PeKeys;
use sim_core::preprocessing::Preprocessing;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::range::ActivationRange;
use sim_core::spec::{ArraySpec, Threads};

use crate::keys;
use crate::run::{ModelWorkload, RunSpec, Unsupported, Workload};

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
    if let Some(table) = &spec.cost_table {
        tables["costs"] = json!({"table": table});
    }
    match &spec.workload {
        Workload::Trace(path) => {
            tables["workload"] = json!({"trace": path});
            tables["layers"] = json!({});
        }
        Workload::Model(model) => {
            let ModelWorkload {
                model,
                images,
                calibration,
                classes,
                n_images,
                n_calibration,
                // A run file has no key for it.
                unreadable: _,
                inputs,
                output,
                unsupported,
                preprocessing,
                selection,
                quantization: quantization_spec,
            } = &**model;
            tables["workload"] = given(json!({
                "model": model,
                "images": images,
                "calibration": calibration,
                "classes": classes,
                "n-images": n_images,
                "n-calibration": n_calibration,
                "inputs": self::inputs(inputs),
                "output": output,
                "partial": (*unsupported == Unsupported::LeftOut).then_some(true),
            }));
            tables["preprocessing"] = given(preprocessing);
            tables["quantization"] = quantization(quantization_spec);
            tables["layers"] = json!(selection);
        }
    }
    if let Some(threads) = spec.design.depthwise_threads {
        tables["layers"][keys::DEPTHWISE_THREADS.name] = json!(threads.count());
    }
    tables["layers"][keys::REORDER.name] = json!(spec.design.reorder);
    match spec.pruning {
        None => {}
        Some(PruneSpec::Magnitude { fraction, scope }) => {
            tables["workload"][keys::PRUNE.name] = json!(fraction.value());
            tables["workload"][keys::PRUNE_SCOPE.name] = json!(scope);
        }
        Some(PruneSpec::TwoOfFour) => {
            tables["workload"][keys::PRUNE.name] = json!(PruneSpec::TWO_OF_FOUR);
        }
    }
    if let Some(zeros) = spec.activation_zeros {
        tables["workload"][keys::ACTIVATION_ZEROS.name] = json!(zeros.value());
    }
    tables
}

/// The list `inputs` of a run file; `None` where it is empty.
pub fn inputs(constants: &[InputConstant]) -> Option<Vec<String>> {
    (!constants.is_empty()).then(|| constants.iter().map(InputConstant::to_string).collect())
}

/// A table `layer` of a run file.
pub fn layer(name: &str, rules: LayerRules) -> Value {
    let LayerRules { threads, policy } = rules;
    given(json!({"name": name, "threads": threads.map(Threads::count), "policy": policy}))
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
        "bias": bias,
        "signed-inputs": signed_inputs,
        "weights": weights,
        "range": range.method(),
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
    json!(spec).as_object().cloned().unwrap_or_default()
}

/// Preprocessing with nothing left to a default.
pub fn preprocessing(spec: &Preprocessing) -> Value {
    given(spec)
}

/// A table with the keys that have values.
fn given(table: impl Serialize) -> Value {
    let mut table = json!(table);
    if let Value::Object(keys) = &mut table {
        keys.retain(|_, value| !value.is_null());
    }
    table
}
