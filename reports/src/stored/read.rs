//! A results folder read back.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::point::PointObject;
use super::{Configuration, Layout, Provenance, Stored, StoredKind};
use crate::accuracy::object::{ArrayObject, EvaluationObject};
use crate::accuracy::throttling;
use crate::frame::{Column, ColumnType, Frame, Value};
use crate::json::{self, VERSION};
use crate::metrics::{self, Extra};
use crate::pe_map;
use crate::result::{self, ResultFile};
use crate::run::InputFile;

/// A results folder that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// There is no file to read.
    #[error("{}: cannot be read: {error}; name a folder that `sysmt run`, `eval --out` or `sweep` has written", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The file is something else.
    #[error("{}: is not a result of this program: {error}; make the results again", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: serde_json::Error,
    },
    /// A table beside it is something else.
    #[error("{}: {why}; make the results again", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file is from another version of the format.
    #[error("{}: has version {found}, and this program reads {VERSION}; use the version of sysmt that wrote it, or make the results again", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
}

/// Read the folder of a run or an evaluation.
///
/// - Errors: no such folder, or one that does not hold such results.
pub fn read(folder: &Path) -> Result<Stored, StoredError> {
    let path = folder.join(result::FILE_NAME);
    let text = std::fs::read_to_string(&path).map_err(|error| StoredError::Read {
        path: path.clone(),
        error,
    })?;
    let json: Json = serde_json::from_str(&text).map_err(|error| StoredError::Json {
        path: path.clone(),
        error,
    })?;
    match json.get("version") {
        Some(version) if version.as_u64() == Some(u64::from(VERSION)) => {}
        found => {
            return Err(StoredError::Version {
                path,
                found: found.map_or_else(|| "none".to_owned(), Json::to_string),
            });
        }
    }
    let blake3 = blake3::hash(text.as_bytes()).to_hex().to_string();
    // Only evaluations have answers.
    let stored = if json.get("int8").is_some() {
        serde_json::from_str(&text).map(|object| of_evaluation(&object, blake3))
    } else {
        serde_json::from_str(&text).map(|result| of_run(&result, blake3))
    };
    let mut stored = stored.map_err(|error| StoredError::Json { path, error })?;
    stored.pe_map = pe_map::read(folder)?;
    Ok(stored)
}

/// Designs by their names, without what is known of them together.
fn of_designs(kind: StoredKind, designs: impl Iterator<Item = (String, PointObject)>) -> Stored {
    let designs: Vec<(String, PointObject)> = designs.collect();
    let is_predicted = designs.iter().any(|(_, point)| metrics::is_predicted(point));
    let extras = is_predicted.then_some(Extra::Prediction);
    let identity = vec![Column::new("design", ColumnType::Text)];
    let layout = Layout::new(identity, extras.into_iter().collect());
    let mut points = Frame::new(layout.point_columns());
    let mut layers = Frame::new(layout.layer_columns());
    for (name, point) in designs {
        let identity = [Value::Text(name)];
        points.push(layout.point_row(&identity, Some(&point)));
        for row in layout.layer_rows(&identity, &point) {
            layers.push(row);
        }
    }
    Stored {
        kind,
        title: String::new(),
        axes: vec!["design".to_owned()],
        points,
        layers,
        synthetic: false,
        mean_of: None,
        throttling: None,
        pe_map: None,
        curves: None,
        unsimulated: Vec::new(),
        warnings: Vec::new(),
        configuration: Vec::new(),
        provenance: Provenance::default(),
    }
}

/// What a run stores, whose `result.json` has this BLAKE3.
pub fn of_run(result: &ResultFile, blake3: String) -> Stored {
    let file = named(&result.inputs, "run").unwrap_or("RUN.toml");
    let configuration = result.spec.iter().map(|spec| Configuration {
        name: file.to_owned(),
        text: spec.text.clone(),
    });
    let design = (stem(file), PointObject::of_run(result));
    Stored {
        title: result.workload.clone(),
        synthetic: result.synthetic.is_some(),
        unsimulated: result.unsimulated.clone(),
        warnings: result.warnings.clone(),
        configuration: configuration.collect(),
        provenance: Provenance {
            command: format!("sysmt run {file}"),
            sysmt_version: result.sysmt_version.clone(),
            blake3,
            inputs: result.inputs.clone(),
        },
        ..of_designs(StoredKind::Run, std::iter::once(design))
    }
}

/// What an evaluation stores, whose `result.json` has this BLAKE3.
pub fn of_evaluation(object: &EvaluationObject, blake3: String) -> Stored {
    let model = named(&object.inputs, "model").unwrap_or("MODEL.onnx");
    let images = named(&object.inputs, "images").unwrap_or("IMAGES");
    let design = |array: &ArrayObject| (array.name.clone(), PointObject::of_evaluation(object, array));
    Stored {
        title: format!("{model}, {} images", object.images),
        throttling: object.throttling.as_ref().map(throttling::frame),
        unsimulated: object.unsimulated.clone(),
        warnings: object.warnings.clone(),
        configuration: vec![Configuration {
            name: "as asked for, with every default".to_owned(),
            text: json::text(&object.spec),
        }],
        provenance: Provenance {
            command: format!("sysmt eval {model} --images {images}"),
            sysmt_version: object.sysmt_version.clone(),
            blake3,
            inputs: object.inputs.clone(),
        },
        ..of_designs(StoredKind::Evaluation, object.arrays().map(design))
    }
}

/// The name of the first file that went in as `role`.
fn named<'a>(inputs: &'a [InputFile], role: &str) -> Option<&'a str> {
    let input = inputs.iter().find(|input| input.role == role)?;
    Some(&input.name)
}

fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
