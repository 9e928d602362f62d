//! A predictor file as bytes: the same for the same predictors.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};

use crate::curve::{Curve, N_THRESHOLDS};
use crate::file::{
    BY_CHANNEL, Description, FileFault, KEY, PlaceDescription, PlacePredictor, PredictorFile, VERSION,
    by_channel, tensor_name,
};
use crate::predictor::SIZE;

/// A tensor as it stands in the file.
struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl PredictorFile {
    /// The bytes of the file.
    ///
    /// - Errors: what no file holds: no places, names twice, lists of different channels, numbers that are not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileFault> {
        self.check()?;
        let Self { places, provenance } = self;
        let of_place = |place: &PlacePredictor| PlaceDescription {
            name: place.name.clone(),
            losses: place.losses.clone(),
        };
        let description = Description {
            version: VERSION,
            provenance: provenance.clone(),
            places: places.iter().map(of_place).collect(),
        };
        let text = serde_json::to_string(&description).map_err(|error| FileFault::Description {
            why: error.to_string(),
        })?;
        let broken = |error: safetensors::SafeTensorError| FileFault::Container {
            why: error.to_string(),
        };
        let tensors: Vec<Tensor> = places.iter().flat_map(tensors).collect();
        let mut views = Vec::new();
        for tensor in &tensors {
            let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes).map_err(broken)?;
            views.push((tensor.name.as_str(), view));
        }
        // Sorts by type and name. One key of metadata has one order.
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), text)]))).map_err(broken)
    }
}

fn tensors(place: &PlacePredictor) -> Vec<Tensor> {
    let PlacePredictor {
        name: place,
        predictor,
        curve,
        losses: _,
    } = place;
    let mut tensors = Vec::new();
    let mut push = |tensor: &str, dtype, shape: &[usize], bytes| {
        tensors.push(Tensor {
            name: tensor_name(place, tensor),
            dtype,
            shape: shape.to_vec(),
            bytes,
        });
    };
    let n_channels = predictor.n_channels();
    for (stage, number) in predictor.stages.iter().zip(["1", "2"]) {
        push(
            &format!("w{number}"),
            Dtype::F32,
            &[n_channels, SIZE, SIZE],
            singles(&stage.weight),
        );
        for (tensor, list) in BY_CHANNEL.iter().zip(by_channel(stage)) {
            push(
                &format!("{tensor}{number}"),
                Dtype::F32,
                &[n_channels],
                singles(list),
            );
        }
    }
    let mask = i32::from(predictor.mask.number());
    push("mask", Dtype::I32, &[1], mask.to_le_bytes().to_vec());
    if let Some(Curve { share, error }) = curve {
        push("share", Dtype::F64, &[N_THRESHOLDS], doubles(share));
        push("error", Dtype::F64, &[N_THRESHOLDS], doubles(error));
    }
    tensors
}

fn singles(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
