//! The default network over a few images, from ONNX file to trace.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use sim_core::convolution::LayerKind;
use sim_core::preprocessing::{Channels, Preprocessing};
use sim_core::progress::Silent;
use sim_core::quantization::{EdgeLayer, LayerSelection, QuantizationSpec, SelectionSpec, SignedInputs};
use sim_core::spec::KOrder;
use sim_images::sets::{ImageSet, OpenOptions};
use sim_net::network::Network;
use sim_quant::capture::{CaptureError, CaptureOptions, ModelFile, capture};
use sim_quant::lowering::Lowering;
use sim_trace::trace::{Layer, Trace};

static GO: AtomicBool = AtomicBool::new(false);

fn model() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models/fashion-resnet8.onnx")
}

pub(crate) fn network() -> Network {
    Network::load(model()).expect("loads")
}

/// Shapes of light on dark, as many as asked for, `side` pixels wide and high.
pub(crate) fn images(n_images: u32, side: u32) -> ImageSet {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shapes-images-idx3-ubyte");
    let mut bytes = vec![0, 0, 8, 3];
    bytes.extend([n_images, side, side].iter().flat_map(|size| size.to_be_bytes()));
    for image in 0..n_images {
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let is_light = (x + image * 3) % 9 < 5 && y * (image + 1) % 13 < 8;
            bytes.push(u8::try_from(if is_light { 100 + x * 4 + y } else { 0 }).unwrap_or(u8::MAX));
        }
    }
    std::fs::write(&path, bytes).expect("writes");
    ImageSet::open(&path, OpenOptions::default()).expect("opens")
}

pub(crate) fn options() -> CaptureOptions<'static> {
    CaptureOptions {
        model: ModelFile::of(&model()).expect("hashes"),
        preprocessing: Preprocessing {
            channels: Some(Channels::Gray),
            mean: vec![0.286],
            std: vec![0.353],
            ..Preprocessing::default()
        },
        quantization: QuantizationSpec::default(),
        selection: SelectionSpec::default(),
        jobs: 2,
        stop: &GO,
    }
}

fn captured(options: &CaptureOptions<'_>) -> Trace {
    capture(&network(), &images(3, 28), None, options, &Silent).expect("captures")
}

#[test]
fn every_layer_is_in_the_trace_or_left_out_with_a_reason() {
    let trace = captured(&options());
    assert_eq!((trace.layers.len(), trace.unsimulated.len()), (8, 2));
    assert!(
        trace.unsimulated[0].reason.contains("first convolution"),
        "{:?}",
        trace.unsimulated
    );
    assert!(
        trace.unsimulated[1].reason.contains("fully connected"),
        "{:?}",
        trace.unsimulated
    );
    for layer in &trace.layers {
        assert_eq!(
            (layer.kind, layer.input_shape[0], layer.zero_point),
            (LayerKind::Convolution, 3, 0)
        );
        assert!(
            layer.input.contains(&0) && layer.input.iter().any(|&code| 200 < code),
            "{}",
            layer.name
        );
    }
    assert!(
        trace
            .layers
            .iter()
            .any(|layer| layer.geometry.stride == [2, 2] && layer.weight_shape[2] == 1)
    );
    assert_eq!(trace.origin.images.len(), 3);
    assert_eq!(trace.origin.calibration, trace.origin.images);
    assert_eq!(trace.origin.model.as_deref(), Some("fashion-resnet8.onnx"));
}

#[test]
fn a_trace_does_not_depend_on_jobs() {
    let one = CaptureOptions { jobs: 1, ..options() };
    assert_eq!(
        captured(&one),
        captured(&CaptureOptions {
            jobs: 7,
            ..one.clone()
        })
    );
}

#[test]
fn wide_counts_are_those_of_the_lowered_columns() {
    for layer in captured(&options()).layers {
        let lowering = Lowering::of(&layer).expect("fits");
        let mut lowered = Vec::new();
        for input in layer.input.chunks(lowering.input_len()) {
            let activations = lowering.activations(input, layer.zero_point, 0, KOrder::ChannelMajor);
            lowered.extend(activations.to_vec());
        }
        let count = |k: usize| {
            lowered
                .iter()
                .skip(k)
                .step_by(lowering.k())
                .filter(|&&code| 15 < code)
                .count()
        };
        let want = (0..lowering.k())
            .map(|k| u64::try_from(count(k)).expect("fits"))
            .collect();
        assert_eq!(layer.wide_counts, Some(want), "{}", layer.name);
    }
}

#[test]
fn calibration_images_set_the_ranges() {
    let (network, images) = (network(), images(3, 28));
    let calibration = self::images(6, 28);
    let options = options();
    let own = capture(&network, &images, None, &options, &Silent).expect("captures");
    let other = capture(&network, &images, Some(&calibration), &options, &Silent).expect("captures");
    assert_eq!(other.origin.calibration.len(), 6);
    for (own, other) in own.layers.iter().zip(&other.layers) {
        assert_ne!(
            own.input_scale.to_bits(),
            other.input_scale.to_bits(),
            "{}",
            own.name
        );
        assert_eq!(
            (&own.weight, &own.weight_scale),
            (&other.weight, &other.weight_scale)
        );
    }
}

#[test]
fn signed_inputs_are_shifted_only_where_asked_for() {
    let all = SelectionSpec {
        layers: LayerSelection::All,
        first: EdgeLayer::Simulated,
        last: EdgeLayer::Simulated,
    };
    let unsimulated = CaptureOptions {
        selection: all,
        ..options()
    };
    let trace = captured(&unsimulated);
    assert_eq!((trace.layers.len(), trace.unsimulated.len()), (9, 1));
    assert!(
        trace.unsimulated[0].reason.contains("can be negative"),
        "{:?}",
        trace.unsimulated
    );
    let last = trace.layers.last().expect("has layers");
    assert_eq!(
        (last.kind, last.input_shape),
        (LayerKind::FullyConnected, [3, 64, 1, 1])
    );
    assert!(last.bias.is_some());

    let shifted = CaptureOptions {
        quantization: QuantizationSpec {
            signed_inputs: SignedInputs::Shift,
            ..QuantizationSpec::default()
        },
        ..unsimulated
    };
    let trace = captured(&shifted);
    assert_eq!((trace.layers.len(), trace.unsimulated.len()), (10, 0));
    let first = &trace.layers[0];
    // Black is −0.81 and the lightest pixel about 2: zero lies in the lower half.
    assert!((40..100).contains(&first.zero_point), "{}", first.zero_point);
    assert!(first.input.contains(&0), "black is the least code");
}

#[test]
fn a_captured_trace_is_written_read_and_lowered() {
    let trace = captured(&options());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.safetensors");
    sim_trace::write(&path, &trace).expect("writes");
    let trace = sim_trace::read(&path).expect("reads");
    let macs = |layer: &Layer| {
        let lowering = Lowering::of(layer).expect("fits");
        assert_eq!(lowering.groups(), 1);
        lowering.gemm(layer.input_shape[0]).expect("not empty").macs()
    };
    let macs: u64 = trace.layers.iter().map(macs).sum();
    // Pixels × channels × K of both convolutions of each block and of the two shortcuts.
    let first_block = 28 * 28 * 16 * (144 + 144);
    let second_block = 14 * 14 * 32 * (144 + 288 + 16);
    let third_block = 7 * 7 * 64 * (288 + 576 + 32);
    assert_eq!(macs, 3 * (first_block + second_block + third_block));
}

#[test]
fn images_that_do_not_fit_are_errors() {
    let (network, images) = (network(), images(2, 28));
    let rgb = CaptureOptions {
        preprocessing: Preprocessing {
            channels: Some(Channels::Rgb),
            ..Preprocessing::default()
        },
        ..options()
    };
    let error = capture(&network, &images, None, &rgb, &Silent).expect_err("the network takes one channel");
    assert!(matches!(error, CaptureError::Network { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("image `shapes-images-idx3-ubyte[0]`: "),
        "{error}"
    );
    let stop = AtomicBool::new(true);
    let stopped = CaptureOptions {
        stop: &stop,
        ..options()
    };
    let error = capture(&network, &images, None, &stopped, &Silent).expect_err("is stopped");
    assert!(matches!(error, CaptureError::Stopped), "{error}");
}
