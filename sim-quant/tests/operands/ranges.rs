//! Ranges of layer inputs and scales of weights, against their definitions written out once more.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use sim_core::preprocessing::{Channels, Preprocessing};
use sim_core::progress::Silent;
use sim_core::quantization::{EdgeLayer, QuantizationSpec, SelectionSpec, SignedInputs, WeightScales};
use sim_core::range::{ActivationRange, Percentile};
use sim_core::tensor::Tensor;
use sim_images::preprocess::batch;
use sim_images::sets::{ImageSet, OpenOptions};
use sim_net::network::{HookError, Hooks, Network, WeightedCall};
use sim_quant::capture::{CaptureOptions, ModelFile, capture};
use sim_trace::trace::Trace;

static GO: AtomicBool = AtomicBool::new(false);
const N_IMAGES: u32 = 4;
const D: f32 = 256.0;

fn model() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/fashion-resnet8.onnx")
}

fn network() -> Network {
    Network::load(model()).expect("loads")
}

/// Stripes that differ in brightness from image to image.
fn images() -> ImageSet {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("stripes-images-idx3-ubyte");
    let mut bytes = vec![0, 0, 8, 3];
    bytes.extend([N_IMAGES, 28, 28].iter().flat_map(|size| size.to_be_bytes()));
    for image in 0..N_IMAGES {
        for (y, x) in (0..28).flat_map(|y| (0..28).map(move |x| (y, x))) {
            let light = if (x * (image + 1) + y) % 7 < 3 {
                60 * (image + 1)
            } else {
                y
            };
            bytes.push(u8::try_from(light).expect("a byte"));
        }
    }
    std::fs::write(&path, bytes).expect("writes");
    ImageSet::open(&path, OpenOptions::default()).expect("opens")
}

fn preprocessing() -> Preprocessing {
    Preprocessing {
        channels: Some(Channels::Gray),
        mean: vec![0.286],
        std: vec![0.353],
        ..Preprocessing::default()
    }
}

/// The trace of all convolutions, the first one shifted.
fn captured(range: ActivationRange, weights: WeightScales, jobs: usize) -> Trace {
    let options = CaptureOptions {
        model: ModelFile::of(&model()).expect("hashes"),
        preprocessing: preprocessing(),
        quantization: QuantizationSpec {
            signed_inputs: SignedInputs::Shift,
            range,
            weights,
            ..QuantizationSpec::default()
        },
        selection: SelectionSpec {
            first: EdgeLayer::Simulated,
            ..SelectionSpec::default()
        },
        jobs,
        stop: &GO,
    };
    capture(&network(), &images(), None, &options, &Silent).expect("captures")
}

/// Collects what every layer reads.
#[derive(Default)]
struct Inputs(Vec<Vec<f32>>);

impl Hooks for Inputs {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.0.push(call.input.data().to_vec());
        Ok(None)
    }
}

/// By image, then by layer in execution order: what it reads. The trace has all but the last one.
fn inputs() -> Vec<Vec<Vec<f32>>> {
    let (network, images) = (network(), images());
    (0..images.len())
        .map(|index| {
            let image = images.load(index..index + 1).expect("loads");
            let input = batch(&preprocessing(), &image, None).expect("fits");
            let mut hooks = Inputs::default();
            network.run(&input, &mut hooks).expect("runs");
            hooks.0
        })
        .collect()
}

/// The scales and zero points that `ends` of each layer's images asks for.
#[track_caller]
fn check(range: ActivationRange, ends: impl Fn(&[&[f32]]) -> (f32, f32)) {
    let trace = captured(range, WeightScales::PerChannel, 2);
    let inputs = inputs();
    assert_eq!(trace.layers.len(), 9);
    let mut n_shifted = 0;
    for (index, layer) in trace.layers.iter().enumerate() {
        let of_images: Vec<&[f32]> = inputs.iter().map(|layers| layers[index].as_slice()).collect();
        let (min, max) = ends(&of_images);
        // Only the first layer reads values below zero, and only its lower end counts.
        let min = min.min(0.0);
        let scale = (max - min) / D;
        assert_eq!(
            layer.input_scale.to_bits(),
            scale.to_bits(),
            "{}: {min} to {max}",
            layer.name
        );
        let zero = f32::from(layer.zero_point);
        assert!((zero - (-min / scale)).abs() <= 0.5, "{}: {zero}", layer.name);
        n_shifted += usize::from(layer.zero_point != 0);
    }
    assert_eq!(n_shifted, 1);
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let n = f64::from(u32::try_from(values.len()).expect("few images"));
    let mean = values.map(f64::from).sum::<f64>() / n;
    // All digits, so that it is rounded once.
    format!("{mean:.200}").parse().expect("a number")
}

fn least(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::INFINITY, f32::min)
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

#[test]
fn the_mean_of_the_extremes_is_the_default() {
    assert_eq!(QuantizationSpec::default().range, ActivationRange::MeanOfMax);
    check(ActivationRange::MeanOfMax, |images| {
        (
            mean(images.iter().map(|values| least(values))),
            mean(images.iter().map(|values| largest(values))),
        )
    });
}

#[test]
fn the_largest_of_all_images() {
    check(ActivationRange::Max, |images| {
        (least(&images.concat()), largest(&images.concat()))
    });
}

#[test]
fn a_percentile_of_each_image() {
    for (percentile, of_ten_thousand) in [(99.9, 9990), (97.5, 9750), (100.0, 10_000)] {
        let range = ActivationRange::Percentile(Percentile::new(percentile).expect("is one"));
        let sorted = |values: &[f32]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f32::total_cmp);
            sorted
        };
        let rank = |count: usize| (count * of_ten_thousand).div_ceil(10_000);
        check(range, |images| {
            (
                // From below: as many values before it as behind the upper end.
                mean(
                    images
                        .iter()
                        .map(|values| sorted(values)[values.len() - rank(values.len())]),
                ),
                mean(images.iter().map(|values| sorted(values)[rank(values.len()) - 1])),
            )
        });
    }
}

/// Σ of squared errors of one image where codes are of the range from `min` to `max`.
fn squared_error(values: &[f32], min: f32, max: f32) -> f64 {
    let scale = (max - min) / D;
    let zero = (-min / scale).round_ties_even().clamp(0.0, 255.0);
    let mut sum = 0.0;
    for &x in values {
        let code = ((x / scale).round_ties_even() + zero).clamp(0.0, 255.0);
        let error = f64::from(x) - f64::from(code - zero) * f64::from(scale);
        sum += error * error;
    }
    sum
}

#[test]
fn the_least_squared_error_of_the_grid() {
    let n_inner = std::cell::Cell::new(0);
    check(ActivationRange::LeastSquares, |images| {
        let (min, max) = (least(&images.concat()).min(0.0), largest(&images.concat()));
        let mut best = (f64::INFINITY, 1.0);
        for step in (16_u8..=64).rev() {
            let part = f32::from(step) / 64.0;
            let error = images
                .iter()
                .map(|values| squared_error(values, min * part, max * part))
                .sum();
            if error < best.0 {
                best = (error, part);
            }
        }
        n_inner.set(n_inner.get() + usize::from(best.1 < 1.0));
        (min * best.1, max * best.1)
    });
    assert!(0 < n_inner.get(), "the whole range was best everywhere");
}

#[test]
fn ranges_do_not_depend_on_jobs() {
    for range in [
        ActivationRange::Max,
        ActivationRange::Percentile(Percentile::default()),
        ActivationRange::LeastSquares,
    ] {
        let one = captured(range, WeightScales::PerTensor, 1);
        assert_eq!(one, captured(range, WeightScales::PerTensor, 3));
    }
}

#[test]
fn one_scale_per_tensor_is_the_largest_per_channel() {
    let range = ActivationRange::MeanOfMax;
    let channels = captured(range, WeightScales::PerChannel, 2);
    let tensors = captured(range, WeightScales::PerTensor, 2);
    for (channel, tensor) in channels.layers.iter().zip(&tensors.layers) {
        let scale = largest(&channel.weight_scale);
        assert_eq!(
            tensor.weight_scale,
            vec![scale; tensor.weight_shape[0]],
            "{}",
            tensor.name
        );
        assert_ne!(tensor.weight, channel.weight, "{}", tensor.name);
        assert_eq!(tensor.input, channel.input);
    }
}
