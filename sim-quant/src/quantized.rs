//! A network's simulated layers in codes.

use sim_core::quantization::{Bias, QuantizationSpec};
use sim_core::record::QuantizedRecord;
use sim_net::network::{Network, StoredWeights, WeightedLayer};
use sim_simd::integer::{ROWS_TRANSPOSED, each_column};
use sim_simd::vectorized;

use crate::calibrate::Calibration;
use crate::capture_error::CaptureError;
use crate::kurtosis::kurtosis;
use crate::lowering::Lowering;
use crate::quantize::{self, ActivationQuantizer, NotFinite};
use crate::weights::{self, QuantizedWeights, WeightRule};

/// Weights and bias of a layer as the array and the adder behind it take them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LayerCodes {
    pub(crate) weights: QuantizedWeights,
    pub(crate) bias: Option<Vec<f32>>,
}

impl LayerCodes {
    /// Those of a layer.
    ///
    /// - Errors: weights or biases that are not finite.
    pub(crate) fn of(layer: &WeightedLayer, quantization: &QuantizationSpec) -> Result<Self, CaptureError> {
        let not_finite = |tensor| {
            move |error: NotFinite| CaptureError::NotFinite {
                layer: layer.name.clone(),
                tensor,
                error,
            }
        };
        let weights = match &layer.stored.weights {
            Some(Ok(StoredWeights { codes, scales })) => QuantizedWeights {
                codes: codes.clone(),
                scales: scales.clone(),
            },
            Some(Err(_)) | None => WeightRule::of(quantization)
                .quantize(&layer.weight.data, layer.weight_shape()[0])
                .map_err(not_finite("weight"))?,
        };
        // A bias beside stored codes has the precision that the file gives it.
        let rule = match layer.stored.weights {
            Some(Ok(_)) => Bias::Fp32,
            Some(Err(_)) | None => quantization.bias,
        };
        let bias = match (&layer.bias, rule) {
            (None, _) => None,
            (Some(bias), Bias::Int8) => {
                Some(weights::bias(bias, quantization.divisor).map_err(not_finite("bias"))?)
            }
            (Some(bias), Bias::Fp32) => {
                quantize::check(bias).map_err(not_finite("bias"))?;
                Some(bias.clone())
            }
        };
        Ok(Self { weights, bias })
    }
}

/// A simulated layer: how its input becomes codes, its weights, and how products become outputs.
#[derive(Debug)]
pub struct QuantizedLayer {
    quantizer: ActivationQuantizer,
    codes: LayerCodes,
    record: QuantizedRecord,
    /// z · Σ W of each output channel, which padding and zeros add to every product.
    zero_sums: Vec<i32>,
}

impl QuantizedLayer {
    /// How the input becomes codes.
    pub const fn quantizer(&self) -> &ActivationQuantizer {
        &self.quantizer
    }

    /// How it became codes.
    pub const fn record(&self) -> QuantizedRecord {
        self.record
    }

    /// Codes of the weights, in the order of the weights.
    pub fn weights(&self) -> &[i8] {
        &self.codes.weights.codes
    }

    /// Turn the product of a group over some images, `[images · m, n]`, into outputs of its channels among those of
    /// all, `[channels, m]` of each image: `(C · Δa) · Δw + bias`.
    pub fn rescale(&self, lowering: &Lowering, group: usize, product: &[i32], outputs: &mut [Vec<f32>]) {
        let (m, n) = (lowering.m(), lowering.n());
        let channels = group * n..(group + 1) * n;
        let columns: Vec<Column> = channels.map(|channel| self.column(channel)).collect();
        let scale = self.quantizer.scale;
        vectorized(
            #[inline(always)]
            || {
                for (outputs, product) in outputs.iter_mut().zip(product.chunks(m * n)) {
                    rescale_image(&columns, scale, product, &mut outputs[group * n * m..][..n * m]);
                }
            },
        );
    }

    fn column(&self, channel: usize) -> Column {
        Column {
            weight_scale: self.codes.weights.scales[channel],
            zero_sum: self.zero_sums[channel],
            bias: self.codes.bias.as_ref().map_or(0.0, |bias| bias[channel]),
        }
    }
}

/// What a column of a product becomes an output with.
struct Column {
    weight_scale: f32,
    zero_sum: i32,
    bias: f32,
}

/// From `[m, n]` to `[n, m]`.
#[inline(always)]
fn rescale_image(columns: &[Column], scale: f32, product: &[i32], outputs: &mut [f32]) {
    let n = columns.len();
    let m = product.len() / n;
    for (first, rows) in (0..m)
        .step_by(ROWS_TRANSPOSED)
        .zip(product.chunks(ROWS_TRANSPOSED * n))
    {
        let n_rows = rows.len() / n;
        each_column(rows, n, |col, sums| {
            let column = &columns[col];
            let values =
                sums.map(|sum| float(sum - column.zero_sum) * scale * column.weight_scale + column.bias);
            outputs[col * m + first..][..n_rows].copy_from_slice(&values[..n_rows]);
        });
    }
}

#[expect(
    clippy::as_conversions,
    reason = "an accumulator is rounded to FP32; std has no other conversion"
)]
const fn float(accumulator: i32) -> f32 {
    accumulator as f32
}

/// The simulated layers of a network.
#[derive(Debug)]
pub struct QuantizedNetwork {
    layers: Vec<Option<QuantizedLayer>>,
}

impl QuantizedNetwork {
    /// The layers that a calibration simulates.
    ///
    /// - Errors: weights or biases that are not finite.
    pub fn new(
        network: &Network,
        calibration: &Calibration,
        quantization: &QuantizationSpec,
    ) -> Result<Self, CaptureError> {
        let layers = network.layers().iter().zip(&calibration.quantizers);
        let layers = layers.map(|(layer, quantizer)| {
            let Some(quantizer) = *quantizer else {
                return Ok(None);
            };
            let codes = LayerCodes::of(layer, quantization)?;
            let n_channels = layer.weight_shape()[0];
            let per_channel = codes
                .weights
                .codes
                .chunks(codes.weights.codes.len() / n_channels.max(1));
            let zero_sums = per_channel
                .map(|weights| {
                    weights.iter().map(|&w| i32::from(w)).sum::<i32>() * i32::from(quantizer.zero_point)
                })
                .collect();
            Ok(Some(QuantizedLayer {
                quantizer,
                codes,
                record: QuantizedRecord::of(quantization, kurtosis(&layer.weight.data)),
                zero_sums,
            }))
        });
        Ok(Self {
            layers: layers.collect::<Result<_, CaptureError>>()?,
        })
    }

    /// The layer at this place among those of the network, where it is simulated.
    pub fn layer(&self, index: usize) -> Option<&QuantizedLayer> {
        self.layers[index].as_ref()
    }

    /// Layers of the network, simulated or not.
    pub const fn n_layers(&self) -> usize {
        self.layers.len()
    }
}
