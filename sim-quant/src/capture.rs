//! A layer trace of a network over images.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use sim_core::convolution::Geometry;
use sim_core::prediction::PlaceMethod;
use sim_core::preprocessing::Preprocessing;
use sim_core::progress::Progress;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::shape::widen;
use sim_images::sets::ImageSet;
use sim_net::network::{Macs, Network, WeightedLayer};
use sim_trace::TraceError;
use sim_trace::prediction::{PredictedOutputs, PredictionDescription};
use sim_trace::trace::{Layer, Origin, Trace, Unsimulated};

use crate::calibrate::{Calibration, Quantizers, calibrate, wide_counts};
pub use crate::capture_error::CaptureError;
use crate::coverage;
use crate::pass::{Pass, Seen};
use crate::prediction::{MapGate, PlaceMethods};
use crate::quantize::ActivationQuantizer;
use crate::quantized::LayerCodes;
use crate::selection::Choice;

/// The file that a network came from, as results name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// File name without its folder.
    pub name: String,
    /// BLAKE3, hexadecimal.
    pub hash: String,
}

impl ModelFile {
    /// Name and hash of the file at `path`.
    ///
    /// - Errors: the file cannot be read.
    pub fn of(path: &Path) -> Result<Self, TraceError> {
        Ok(Self {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            hash: sim_trace::hash::of_file(path)?,
        })
    }
}

/// How a network is captured.
#[derive(Clone, Debug)]
pub struct CaptureOptions<'a> {
    /// Where the network came from; stored in the trace.
    pub model: ModelFile,
    /// How pixels become input.
    pub preprocessing: Preprocessing,
    /// How tensors become codes.
    pub quantization: QuantizationSpec,
    /// Which layers are taken.
    pub selection: SelectionSpec,
    /// Threads of this computer; at least one is used. The trace does not depend on it.
    pub jobs: usize,
    /// Set from elsewhere to end after the images at hand.
    pub stop: &'a AtomicBool,
}

/// Run `network` in FP32 over `images`, and quantize what its layers read.
///
/// Ranges and wide counts come from `calibration`, or from `images` themselves without it. Every layer of the network
/// is in the trace, or among its unsimulated ones with the reason; both in execution order.
///
/// - Errors: images that cannot be loaded or preprocessed, a network that cannot be run on them, tensors that are not
///   finite, and a network without layers.
pub fn capture(
    network: &Network,
    images: &ImageSet,
    calibration: Option<&ImageSet>,
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Trace, CaptureError> {
    let calibration = calibration.unwrap_or(images);
    let decided = calibrate(network, calibration, options, progress)?;
    let images = CapturedImages { images, calibration };
    capture_calibrated(
        network,
        images,
        (&decided, &PlaceMethods::default()),
        options,
        progress,
    )
}

/// What goes through a network.
#[derive(Clone, Copy)]
pub struct CapturedImages<'a> {
    /// Images whose codes are stored.
    pub images: &'a ImageSet,
    /// Images that set ranges.
    pub calibration: &'a ImageSet,
}

/// The same where it is decided which layers are simulated, and how; with zeros that methods predict, by place of the
/// network. Nothing is predicted for wide counts.
///
/// - Errors: as [`capture`].
pub fn capture_calibrated(
    network: &Network,
    CapturedImages { images, calibration }: CapturedImages<'_>,
    (Calibration { choices, quantizers }, methods): (&Calibration, &PlaceMethods),
    options: &CaptureOptions<'_>,
    progress: &dyn Progress,
) -> Result<Trace, CaptureError> {
    let mut counts = wide_counts(&Pass::new(network, calibration, options, progress)?, quantizers)?;
    let Macs { layers, others } = coverage::macs(network, images, options)?;
    let of_images = |macs: Option<u64>| macs.map(|macs| macs * widen(images.len()));
    let macs = |index: usize| of_images(layers[index]);
    let pass = Pass::new(network, images, options, progress)?;
    let (inputs, mut predicted) = inputs(&pass, quantizers, methods)?;
    let mut trace = Trace {
        origin: Origin {
            model: Some(options.model.name.clone()),
            model_hash: Some(options.model.hash.clone()),
            images: images.names().to_vec(),
            calibration: calibration.names().to_vec(),
            preprocessing: Some(options.preprocessing.clone()),
            quantization: Some(options.quantization),
            selection: Some(options.selection),
            pruned: Vec::new(),
        },
        layers: Vec::new(),
        unsimulated: Vec::new(),
    };
    for (index, (layer, input)) in network.layers().iter().zip(inputs).enumerate() {
        match (&choices[index], quantizers[index], input) {
            (Choice::Simulated(_), Some(quantizer), Some(input)) => {
                let wide_counts = counts[index].take();
                trace.layers.push(traced(
                    layer,
                    quantizer,
                    input,
                    wide_counts,
                    &options.quantization,
                )?);
                if let Some(layer) = trace.layers.last_mut() {
                    layer.predicted = predicted[index].take();
                }
            }
            (Choice::Simulated(_), _, _) => trace.unsimulated.push(Unsimulated {
                name: layer.name.clone(),
                reason: "no image reached it".to_owned(),
                macs: macs(index),
            }),
            (Choice::Unsimulated(reason), _, _) => trace.unsimulated.push(Unsimulated {
                name: layer.name.clone(),
                reason: reason.clone(),
                macs: macs(index),
            }),
        }
    }
    let others = network.others().iter().zip(others);
    let others = others.map(|(other, macs)| Unsimulated {
        name: other.name.clone(),
        reason: other.reason.clone(),
        macs: of_images(macs),
    });
    trace.unsimulated.extend(others);
    Ok(trace)
}

/// The input of a layer over all images.
struct Input {
    codes: Vec<u8>,
    shape: [usize; 3],
    /// Of each image.
    n_maps: usize,
    geometry: Geometry,
}

impl Input {
    /// Of one image; a single map is not counted.
    fn sizes(&self) -> Vec<usize> {
        let n_maps = Some(self.n_maps).filter(|&n_maps| n_maps != 1);
        n_maps.into_iter().chain(self.shape).collect()
    }
}

/// By layer of the network.
type ByLayer<T> = Vec<Option<T>>;

/// What layers read, and which of their outputs are computed.
fn inputs(
    pass: &Pass<'_>,
    quantizers: &Quantizers,
    methods: &PlaceMethods,
) -> Result<(ByLayer<Input>, ByLayer<PredictedOutputs>), CaptureError> {
    let mut inputs: ByLayer<Input> = quantizers.iter().map(|_| None).collect();
    let mut predicted: ByLayer<PredictedOutputs> = quantizers.iter().map(|_| None).collect();
    let see = |seen: &Seen<'_>| {
        let Some(quantizer) = quantizers[seen.index] else {
            return Ok(None);
        };
        seen.lowering()?;
        Ok(Some(Input {
            codes: seen.codes(&quantizer)?,
            shape: seen.shape,
            n_maps: seen.n_maps(),
            geometry: seen.geometry,
        }))
    };
    pass.run_gated("capturing", methods, see, |index, kept, gates| {
        for (layer, mut one) in kept {
            match &mut inputs[layer] {
                all @ None => *all = Some(one),
                Some(all) if (all.n_maps, all.shape) != (one.n_maps, one.shape) => {
                    return Err(CaptureError::Sizes {
                        layer: pass.network.layers()[layer].name.clone(),
                        image: pass.images.names()[index].clone(),
                        found: one.sizes(),
                        want: all.sizes(),
                    });
                }
                Some(all) => all.codes.append(&mut one.codes),
            }
        }
        for gate in gates {
            if let Some(method) = methods.of(gate.place) {
                let place = &pass.network.places()[gate.place];
                let method = method.description();
                traced_gate(&mut predicted[place.layer], (method, None), &gate);
                if let Some(shortcut) = place.shortcut {
                    let of = &pass.network.layers()[place.layer].name;
                    traced_gate(&mut predicted[shortcut], (method, Some(of)), &gate);
                }
            }
        }
        Ok(())
    })?;
    Ok((inputs, predicted))
}

/// Put the gate of a map behind those of earlier ones, of a place or of the shortcut of one.
pub fn traced_gate(
    slot: &mut Option<PredictedOutputs>,
    (method, shortcut_of): (PlaceMethod, Option<&String>),
    gate: &MapGate,
) {
    let bits = |bits: &[bool]| bits.iter().map(|&bit| u8::from(bit)).collect::<Vec<u8>>();
    let all = slot.get_or_insert_with(|| PredictedOutputs {
        kept: Vec::new(),
        first: bits(gate.gate.first()),
        about: PredictionDescription {
            method,
            shortcut_of: shortcut_of.cloned(),
            counts: Vec::new(),
        },
    });
    all.kept.extend(bits(gate.gate.kept()));
    all.about.counts.push(gate.counts);
}

fn traced(
    layer: &WeightedLayer,
    quantizer: ActivationQuantizer,
    input: Input,
    wide_counts: Option<Vec<u64>>,
    quantization: &QuantizationSpec,
) -> Result<Layer, CaptureError> {
    let codes = LayerCodes::of(layer, quantization)?;
    let [channels, rows, columns] = input.shape;
    let n_maps = input.codes.len() / (channels * rows * columns).max(1);
    Ok(Layer {
        name: layer.name.clone(),
        kind: layer.kind,
        geometry: input.geometry,
        node: Some(layer.node),
        input: input.codes,
        input_shape: [n_maps, channels, rows, columns],
        weight: codes.weights.codes,
        weight_shape: layer.weight_shape(),
        input_scale: quantizer.scale,
        zero_point: quantizer.zero_point,
        weight_scale: codes.weights.scales,
        bias: codes.bias,
        wide_counts,
        predicted: None,
    })
}
