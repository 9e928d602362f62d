//! Specs as JSON with every default filled in: what a result says about how it came about.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sim_core::busy::PeMap;
use sim_core::counters::Mse;
use sim_core::input_constant::InputConstant;
use sim_core::layer_rules::LayerRules;
use sim_core::pe_keys::PeKeys;
use sim_core::prediction::{ArrayPrediction, FillUp, OutputRules, PredictorLanes, Shortcuts};
use sim_core::preprocessing::Preprocessing;
use sim_core::prune::PruneSpec;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::range::ActivationRange;
use sim_core::spec::{ArraySpec, Threads};
use sim_core::units::as_written;
use sim_predict::cross_neuron::{CrossNeuron, WindowSize};
use sim_predict::predictor::Threshold;

use crate::keys;
use crate::run::prediction::{
    MethodClaim, MethodKind, MethodSource, MethodSpec, PlaceRule, PredictionSpec, PredictorBatchNorms,
    ThresholdSource, ZapSpec,
};
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
    let named: Vec<Value> = (spec.design.layers.tables())
        .map(|(name, rules, place)| layer(name, rules, place))
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
    let costs = given(json!({
        (keys::COST_TABLE.name): spec.cost_table,
        (keys::PRICE_PREDICTOR.name): spec.design.prediction.as_ref().and_then(|prediction| prediction.price),
    }));
    if costs.as_object().is_some_and(|costs| !costs.is_empty()) {
        tables["costs"] = costs;
    }
    if let Some(spec) = &spec.design.prediction {
        tables["prediction"] = prediction(spec);
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
pub fn layer(name: &str, rules: LayerRules, place: Option<PlaceRule>) -> Value {
    let LayerRules { threads, policy } = rules;
    let (predict, pinned) = match place {
        None => (None, None),
        Some(PlaceRule::LeftOut) => (Some(false), None),
        Some(PlaceRule::Pinned(pinned)) => (None, Some(threshold(pinned))),
    };
    given(json!({
        "name": name,
        "threads": threads.map(Threads::count),
        "policy": policy,
        "predict": predict,
        "threshold": pinned,
    }))
}

/// The table `prediction` of a run file.
pub fn prediction(spec: &PredictionSpec) -> Value {
    let PredictionSpec {
        method,
        array:
            ArrayPrediction {
                rules:
                    OutputRules {
                        schedule,
                        fill_up,
                        predictor_lanes: PredictorLanes(lanes),
                    },
                pixels,
                channels,
                shortcuts,
            },
        // It stands in `[costs]`.
        price: _,
    } = spec;
    let mut table = json!({
        "schedule": schedule,
        "pixels": pixels,
        "channels": channels,
        "shortcuts": *shortcuts == Shortcuts::Predicted,
        "fill-up": *fill_up == FillUp::On,
    });
    let of_method = match method {
        MethodSource::Given(MethodSpec::Zap(ZapSpec {
            predictors,
            thresholds,
            batch_norms,
        })) => {
            let (given, max_error, search) = match thresholds {
                ThresholdSource::Given(given) => (Some(threshold(*given)), None, None),
                ThresholdSource::Within(max_error, search) => (None, Some(max_error.get()), Some(search)),
            };
            json!({
                "method": MethodKind::Zap,
                "predictors": predictors,
                "threshold": given,
                "max-error": max_error,
                "thresholds": search,
                "predictor-lanes": lanes,
                "recalibrate-predictors": *batch_norms == PredictorBatchNorms::Recalibrated,
            })
        }
        MethodSource::Given(MethodSpec::CrossNeuron(CrossNeuron {
            window,
            diagonal,
            zero_up_to,
        })) => json!({
            "method": MethodKind::CrossNeuron,
            "window": window.get(),
            "diagonal": diagonal,
            "zero-up-to": as_written(zero_up_to.get()),
        }),
        MethodSource::Trace(MethodClaim {
            method,
            threshold: given,
            window,
            diagonal,
            zero_up_to,
        }) => json!({
            "method": method,
            "threshold": given.map(threshold),
            "window": window.map(WindowSize::get),
            "diagonal": diagonal,
            "zero-up-to": zero_up_to.map(|limit| as_written(limit.get())),
            // A method without predictors has no such key, and the default is 0.
            "predictor-lanes": Some(lanes).filter(|&&lanes| lanes != 0),
        }),
    };
    if let (Value::Object(table), Value::Object(of_method)) = (&mut table, given(of_method)) {
        table.extend(of_method);
    }
    table
}

fn threshold(threshold: Threshold) -> f64 {
    as_written(threshold.get())
}

/// The table `quantization` of a run file.
pub fn quantization(spec: &QuantizationSpec) -> Value {
    let QuantizationSpec {
        divisor,
        bias,
        signed_inputs,
        weights,
        range,
        weight_bits,
        activation_bits,
        weight_step,
        step_scale,
        levels,
    } = spec;
    // The names of divisors are numbers; in a file they stand without quotes.
    let divisor: Value = divisor.name().parse().unwrap_or(Value::Null);
    let mut table = json!({
        "divisor": divisor,
        "bias": bias,
        "signed-inputs": signed_inputs,
        "weights": weights,
        "range": range.method(),
        "weight-bits": weight_bits,
        "activation-bits": activation_bits,
        "weight-step": weight_step,
        "step-scale": as_written(step_scale.get()),
        "levels": levels,
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
