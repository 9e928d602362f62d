//! What `sysmt explain` shows: the table of keys, for a person.

use std::fmt::Write as _;

use sim_toml::nearest::did_you_mean;

use crate::keys::{ALL, Fallback, Key, Section};

/// A key that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no configuration key `{key}`: {remedy}")]
pub struct UnknownKey {
    key: String,
    remedy: String,
}

/// Every key, section by section.
pub fn all() -> String {
    let mut text = String::new();
    let mut section = None;
    for key in ALL {
        if section != Some(key.section) {
            section = Some(key.section);
            let _ = writeln!(text, "{}", heading(key.section));
            text.push('\n');
        }
        text.push_str(&entry(key));
        text.push('\n');
    }
    text
}

/// One key, by its name (`threads`) or with its section (`pe.threads`); a name of several keys gives all of them.
///
/// - Errors: a name that no key has.
pub fn one(name: &str) -> Result<String, Box<UnknownKey>> {
    let found: Vec<String> = ALL
        .iter()
        .filter(|key| key.name == name || key.path() == name)
        .map(|key| entry(key))
        .collect();
    if !found.is_empty() {
        return Ok(found.join("\n"));
    }
    let paths: Vec<String> = ALL.iter().map(|key| key.path()).collect();
    let candidates = ALL
        .iter()
        .map(|key| key.name)
        .chain(paths.iter().map(String::as_str));
    let remedy = did_you_mean(name, candidates)
        .unwrap_or_else(|| "`sysmt explain` without a key lists all of them".to_owned());
    Err(Box::new(UnknownKey {
        key: name.to_owned(),
        remedy,
    }))
}

fn heading(section: Section) -> String {
    match section {
        Section::Top => "Above all sections, in every file".to_owned(),
        Section::Run => "Above all sections of a run file".to_owned(),
        Section::Sweep => "Above all sections of a sweep file".to_owned(),
        Section::Axes => "[axes] of a sweep file, where keys of run files stand too".to_owned(),
        Section::SweepMeasure => "[measure] of a sweep file".to_owned(),
        Section::Array | Section::Pe => format!("[{}] of an array file, or of a run file", section.name()),
        Section::Preprocessing => {
            "[preprocessing] of a run file; in MODEL.toml beside MODEL.onnx, above all sections".to_owned()
        }
        Section::Layer => "[[layer]] of a run file, once for each layer".to_owned(),
        Section::Workload
        | Section::Layers
        | Section::Quantization
        | Section::Prediction
        | Section::Costs
        | Section::Measure => {
            format!("{} of a run file", section.header())
        }
    }
}

fn entry(key: &Key) -> String {
    let mut text = format!("{}\n  {}\n", key.path(), key.meaning);
    let fallback = match key.fallback {
        Fallback::Required => "none, it is required".to_owned(),
        Fallback::Value(value) => value.to_owned(),
        Fallback::Absent(meaning) => format!("none: {meaning}"),
    };
    let unit = if key.unit.is_empty() { "none" } else { key.unit };
    let mut rows = vec![
        ("values", key.values.describe()),
        ("default", fallback),
        ("unit", unit.to_owned()),
    ];
    let kinds: Vec<&str> = key.kinds().collect();
    if !kinds.is_empty() {
        rows.push(("kinds", kinds.join(", ")));
    }
    for (name, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<9}{value}");
    }
    text
}
