//! What predicted zeros save: of a layer, of all layers, or of a network whose answers were asked for.

use sim_core::units::count_as_f64;

use crate::json::LayerObject;
use crate::prediction::{OutputsObject, PredictionTotals};
use crate::stored::point::PointObject;

/// Shares; `None` where they are not known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saved {
    pub(super) macs: Option<f64>,
    pub(super) macs_net: Option<f64>,
    pub(super) lost: Option<f64>,
    pub(super) int8_predicted: Option<f64>,
    /// Of the cycles that the layers take if all outputs are computed.
    pub(super) cycles: Option<f64>,
    pub(super) compact: Option<f64>,
    pub(super) ideal: Option<f64>,
}

impl Saved {
    /// Of a point; `None` where nothing is predicted.
    pub(super) fn of_point(point: &PointObject) -> Option<Self> {
        let answers = point
            .accuracy
            .as_ref()
            .and_then(|accuracy| accuracy.prediction.as_ref());
        let of_layers = Self::of_layers(&point.layers);
        let Some(answers) = answers else {
            return of_layers;
        };
        Some(Self {
            macs: answers.array.macs_saved,
            macs_net: answers.array.macs_saved_net,
            lost: Some(answers.array.lost),
            int8_predicted: answers.int8.top1,
            cycles: of_layers.and_then(|saved| saved.cycles),
            compact: of_layers.and_then(|saved| saved.compact),
            ideal: of_layers.and_then(|saved| saved.ideal),
        })
    }

    /// Of layers; `None` where nothing is predicted.
    pub(super) fn of_layers(layers: &[LayerObject]) -> Option<Self> {
        let totals = PredictionTotals::of(layers)?;
        let sum = |of: fn(&OutputsObject) -> u64| {
            let cycles = layers.iter().map(|layer| match &layer.product.prediction {
                Some(outputs) => of(outputs),
                None => layer.product.cycles,
            });
            count_as_f64(cycles.sum())
        };
        let dense = sum(|outputs| outputs.dense_cycles);
        let cycles = count_as_f64(layers.iter().map(|layer| layer.product.cycles).sum());
        let saved = |cycles: f64| Some(1.0 - cycles / dense);
        Some(Self {
            macs: Some(totals.macs_saved),
            macs_net: Some(totals.macs_saved_net),
            lost: totals.lost,
            int8_predicted: None,
            cycles: saved(cycles),
            compact: saved(sum(|outputs| outputs.bounds.compact)),
            ideal: saved(sum(|outputs| outputs.bounds.ideal)),
        })
    }
}
