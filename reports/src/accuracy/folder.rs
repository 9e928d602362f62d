//! The results folder of an evaluation.

use std::path::Path;

use super::object::{EvaluationObject, EvaluationRecord};
use super::{figures, summary, tables, throttling};
use crate::figures::set;
use crate::folder::{self, FolderError};
use crate::{export, json, result, stored};
use sim_draw::{Made, Picture};

/// Write all results of an evaluation to `target`, as [`folder::write`] does those of a run.
///
/// - Errors: the target is something other than a results folder, or the file system refuses; `target` is then as it
///   was.
pub fn write(target: &Path, record: &EvaluationRecord, object: &EvaluationObject) -> Result<(), FolderError> {
    let json = json::text(object);
    let stored = stored::of_evaluation(object, blake3::hash(json.as_bytes()).to_hex().to_string());
    let of_stored = set::of_evaluation(&stored);
    let errors = figures::layer_errors(object);
    let changes = figures::changes(object);
    let titled = of_stored
        .iter()
        .map(|figure| (figure.picture.as_ref(), figure.title.as_str()));
    let errors = errors.iter().map(|figure| -> &dyn Picture { figure });
    let changes = changes.iter().map(|figure| -> &dyn Picture { figure });
    let named = errors.chain(changes).map(|picture| (picture, picture.name()));
    let pictures: Vec<(&dyn Picture, Option<Made>)> = titled
        .chain(named)
        .map(|(picture, title)| (picture, Some(stored.provenance.made(title))))
        .collect();
    let mut files = vec![
        ("arrays.csv", tables::arrays(object)),
        ("classes.csv", tables::classes(object)),
        ("predictions.csv", tables::predictions(&record.evaluation)),
        (folder::LAYERS, export::csv_text(&stored.layers)),
        ("summary.md", summary::text(object)),
        (result::FILE_NAME, json),
    ];
    if let Some(throttling) = &object.throttling {
        files.push(("throttling.csv", throttling::csv(throttling)));
    }
    folder::write_files(target, &pictures, &files)
}
