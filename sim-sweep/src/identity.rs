//! What makes two points the same: configuration, the bytes of their inputs, and the version of this program.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sim_config::resolved;
use sim_config::run::Workload;
use sim_config::sweep::{AccuracySpec, Methods, PointSpec, Throttling};
use sim_run::error::RunError;
use sim_run::{costs, inputs};

/// BLAKE3 of everything that a point depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub(crate) [u8; 32]);

impl Identity {
    /// From what [`fmt::Display`] writes.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text)
            .ok()
            .map(|hash| Self(*hash.as_bytes()))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        blake3::Hash::from_bytes(self.0).to_hex().fmt(f)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Fingerprints of input files, each read once.
#[derive(Debug, Default)]
pub struct Fingerprints {
    known: Mutex<HashMap<PathBuf, String>>,
    tables: Mutex<HashSet<PathBuf>>,
}

impl Fingerprints {
    fn of(&self, path: &Path) -> Result<String, RunError> {
        // A thread that panicked left whole entries behind.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hash) = known.get(path) {
            return Ok(hash.clone());
        }
        let hash = inputs::fingerprint(path)?;
        known.insert(path.to_owned(), hash.clone());
        Ok(hash)
    }

    /// Of a technology table, which is configuration: what is wrong with it is said before anything runs.
    fn of_table(&self, path: &Path) -> Result<String, RunError> {
        let hash = self.of(path)?;
        let mut read = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if !read.contains(path) {
            costs::table(Some(path), &[], None)?;
            read.insert(path.to_owned());
        }
        Ok(hash)
    }
}

/// The identity of a point.
///
/// Where nothing is random the seed is not part of it; paths are none, only what the files hold.
///
/// - Errors: inputs that cannot be read, and a technology table that is none.
pub fn of_point(
    PointSpec { run: spec, methods }: &PointSpec,
    accuracy: Option<AccuracySpec>,
    fingerprints: &Fingerprints,
) -> Result<Identity, RunError> {
    let mut tables = resolved::run(spec);
    if spec.activation_zeros.is_none() {
        tables["seed"] = Value::Null;
    }
    let workload = &mut tables["workload"];
    let mut hashes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (role, path) in inputs::of_workload(&spec.workload) {
        hashes.entry(role).or_default().push(fingerprints.of(&path)?);
    }
    for (role, hashes) in hashes {
        workload[role] = match &hashes[..] {
            [hash] => json!(hash),
            // Weights of a model may be in several files.
            several => json!(several),
        };
    }
    if let Some((key, path)) = inputs::of_prediction(spec.design.prediction.as_ref()) {
        tables["prediction"][key] = json!(fingerprints.of(&path)?);
    }
    if let (Workload::Model(_), Some(accuracy)) = (&spec.workload, accuracy) {
        let AccuracySpec {
            images,
            features,
            operands,
        } = accuracy;
        tables["accuracy-images"] = json!(images);
        // The answers of so many images are all that the point holds.
        tables["workload"]["n-images"] = Value::Null;
        // What nobody asks for is not part of it.
        for (key, measured) in [("features", features), ("operands", operands)] {
            if measured {
                tables[key] = json!(true);
            }
        }
    }
    let Methods {
        recalibration,
        throttling,
    } = methods;
    if let Some(mode) = recalibration {
        tables["recalibrate-bn"] = json!(mode.name());
    }
    match throttling {
        Throttling::Off => {}
        Throttling::Curve => tables["throttle"] = json!("curve"),
    }
    if let Some(table) = spec.cost_table.as_deref() {
        tables["costs"] = json!(fingerprints.of_table(table)?);
    }
    let prediction = spec.design.prediction.as_ref();
    if let Some(price) = prediction.and_then(|prediction| prediction.price) {
        tables["price-predictor"] = json!(price);
    }
    tables["sysmt"] = json!(env!("CARGO_PKG_VERSION"));
    // The bytes of `to_string`, in half the time.
    let bytes = serde_json::to_vec(&tables);
    let bytes = bytes.unwrap_or_else(|error| unreachable!("a JSON value is JSON: {error}"));
    Ok(Identity(*blake3::hash(&bytes).as_bytes()))
}
