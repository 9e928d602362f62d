//! The files that a workload depends on, with their fingerprints.

use std::path::{Path, PathBuf};

use sim_config::preprocessing;
use sim_config::run::{ModelWorkload, Workload};

use crate::error::EvalError;

/// The files of a workload with what each of them is.
pub fn of_workload(workload: &Workload) -> Vec<(&'static str, PathBuf)> {
    match workload {
        Workload::Trace(path) => vec![("trace", path.clone())],
        Workload::Model(model) => of_model(model),
    }
}

/// The files of a network with its images.
pub fn of_model(model: &ModelWorkload) -> Vec<(&'static str, PathBuf)> {
    let mut files = vec![("model", model.model.clone())];
    let declared = preprocessing::path_beside(&model.model);
    if declared.is_file() {
        files.push(("preprocessing", declared));
    }
    files.push(("images", model.images.clone()));
    files.extend(
        model
            .calibration
            .iter()
            .map(|calibration| ("calibration", calibration.clone())),
    );
    files
}

/// BLAKE3 of a file, in hexadecimal; of a folder, that of the sorted lines `hash  name` of its files.
///
/// - Errors: what cannot be read.
pub fn fingerprint(path: &Path) -> Result<String, EvalError> {
    if !path.is_dir() {
        return Ok(sim_trace::hash::of_file(path)?);
    }
    let mut hasher = blake3::Hasher::new();
    for file in files(path)? {
        let name = file.strip_prefix(path).unwrap_or(&file).display().to_string();
        let hash = sim_trace::hash::of_file(&file)?;
        hasher.update(format!("{hash}  {name}\n").as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let unreadable = |error| EvalError::Folder {
        folder: folder.to_owned(),
        error,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
