//! The files that went into a run, with their fingerprints.

use std::path::Path;

use reports::run::InputFile;
use sim_config::run::{ModelWorkload, RunSpec};
use sim_run::error::EvalError;
use sim_run::inputs;

/// Every file that the results of a run depend on.
pub(crate) fn of_run(file: &Path, spec: &RunSpec) -> Result<Vec<InputFile>, EvalError> {
    let mut all = vec![input("run", file)?];
    for (role, path) in inputs::of_workload(spec.workload()) {
        all.push(input(role, &path)?);
    }
    if let Some(table) = spec.cost_table() {
        all.push(input("cost table", table)?);
    }
    Ok(all)
}

/// The files of a network with its images.
pub(crate) fn of_model(model: &ModelWorkload) -> Result<Vec<InputFile>, EvalError> {
    (inputs::of_model(model).iter())
        .map(|(role, path)| input(role, path))
        .collect()
}

/// A file or a folder with its fingerprint.
pub(crate) fn input(role: &str, path: &Path) -> Result<InputFile, EvalError> {
    Ok(InputFile {
        role: role.to_owned(),
        name: path.display().to_string(),
        blake3: inputs::fingerprint(path)?,
    })
}
