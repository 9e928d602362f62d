//! Predicted zeros: what predicts at each place, and what it did.

use serde::{Deserialize, Serialize};
use sim_core::prediction::{Counts, PREDICTOR_MACS_PER_OUTPUT};
use sim_core::units::count_as_f64;

use crate::markdown::{Align, table};

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

/// A place as it was set up.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceEcho {
    /// Its convolution.
    pub layer: String,
    /// What predicts.
    pub method: MethodObject,
    /// K of the convolution.
    pub macs_per_output: u64,
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
    /// In the network's order; those where nothing is predicted are not there.
    pub places: Vec<PlaceObject>,
    /// MACs of skipped outputs, of all MACs of simulated convolutions; null where sizes are unknown.
    pub macs_saved: Option<f64>,
    /// The same less the MACs of predictors.
    pub macs_saved_net: Option<f64>,
    /// Sum of what was skipped at all places, of the sum of their outputs.
    pub lost: f64,
}

impl PlaceObject {
    fn of(echo: &PlaceEcho, counts: &Counts) -> Self {
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
            layer: echo.layer.clone(),
            method: echo.method.clone(),
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
            skipped_macs: skipped * echo.macs_per_output,
            predictor_macs: match echo.method {
                MethodObject::Zap { .. } => outputs * PREDICTOR_MACS_PER_OUTPUT,
                MethodObject::CrossNeuron { .. } => 0,
            },
        }
    }
}

impl PredictionObject {
    /// Of counts by place of the network, over so many images.
    pub fn of(echo: &PredictionEcho, counts: &[Counts], n_images: u64) -> Self {
        let mut places = Vec::new();
        let mut all = Counts::default();
        for (echo, counts) in echo.places.iter().zip(counts) {
            if let Some(echo) = echo {
                places.push(PlaceObject::of(echo, counts));
                all.add(counts);
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

impl MethodObject {
    fn words(&self) -> String {
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
