//! Figures of an evaluation that no spec asks for: errors of layers, and answers that changed.

use std::collections::BTreeSet;

use crate::file_names;
use reports::accuracy::object::EvaluationObject;
use sim_draw::Scale;
use sim_draw::bars::{Arrangement, Bars, Places, Series};
use sim_draw::head::Head;
use sim_draw::matrix::{Count, Matrix};
use sim_draw::palette::Tone;

/// The name of the figure of [`layer_errors`].
pub(crate) const LAYER_ERRORS: &str = "layer-mse";

/// Squared error of every layer over its squared exact outputs, one bar for each array; `None` where no array has one.
pub fn layer_errors(object: &EvaluationObject) -> Option<Bars> {
    let layers: Vec<String> = object
        .first
        .layers
        .iter()
        .map(|layer| layer.name.clone())
        .collect();
    let values: Vec<(String, Vec<f64>)> = object
        .arrays()
        .filter(|array| array.layers.iter().all(|layer| layer.product.mse.is_some()))
        .map(|array| {
            let of = |name: &String| {
                let layer = array.layers.iter().find(|layer| layer.name == *name);
                layer.map_or(0.0, |layer| {
                    layer.product.relative_error().unwrap_or(f64::INFINITY)
                })
            };
            (array.name.clone(), layers.iter().map(of).collect())
        })
        .collect();
    let is_error = |(_, values): &(String, Vec<f64>)| values.iter().any(|&value| 0.0 < value);
    values.iter().any(is_error).then(|| Bars {
        name: LAYER_ERRORS.to_owned(),
        head: Head::default(),
        title: "MSE / mean square of exact outputs (no bar: 0)".to_owned(),
        unit: "1".to_owned(),
        scale: Scale::Log,
        arrangement: Arrangement::Grouped,
        references: Vec::new(),
        x_title: "Layer (number in layers.csv)".to_owned(),
        places: Places::Numbered(layers),
        series: (0..)
            .zip(values)
            .map(|(index, (name, values))| Series {
                name,
                tone: Tone::Series(index),
                values: values.into_iter().map(Some).collect(),
            })
            .collect(),
    })
}

/// Changed answers of every array that changed any, from class to class.
pub fn changes(object: &EvaluationObject) -> Vec<Matrix> {
    let mut names = BTreeSet::new();
    let arrays = object
        .arrays()
        .map(|array| (file_name(&array.name, &mut names), array));
    arrays
        .filter(|(_, array)| !array.changes.is_empty())
        .map(|(name, array)| {
            let counts = array.changes.iter().map(|change| Count {
                from: change.from,
                to: change.to,
                count: change.images,
            });
            let n_changed: usize = array.changes.iter().map(|change| change.images).sum();
            Matrix {
                name,
                title: format!(
                    "{n_changed} of {} answers changed on {}",
                    object.images, array.name
                ),
                from: "class that exact 8-bit answers".to_owned(),
                to: "class that the array answers".to_owned(),
                n_classes: object.n_classes,
                counts: counts.collect(),
            }
        })
        .collect()
}

/// A name of a file that no array before has.
fn file_name(array: &str, taken: &mut BTreeSet<String>) -> String {
    file_names::unlike(taken, &format!("flips-{}", file_names::plain(array)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_arrays_have_names_of_their_own() {
        let mut taken = BTreeSet::new();
        let mut name = |array| file_name(array, &mut taken);
        assert_eq!(name("sysmt-2t"), "flips-sysmt-2t");
        assert_eq!(name("../2t S+A"), "flips-..-2t-S+A");
        assert_eq!(name("sysmt-2t"), "flips-sysmt-2t-2");
        assert_eq!(name("SYSMT-2t"), "flips-SYSMT-2t-3");
    }
}
