//! Predicted zeros: what predicts at each place, and what it did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sim_core::convolution::LayerKind;
use sim_core::prediction::{Counts, PREDICTOR_MACS_PER_OUTPUT, PlaceMethod};
use sim_core::record::{PlaceRecord, PredictedRecord, ProductRecord};
use sim_core::units::{as_written, count_as_f64};

use crate::json::LayerObject;
use crate::markdown::{Align, table};
use crate::text::grouped;

/// What predicts at a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum MethodObject {
    /// A trained predictor.
    Zap {
        /// Which pixels it sees: a type of masks.
        mask: u8,
        /// What a score has to be above.
        threshold: f64,
    },
    /// Windows.
    CrossNeuron {
        /// Rows and columns.
        window: usize,
        /// What is computed first.
        diagonal: String,
        /// What counts as zero.
        zero_up_to: f64,
    },
}

impl MethodObject {
    /// The method of a place.
    pub fn of(method: &PlaceMethod) -> Self {
        match *method {
            PlaceMethod::Zap { mask, threshold } => Self::Zap {
                mask,
                threshold: as_written(threshold),
            },
            PlaceMethod::CrossNeuron {
                window,
                diagonal,
                zero_up_to,
            } => Self::CrossNeuron {
                window: window.into(),
                diagonal: diagonal.name().to_owned(),
                zero_up_to: as_written(zero_up_to),
            },
        }
    }

    /// The method as a reader has it.
    pub fn words(&self) -> String {
        match self {
            Self::Zap { mask, threshold } => format!("zap, mask {mask}, threshold {threshold}"),
            Self::CrossNeuron {
                window,
                diagonal,
                zero_up_to,
            } => {
                format!("cross-neuron, window {window}, {diagonal} diagonal, zero up to {zero_up_to}")
            }
        }
    }
}

/// What was predicted of the outputs of a product or a layer, and what the array did. Sums over products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputsObject {
    /// What predicted; left out where nobody knows.
    #[serde(flatten)]
    pub method: Option<MethodObject>,
    /// All outputs.
    pub outputs: u64,
    /// Computed without asking.
    pub precomputed: u64,
    /// The others.
    pub free: u64,
    /// Free and computed, those that fill rows up too.
    pub kept: u64,
    /// Free and not computed.
    pub skipped: u64,
    /// Skipped, and not above 0; null, as the following, where nobody knows what outputs would have been.
    pub hit_zero: Option<u64>,
    /// Kept, and above 0.
    pub hit_nonzero: Option<u64>,
    /// Skipped, and above 0.
    pub miss_value: Option<u64>,
    /// Kept, and not above 0.
    pub miss_work: Option<u64>,
    /// Sum of what was skipped, of the sum of all outputs.
    pub lost: Option<f64>,
    /// The sum of all outputs, as if all were computed.
    pub sum: Option<f64>,
    /// MACs of skipped outputs.
    pub skipped_macs: u64,
    /// MACs of the predictor.
    pub predictor_macs: u64,
    /// Tiles of phases 1 and 2.
    pub tiles: [u64; 2],
    /// Cycles of phases 1 and 2.
    pub cycles: [u64; 2],
    /// Cycles between them.
    pub waiting_cycles: u64,
    /// Cycles if all outputs were computed.
    pub dense_cycles: u64,
    /// Cycles, waiting included, if phase 2 had as few tiles.
    pub bounds: BoundsObject,
}

/// What no output-stationary array reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundsObject {
    /// Each column of a tile takes pixels of its own.
    pub compact: u64,
    /// Any PE takes any output.
    pub ideal: u64,
}

impl OutputsObject {
    /// Of what an array did with `record`, whose outputs `place` predicts where that is known.
    pub fn of(record: &ProductRecord, predicted: &PredictedRecord, place: Option<&PlaceRecord>) -> Self {
        let PredictedRecord {
            first,
            skipped,
            filled_up,
            tiles,
            cycles,
            waiting,
            compact,
            ideal,
            dense,
            predictor_macs,
        } = *predicted;
        let outputs = record.n_outputs();
        let free = outputs - first;
        // Of outputs that fill rows up nobody says what they would have been.
        let counts = place.and_then(|place| place.counts).filter(|_| filled_up == 0);
        Self {
            method: place.map(|place| MethodObject::of(&place.method)),
            outputs,
            precomputed: first,
            free,
            kept: free - skipped,
            skipped,
            hit_zero: counts.map(|counts| counts.hit_zero),
            hit_nonzero: counts.map(|counts| counts.hit_nonzero),
            miss_value: counts.map(|counts| counts.miss_value),
            miss_work: counts.map(|counts| counts.miss_work),
            lost: counts.map(|counts| counts.lost()),
            sum: counts.map(|counts| counts.sum),
            skipped_macs: skipped * sim_core::shape::widen(record.shape.k()),
            predictor_macs,
            tiles,
            cycles: cycles.map(|cycles| cycles.0),
            waiting_cycles: waiting.0,
            dense_cycles: dense.0,
            bounds: BoundsObject {
                compact: compact.0,
                ideal: ideal.0,
            },
        }
    }
}

/// What predictions save over all simulated convolutions of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictionTotals {
    /// MACs of skipped outputs, of all MACs.
    pub macs_saved: f64,
    /// The same less the MACs of predictors.
    pub macs_saved_net: f64,
    /// Sum of what was skipped, of the sum of outputs; null where that is not known of a layer.
    pub lost: Option<f64>,
    /// Cycles of the layers where outputs are predicted, and what they were if all outputs were computed.
    pub predicted_cycles: u64,
    /// The same if all outputs were computed.
    pub dense_cycles: u64,
    /// By layer, what a predictor's score has to be above.
    pub thresholds: BTreeMap<String, f64>,
}

impl PredictionTotals {
    /// Of all layers; `None` where nothing is predicted.
    pub fn of(layers: &[LayerObject]) -> Option<Self> {
        let predicted = || {
            layers
                .iter()
                .filter_map(|layer| Some((layer, layer.product.prediction.as_ref()?)))
        };
        predicted().next()?;
        let is_convolution = |layer: &&LayerObject| match layer.kind {
            Some(LayerKind::Convolution | LayerKind::TransposedConvolution) | None => true,
            Some(LayerKind::FullyConnected) => false,
        };
        let all: u64 = layers
            .iter()
            .filter(is_convolution)
            .map(|layer| layer.product.macs)
            .sum();
        let sum = |of: fn(&OutputsObject) -> u64| predicted().map(|(_, outputs)| of(outputs)).sum::<u64>();
        let (skipped, predictors) = (
            sum(|outputs| outputs.skipped_macs),
            sum(|outputs| outputs.predictor_macs),
        );
        let share = |macs: f64| macs / count_as_f64(all);
        let sums = predicted().map(|(_, outputs)| Some((outputs.lost? * outputs.sum?, outputs.sum?)));
        let sums: Option<Vec<(f64, f64)>> = sums.collect();
        let thresholds = predicted().filter_map(|(layer, outputs)| match outputs.method {
            Some(MethodObject::Zap { threshold, .. }) => Some((layer.name.clone(), threshold)),
            Some(MethodObject::CrossNeuron { .. }) | None => None,
        });
        Some(Self {
            macs_saved: share(count_as_f64(skipped)),
            macs_saved_net: share(count_as_f64(skipped) - count_as_f64(predictors)),
            lost: sums.map(|sums| {
                let all: f64 = sums.iter().map(|(_, sum)| sum).sum();
                let lost: f64 = sums.iter().map(|(lost, _)| lost).sum();
                if all == 0.0 { 0.0 } else { lost / all }
            }),
            predicted_cycles: predicted().map(|(layer, _)| layer.product.cycles).sum(),
            dense_cycles: sum(|outputs| outputs.dense_cycles),
            thresholds: thresholds.collect(),
        })
    }

    /// What skipped outputs saved, as sentences.
    pub fn lines(&self) -> String {
        let cycles = match self.dense_cycles.checked_sub(self.predicted_cycles) {
            Some(saved) if 0 < saved => format!(
                "they saved {} cycles of {} in the layers where outputs are predicted ({:.2} %)",
                grouped(saved),
                grouped(self.dense_cycles),
                100.0 * count_as_f64(saved) / count_as_f64(self.dense_cycles)
            ),
            Some(_) => "they saved no cycles in this run, only energy".to_owned(),
            None => format!(
                "they saved no cycles in this run: the two phases take {} more than all outputs at once would",
                grouped(self.predicted_cycles - self.dense_cycles)
            ),
        };
        format!(
            "Skipped outputs are {} % of the MACs of simulated convolutions, {} % net of predictors; {cycles}.",
            percent(Some(self.macs_saved)),
            percent(Some(self.macs_saved_net)),
        )
    }
}

/// A place as it was set up.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceEcho {
    /// Its convolution.
    pub layer: String,
    /// What predicts.
    pub method: MethodObject,
    /// K of the convolution.
    pub macs_per_output: u64,
    /// The shortcut that computes what the place keeps, and its K; `None`: there is none, or it computes everything.
    pub shortcut: Option<(String, u64)>,
}

/// A prediction as it was set up.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionEcho {
    /// By place of the network; `None` where nothing is predicted.
    pub places: Vec<Option<PlaceEcho>>,
    /// MACs of all simulated convolutions for one image; `None` where sizes are unknown.
    pub simulated_macs: Option<u64>,
}

/// What a prediction did at one place; the counts are defined in `docs/prediction.md`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceObject {
    /// The convolution.
    pub layer: String,
    /// What predicted.
    #[serde(flatten)]
    pub method: MethodObject,
    /// All outputs.
    pub outputs: u64,
    /// Computed without asking.
    pub precomputed: u64,
    /// The others.
    pub free: u64,
    /// Free and computed.
    pub kept: u64,
    /// Free and not computed.
    pub skipped: u64,
    /// Skipped, and not above 0.
    pub hit_zero: u64,
    /// Kept, and above 0.
    pub hit_nonzero: u64,
    /// Skipped, and above 0.
    pub miss_value: u64,
    /// Kept, and not above 0.
    pub miss_work: u64,
    /// Sum of what was skipped, of the sum of all outputs.
    pub lost: f64,
    /// MACs of skipped outputs.
    pub skipped_macs: u64,
    /// MACs of the predictor.
    pub predictor_macs: u64,
}

/// What a prediction did over all images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictionObject {
    /// In the network's order, a shortcut that shares a place behind it; those where nothing is predicted are not there.
    pub places: Vec<PlaceObject>,
    /// MACs of skipped outputs, of all MACs of simulated convolutions; null where sizes are unknown.
    pub macs_saved: Option<f64>,
    /// The same less the MACs of predictors.
    pub macs_saved_net: Option<f64>,
    /// Sum of what was skipped at all places, of the sum of their outputs.
    pub lost: f64,
}

impl PlaceObject {
    /// Of a layer with so many MACs for an output, and so many of a predictor.
    fn of(
        (layer, macs_per_output): (&str, u64),
        (method, predictor_macs): (&MethodObject, u64),
        counts: &Counts,
    ) -> Self {
        let Counts {
            outputs,
            precomputed,
            free,
            kept,
            skipped,
            hit_zero,
            hit_nonzero,
            miss_value,
            miss_work,
            sum_skipped: _,
            sum: _,
        } = *counts;
        Self {
            layer: layer.to_owned(),
            method: method.clone(),
            outputs,
            precomputed,
            free,
            kept,
            skipped,
            hit_zero,
            hit_nonzero,
            miss_value,
            miss_work,
            lost: counts.lost(),
            skipped_macs: skipped * macs_per_output,
            predictor_macs,
        }
    }
}

impl PredictionObject {
    /// Of counts by place of the network, over so many images.
    pub fn of(echo: &PredictionEcho, counts: &[Counts], n_images: u64) -> Self {
        let mut places = Vec::new();
        let mut all = Counts::default();
        for (echo, counts) in echo.places.iter().zip(counts) {
            let Some(PlaceEcho {
                layer,
                method,
                macs_per_output,
                shortcut,
            }) = echo
            else {
                continue;
            };
            let predictor_macs = match method {
                MethodObject::Zap { .. } => counts.outputs * PREDICTOR_MACS_PER_OUTPUT,
                MethodObject::CrossNeuron { .. } => 0,
            };
            let of_place = (method, predictor_macs);
            places.push(PlaceObject::of((layer, *macs_per_output), of_place, counts));
            all.add(counts);
            if let Some((layer, macs_per_output)) = shortcut {
                places.push(PlaceObject::of((layer, *macs_per_output), (method, 0), counts));
            }
        }
        let sum = |macs: fn(&PlaceObject) -> u64| count_as_f64(places.iter().map(macs).sum());
        let skipped = sum(|place| place.skipped_macs);
        let net = skipped - sum(|place| place.predictor_macs);
        let simulated = echo.simulated_macs.map(|macs| count_as_f64(macs * n_images));
        let simulated = simulated.filter(|macs| 0.0 < *macs);
        Self {
            macs_saved: simulated.map(|macs| skipped / macs),
            macs_saved_net: simulated.map(|macs| net / macs),
            lost: all.lost(),
            places,
        }
    }

    /// What it saves and loses, as a sentence without an end.
    pub fn line(&self) -> String {
        format!(
            "{} % of the MACs of simulated convolutions are skipped, {} % net of predictors; {} % of the sum of outputs is lost",
            percent(self.macs_saved),
            percent(self.macs_saved_net),
            percent(Some(self.lost)),
        )
    }

    /// Place by place, as Markdown.
    pub fn table(&self) -> String {
        let header = [
            ("layer", Align::Left),
            ("method", Align::Left),
            ("computed first %", Align::Right),
            ("skipped %", Align::Right),
            ("skipped although above 0 %", Align::Right),
            ("lost %", Align::Right),
        ];
        let rows: Vec<Vec<String>> = (self.places.iter())
            .map(|place| {
                let share = |part: u64| {
                    format!(
                        "{:.1}",
                        100.0 * count_as_f64(part) / count_as_f64(place.outputs.max(1))
                    )
                };
                vec![
                    place.layer.clone(),
                    place.method.words(),
                    share(place.precomputed),
                    share(place.skipped),
                    share(place.miss_value),
                    format!("{:.2}", 100.0 * place.lost),
                ]
            })
            .collect();
        table(&header.map(|(name, align)| (name.to_owned(), align)), &rows)
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.2}", 100.0 * share))
}
