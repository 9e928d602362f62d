//! The results folder of an evaluation.

use std::path::Path;

use super::{ARRAYS, CLASSES, FolderError, LAYERS, PREDICTIONS, Results, SUMMARY, THROTTLING};
use crate::{evaluation, set};
use reports::accuracy::object::{EvaluationObject, EvaluationRecord};
use reports::accuracy::{summary, tables, throttling};
use reports::place::Replace;
use reports::{export, json, result, stored};
use sim_draw::Picture;

/// Write all results of an evaluation to `target`, as [`super::write`] does those of a run.
///
/// - Errors: the target is something other than a results folder, or the file system refuses; `target` is then as it
///   was.
pub fn write(
    target: &Path,
    record: &EvaluationRecord,
    object: &EvaluationObject,
    replace: Replace,
) -> Result<(), FolderError> {
    let json = json::text(object);
    let stored = stored::of_evaluation(object, blake3::hash(json.as_bytes()).to_hex().to_string());
    let of_stored = set::of_evaluation(&stored);
    let errors = evaluation::layer_errors(object);
    let changes = evaluation::changes(object);
    let titled = of_stored
        .iter()
        .map(|figure| (figure.picture.as_ref(), figure.title.as_str()));
    let errors = errors.iter().map(|figure| -> &dyn Picture { figure });
    let changes = changes.iter().map(|figure| -> &dyn Picture { figure });
    let named = errors.chain(changes).map(|picture| (picture, picture.name()));
    let mut files = vec![
        (ARRAYS, tables::arrays(object)),
        (CLASSES, tables::classes(object)),
        (PREDICTIONS, tables::predictions(&record.evaluation)),
        (LAYERS, export::csv_text(&stored.layers)),
        (SUMMARY, summary::text(object)),
        (result::FILE_NAME, json),
    ];
    if let Some(throttling) = &object.throttling {
        files.push((THROTTLING, throttling::csv(throttling)));
    }
    let place = (target, Results::Evaluation, replace);
    super::write_files(place, &stored.provenance, titled.chain(named), files)
}
