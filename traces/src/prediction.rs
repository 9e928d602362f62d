//! Outputs of a layer that were predicted to be zero.

use serde::{Deserialize, Serialize};
use sim_core::prediction::{Counts, PlaceMethod};

use crate::error::{Fault, LayerName};
use crate::trace::Layer;

/// Which outputs of a layer are computed at all. The ReLU behind them is a place of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedOutputs {
    /// `[maps, output channels, rows, columns]`: 1 is computed, 0 is not.
    pub kept: Vec<u8>,
    /// `[rows, columns]`: 1 is computed without asking, in all maps and channels.
    pub first: Vec<u8>,
    /// How that was predicted.
    pub about: PredictionDescription,
}

/// What of a prediction is not a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PredictionDescription {
    /// What predicted.
    pub method: PlaceMethod,
    /// The layer whose place this is, where the layer is a shortcut that shares it; files leave it out elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut_of: Option<String>,
    /// Of each map; files leave it out where it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Counts>,
}

impl PredictedOutputs {
    /// Whether it is about the outputs of `layer`, of `[rows, columns]`.
    pub(crate) fn check(
        &self,
        layer: &Layer,
        [rows, columns]: [usize; 2],
        name: &dyn Fn() -> LayerName,
    ) -> Result<(), Fault> {
        let n_pixels = rows * columns;
        let (n_maps, n_channels) = (layer.input_shape[0], layer.weight_shape[0]);
        let shape = |tensor: &str, found: usize, want: String| Fault::Shape {
            layer: name(),
            tensor: tensor.to_owned(),
            found: vec![found],
            want,
        };
        if self.first.len() != n_pixels {
            return Err(shape("first", self.first.len(), format!("{n_pixels} values")));
        }
        let n_outputs = n_maps.checked_mul(n_channels * n_pixels);
        if Some(self.kept.len()) != n_outputs {
            let want = format!("{n_maps} maps of {n_channels} channels of {n_pixels} pixels");
            return Err(shape("kept", self.kept.len(), want));
        }
        for (tensor, values) in [("kept", &self.kept), ("first", &self.first)] {
            if let Some(index) = values.iter().position(|&value| 1 < value) {
                return Err(Fault::Value {
                    layer: name(),
                    tensor,
                    index,
                    value: values[index].into(),
                    want: "0 or 1",
                });
            }
        }
        let mut outputs = self.first.iter().cycle().zip(&self.kept);
        if let Some(index) = outputs.position(|(&first, &kept)| kept < first) {
            return Err(Fault::Value {
                layer: name(),
                tensor: "kept",
                index,
                value: 0.0,
                want: "1, since its pixel is computed first",
            });
        }
        let wrong = |why: String| Fault::Prediction { layer: name(), why };
        if !self.about.method.is_valid() {
            return Err(wrong(format!("{:?} is not a method", self.about.method)));
        }
        self.check_counts(n_maps, n_channels * n_pixels).map_err(wrong)
    }

    /// Whether the counts, where there are some, are those of the outputs.
    fn check_counts(&self, n_maps: usize, n_outputs: usize) -> Result<(), String> {
        let counts = &self.about.counts;
        if counts.is_empty() {
            return Ok(());
        }
        if counts.len() != n_maps {
            return Err(format!("{} counts for {n_maps} maps", counts.len()));
        }
        let number = sim_core::shape::widen;
        let n_first = self.first.iter().filter(|&&first| first == 1).count();
        let n_first = n_first * (n_outputs / self.first.len().max(1));
        for (map, (counts, kept)) in counts.iter().zip(self.kept.chunks(n_outputs.max(1))).enumerate() {
            let n_skipped = kept.iter().filter(|&&kept| kept == 0).count();
            let free = n_outputs - n_first;
            let agrees = counts.outputs == number(n_outputs)
                && counts.precomputed == number(n_first)
                && counts.free == number(free)
                && counts.skipped == number(n_skipped)
                && counts.kept == number(free - n_skipped)
                && counts.hit_zero.checked_add(counts.miss_value) == Some(counts.skipped)
                && counts.hit_nonzero.checked_add(counts.miss_work) == Some(counts.kept);
            if !agrees {
                return Err(format!(
                    "the counts of map {map} are not those of `kept` and `first`"
                ));
            }
            if !(counts.sum.is_finite() && counts.sum_skipped.is_finite()) {
                return Err(format!(
                    "the outputs of map {map} do not add up to a finite number"
                ));
            }
        }
        Ok(())
    }
}
