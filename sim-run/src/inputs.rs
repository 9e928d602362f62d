//! The files that a workload depends on, with their fingerprints.

use std::path::{Path, PathBuf};

use reports::run::InputFile;
use sim_config::preprocessing;
use sim_config::run::prediction::{MethodSource, MethodSpec, PredictionSpec};
use sim_config::run::{ModelWorkload, RunSpec, Workload};
use sim_images::sets;

use crate::error::RunError;

/// Every file that the results of a run depend on, the run file itself first.
///
/// - Errors: what cannot be read.
pub fn of_run(file: &Path, spec: &RunSpec) -> Result<Vec<InputFile>, RunError> {
    let mut files = vec![("run", file.to_owned())];
    files.extend(of_workload(&spec.workload));
    files.extend(of_prediction(spec.design.prediction.as_ref()));
    files.extend(
        spec.cost_table
            .as_deref()
            .map(|table| ("cost table", table.to_owned())),
    );
    files.iter().map(|(role, path)| input(role, path)).collect()
}

/// A file or a folder with its fingerprint.
///
/// - Errors: what cannot be read.
pub fn input(role: &str, path: &Path) -> Result<InputFile, RunError> {
    Ok(InputFile {
        role: role.to_owned(),
        name: path.display().to_string(),
        blake3: fingerprint(path)?,
    })
}

/// The predictor file, where a prediction has one.
pub fn of_prediction(spec: Option<&PredictionSpec>) -> Option<(&'static str, PathBuf)> {
    match &spec?.method {
        MethodSource::Given(MethodSpec::Zap(zap)) => Some(("predictors", zap.predictors.clone())),
        MethodSource::Given(MethodSpec::CrossNeuron(_)) | MethodSource::Trace(_) => None,
    }
}

/// The files of a workload with what each of them is.
pub fn of_workload(workload: &Workload) -> Vec<(&'static str, PathBuf)> {
    match workload {
        Workload::Trace(path) => vec![("trace", path.clone())],
        Workload::Model(model) => of_model(model),
    }
}

/// The files of a network and its images with what each of them is.
pub fn of_model(model: &ModelWorkload) -> Vec<(&'static str, PathBuf)> {
    let mut files = vec![("model", model.model.clone())];
    let data = sim_net::network::data_files(&model.model);
    files.extend(data.into_iter().map(|file| ("model data", file)));
    let declared = preprocessing::path_beside(&model.model);
    if declared.is_file() {
        files.push(("preprocessing", declared));
    }
    files.push(("images", model.images.clone()));
    files.extend(sets::labels_beside(&model.images).map(|labels| ("labels", labels)));
    files.extend(model.classes.iter().map(|classes| ("classes", classes.clone())));
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
pub fn fingerprint(path: &Path) -> Result<String, RunError> {
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

fn files(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let unreadable = |error: std::io::Error| {
        RunError::at(
            folder,
            &format!("the folder cannot be read: {error}; check its permissions"),
        )
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else if path.is_file() {
            // Reading a pipe may never end.
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The file to name in what is said about a workload.
pub(crate) fn workload_file(workload: &Workload) -> &Path {
    match workload {
        Workload::Trace(path) => path,
        Workload::Model(model) => &model.model,
    }
}
