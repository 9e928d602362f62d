//! The files that went into a run, with their fingerprints.

use std::path::{Path, PathBuf};

use reports::run::InputFile;
use sim_config::preprocessing;
use sim_config::run::{ModelWorkload, RunSpec, Workload};

use crate::failure::Failure;

/// Every file that the results of a run depend on.
pub(crate) fn of_run(file: &Path, spec: &RunSpec) -> Result<Vec<InputFile>, Failure> {
    let mut inputs = vec![input("run", file)?];
    match spec.workload() {
        Workload::Trace(path) => inputs.push(input("trace", path)?),
        Workload::Model(model) => inputs.append(&mut of_model(model)?),
    }
    if let Some(table) = spec.cost_table() {
        inputs.push(input("cost table", table)?);
    }
    Ok(inputs)
}

/// The files of a network with its images.
pub(crate) fn of_model(model: &ModelWorkload) -> Result<Vec<InputFile>, Failure> {
    let mut inputs = vec![input("model", &model.model)?];
    let declared = preprocessing::path_beside(&model.model);
    if declared.is_file() {
        inputs.push(input("preprocessing", &declared)?);
    }
    inputs.push(input("images", &model.images)?);
    if let Some(calibration) = &model.calibration {
        inputs.push(input("calibration", calibration)?);
    }
    Ok(inputs)
}

/// A file or a folder with its fingerprint.
pub(crate) fn input(role: &str, path: &Path) -> Result<InputFile, Failure> {
    let blake3 = if path.is_dir() {
        hash_of_folder(path)?
    } else {
        hash_of_file(path)?
    };
    Ok(InputFile {
        role: role.to_owned(),
        name: path.display().to_string(),
        blake3,
    })
}

fn hash_of_file(path: &Path) -> Result<String, Failure> {
    sim_trace::hash::of_file(path).map_err(|error| Failure::user(&error))
}

/// A folder is hashed as the sorted lines `hash  name` of its files.
fn hash_of_folder(folder: &Path) -> Result<String, Failure> {
    let mut hasher = blake3::Hasher::new();
    for file in files(folder)? {
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        hasher.update(format!("{}  {name}\n", hash_of_file(&file)?).as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::User(format!(
            "{}: the folder cannot be read: {error}; check its permissions",
            folder.display()
        ))
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
