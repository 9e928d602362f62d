//! JSON Schemas of the configuration files, for editors; made from the table of keys.

use serde_json::{Value, json};
use sim_core::named::Named;
use sim_core::prune::PruneSpec;
use sim_core::quantization::StepScale;
use sim_core::spec::PeKind;

use crate::keys::{self, ALL, Fallback, FileKind, Key, Section, Values, Zero};
use crate::run::prediction::MethodKind;
use crate::run::workload::MODEL_KEYS;

/// The schema of a kind of file, JSON Schema 2020-12.
pub fn schema(file: FileKind) -> Value {
    let mut schema = match file {
        FileKind::Array => {
            let mut properties = properties_of(&[Section::Top], None);
            properties["array"] = section(Section::Array);
            properties["pe"] = pe();
            object(properties, vec!["array", "pe"])
        }
        FileKind::Run => run(),
        FileKind::Sweep => sweep(),
        FileKind::Model => object(
            properties_of(&[Section::Top, Section::Preprocessing], None),
            vec![],
        ),
    };
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(format!("sysmt {} file", file.name()));
    schema
}

fn run() -> Value {
    let mut properties = properties_of(&[Section::Top, Section::Run], None);
    properties[keys::ARRAY.name] = json!({
        "description": keys::ARRAY.meaning,
        "anyOf": [{"type": "string", "minLength": 1}, section(Section::Array)],
    });
    properties["pe"] = pe();
    properties["workload"] = workload();
    properties["quantization"] = quantization();
    properties["prediction"] = prediction();
    for of_keys in [
        Section::Preprocessing,
        Section::Layers,
        Section::Costs,
        Section::Measure,
    ] {
        properties[of_keys.name()] = section(of_keys);
    }
    properties["layer"] = json!({"type": "array", "minItems": 1, "items": layer()});
    let mut schema = object(properties, vec!["array", "workload"]);
    schema["if"] = json!({"properties": {"array": {"type": "object"}}});
    schema["then"] = json!({"required": ["pe"]});
    schema["else"] = json!({"not": {"required": ["pe"]}});
    schema
}

fn sweep() -> Value {
    let mut properties = properties_of(&[Section::Top, Section::Sweep], None);
    let any = json!({"type": ["string", "number", "boolean", "array", "object"]});
    let axes = json!({"type": "object", "minProperties": 1, "additionalProperties": any});
    properties["axes"] = json!({"anyOf": [axes, {"type": "array", "minItems": 1, "items": axes}]});
    for tables in ["figure", "exclude"] {
        properties[tables] = json!({"type": "array", "items": {"type": "object", "minProperties": 1}});
    }
    properties["measure"] = section(Section::SweepMeasure);
    object(properties, vec![keys::BASE.name, "axes"])
}

fn workload() -> Value {
    let mut schema = section(Section::Workload);
    let excluded: Vec<Value> = MODEL_KEYS
        .iter()
        .map(|key| json!({"required": [key.name]}))
        .collect();
    schema["oneOf"] = json!([
        {"required": ["trace"], "not": {"anyOf": excluded}},
        {"required": ["model", "images"], "not": {"required": ["trace"]}},
    ]);
    schema["dependentRequired"] = json!({"n-calibration": ["calibration"], "prune-scope": ["prune"]});
    schema["dependentSchemas"] = json!({"prune-scope": {"properties": {"prune": {"type": "number"}}}});
    schema
}

fn quantization() -> Value {
    let mut schema = section(Section::Quantization);
    let range = json!({"properties": {"range": {"const": "percentile"}}, "required": ["range"]});
    schema["dependentSchemas"] = json!({"percentile": range});
    schema
}

fn prediction() -> Value {
    let mut schema = section(Section::Prediction);
    let of_other_method = MethodKind::ALL.map(|kind| {
        let others: Vec<Value> = (kind.other().keys().iter())
            .map(|key| json!({"required": [key.name]}))
            .collect();
        json!({
            "if": {"properties": {"method": {"const": kind}}, "required": ["method"]},
            "then": {"not": {"anyOf": others}},
        })
    });
    schema["allOf"] = json!(of_other_method);
    schema["not"] = json!({"required": ["max-error", "threshold"]});
    schema["dependentRequired"] = json!({"thresholds": ["max-error"]});
    schema
}

fn layer() -> Value {
    let mut schema = section(Section::Layer);
    let rules = [
        &keys::LAYER_THREADS,
        &keys::LAYER_POLICY,
        &keys::LAYER_PREDICT,
        &keys::LAYER_THRESHOLD,
    ]
    .map(|key| json!({"required": [key.name]}));
    schema["anyOf"] = json!(rules);
    schema
}

fn pe() -> Value {
    let of_kind = |kind| {
        let mut properties = properties_of(&[Section::Pe], Some(kind));
        properties[keys::KIND.name] = json!({"description": keys::KIND.meaning, "const": kind});
        object(properties, required_of(Section::Pe, Some(kind)))
    };
    let kinds: Vec<Value> = PeKind::names().into_iter().map(of_kind).collect();
    json!({ "oneOf": kinds })
}

fn section(section: Section) -> Value {
    object(properties_of(&[section], None), required_of(section, None))
}

fn object(properties: Value, required: Vec<&str>) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn keys_of<'a>(sections: &'a [Section], kind: Option<&'a str>) -> impl Iterator<Item = &'static Key> + 'a {
    ALL.iter()
        .copied()
        .filter(move |key| sections.contains(&key.section) && kind.is_none_or(|kind| key.is_of_kind(kind)))
}

fn properties_of(sections: &[Section], kind: Option<&str>) -> Value {
    keys_of(sections, kind)
        .map(|key| (key.name.to_owned(), property(key)))
        .collect()
}

fn required_of(section: Section, kind: Option<&str>) -> Vec<&'static str> {
    keys_of(&[section], kind)
        .filter(|key| key.fallback == Fallback::Required)
        .map(|key| key.name)
        .collect()
}

fn property(key: &Key) -> Value {
    let mut schema = match key.values {
        Values::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Values::Integers(values) => json!({"enum": values}),
        Values::Words(words) => json!({"enum": words()}),
        Values::Flag => json!({"type": "boolean"}),
        Values::Number(zero) => number(zero),
        Values::FromZero => json!({"type": "number", "minimum": 0}),
        Values::StepScale => json!({"type": "number", "exclusiveMinimum": 0, "maximum": StepScale::MAX}),
        Values::Numbers(zero) => {
            json!({"anyOf": [number(zero), {"type": "array", "minItems": 1, "items": number(zero)}]})
        }
        Values::Sides { max } => {
            let side = json!({"type": "integer", "minimum": 1, "maximum": max});
            json!({"anyOf": [side, {"type": "array", "minItems": 2, "maxItems": 2, "items": side}]})
        }
        Values::Percentile => json!({"type": "number", "exclusiveMinimum": 0, "maximum": 100}),
        Values::Pruning => json!({"anyOf": [
            {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            {"const": PruneSpec::TWO_OF_FOUR},
        ]}),
        Values::Seeds { max } => json!({
            "type": "array",
            "minItems": 1,
            "uniqueItems": true,
            "items": {"type": "integer", "minimum": 0, "maximum": max},
        }),
        Values::Accuracy { max } => json!({
            "type": "object",
            "properties": {"images": {"type": "integer", "minimum": 1, "maximum": max}},
            "required": ["images"],
            "additionalProperties": false,
        }),
        Values::Constants => json!({
            "type": "array",
            "uniqueItems": true,
            "items": {"type": "string", "pattern": "^.+=.+$"},
        }),
        Values::Probability => json!({"type": "number", "minimum": 0, "exclusiveMaximum": 1}),
        Values::Name | Values::Path | Values::ArrayFileOrTables => json!({"type": "string", "minLength": 1}),
    };
    let unit = if key.unit.is_empty() {
        String::new()
    } else {
        format!(" Unit: {}.", key.unit)
    };
    schema["description"] = json!(format!("{}{unit}", key.meaning));
    // The table's defaults are TOML; those of strings, numbers and arrays are JSON too.
    if let Fallback::Value(text) = key.fallback
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        schema["default"] = value;
    }
    schema
}

fn number(zero: Zero) -> Value {
    match zero {
        Zero::Allowed => json!({"type": "number"}),
        Zero::Forbidden => json!({"type": "number", "not": {"const": 0}}),
    }
}
