//! The configuration files of the repository.

use std::path::{Path, PathBuf};

use sim_config::run::Workload;
use sim_config::{array, preprocessing, run};

fn configs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../configs")
        .join(folder);
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect(),
        Err(error) => panic!("{}: {error}", folder.display()),
    };
    files.sort();
    files
}

#[test]
fn every_array_file_is_valid() {
    let files = configs("arrays");
    let mut names: Vec<String> = Vec::new();
    for file in &files {
        match array::load(file) {
            Ok(spec) => assert_eq!((spec.rows(), spec.cols()), (16, 16), "{}", file.display()),
            Err(error) => panic!("{error}: {}", error.remedy()),
        }
        names.extend(file.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    for name in ["os-1t", "sysmt-2t", "sysmt-4t", "sparq-5opt", "sparq-stc"] {
        assert!(names.iter().any(|found| found == name), "{name} is missing");
    }
}

#[test]
fn every_run_file_is_valid() {
    let files = configs("runs");
    assert!(files.iter().any(|file| file.ends_with("quickstart.toml")));
    for file in &files {
        match run::load(file) {
            Ok(spec) => match &spec.workload {
                Workload::Trace(_) => {}
                Workload::Model(model) => {
                    let declared = preprocessing::load_beside(&model.model).unwrap_or_else(|e| panic!("{e}"));
                    assert!(model.preprocessing.apply(declared).is_ok());
                }
            },
            Err(error) => panic!("{error}: {}", error.remedy()),
        }
    }
}
