//! Exact 8-bit on a conventional array against fake quantization in NumPy.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use sim_algebraic::Algebraic;
use sim_core::evaluation::Answer;
use sim_core::preprocessing::{Channels, Preprocessing};
use sim_core::progress::Silent;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::spec::{ArraySpec, Pe};
use sim_core::tensor::Tensor;
use sim_images::preprocess::batch;
use sim_images::sets::{ImageSet, OpenOptions};
use sim_layers::evaluate::{Machine, Products, SimulatedLayers};
use sim_layers::machines::LayerMachines;
use sim_net::network::{Network, NoHooks};
use sim_quant::calibrate::calibrate;
use sim_quant::capture::{CaptureOptions, ModelFile};
use sim_quant::quantized::QuantizedNetwork;

static GO: AtomicBool = AtomicBool::new(false);

const N_IMAGES: usize = 256;
const N_CLASSES: usize = 10;
/// Convolutions but the first.
const N_QUANTIZED: usize = 8;
/// Largest accepted difference of an output. One value beside a tie that becomes another code may make several times
/// as much.
const TOLERANCE: f32 = 1e-3;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// How this processor adds the products of several channels in FP32, as the script calls it.
///
/// Steps of activations come from the FP32 network, and their last bit decides codes beside a tie, so the script has to
/// do the same. Nothing else depends on the processor (`docs/model.md`): the first convolution reads a single channel,
/// whose products are rounded on any.
fn sums() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    let is_fused = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let is_fused = cfg!(target_arch = "aarch64");
    if is_fused { "fused" } else { "separate" }
}

/// What the script finds.
struct Found {
    /// The step of what each quantized layer reads.
    steps: Vec<f32>,
    /// `[images, classes]`.
    output: Vec<f32>,
}

/// What the script makes of the images.
fn fake_quantized(model: &Path, images: &Tensor) -> Found {
    let folder = tempfile::tempdir().expect("a folder");
    let [given, found] = ["input.safetensors", "output.safetensors"].map(|name| folder.path().join(name));
    let bytes: Vec<u8> = images.data.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, images.shape.clone(), &bytes).expect("images");
    safetensors::serialize_to_file([("input", view)], None, &given).expect("writes");
    let python = repository("target/python/bin/python");
    assert!(
        python.exists(),
        "{} is missing: cargo xtask outside",
        python.display()
    );
    let status = Command::new(python)
        .args(["-B".into(), repository("tests/python/fake_quantize.py")])
        .args([model, &given, &found])
        .arg(sums())
        // Threads that share products of this size wait for each other.
        .env("OPENBLAS_NUM_THREADS", "1")
        .status()
        .expect("starts");
    assert!(status.success(), "the script fails");
    let bytes = std::fs::read(&found).expect("reads");
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let floats = |name, shape: &[usize]| {
        let view = file.tensor(name).expect("a tensor");
        assert_eq!(view.shape(), shape, "{name}");
        let (elements, []) = view.data().as_chunks() else {
            panic!("a broken element")
        };
        elements.iter().copied().map(f32::from_le_bytes).collect()
    };
    Found {
        steps: floats("steps", &[N_QUANTIZED]),
        output: floats("output", &[N_IMAGES, N_CLASSES]),
    }
}

fn largest_difference(found: &[f32], want: &[f32]) -> f32 {
    let differences = found.iter().zip(want).map(|(found, want)| (found - want).abs());
    // A NaN is larger than any.
    differences.max_by(f32::total_cmp).expect("outputs")
}

#[test]
fn exact_8_bit_answers_as_fake_quantization_does() {
    let model = repository("models/fashion-resnet8.onnx");
    let network = Network::load(&model).expect("loads");
    let path = Path::new("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz");
    assert!(
        path.exists(),
        "{} is missing: cargo xtask outside",
        path.display()
    );
    let limit = Some(N_IMAGES);
    let images = ImageSet::open(
        path,
        OpenOptions {
            limit,
            ..OpenOptions::default()
        },
    )
    .expect("opens");
    let preprocessing = Preprocessing {
        channels: Some(Channels::Gray),
        mean: vec![0.286],
        std: vec![0.353],
        ..Preprocessing::default()
    };
    let quantization = QuantizationSpec::default();
    let options = CaptureOptions {
        model: ModelFile::of(&model).expect("hashes"),
        preprocessing: preprocessing.clone(),
        quantization,
        selection: SelectionSpec::default(),
        jobs: 2,
        stop: &GO,
    };
    let calibration = calibrate(&network, &images, &options, &Silent).expect("calibrates");
    let quantized = QuantizedNetwork::new(&network, &calibration, &quantization).expect("quantizes");
    let array = ArraySpec::new(16, 16, Pe::Conventional).expect("in range");
    let machine = Machine::new("exact", LayerMachines::new(array), array, network.layers().len());
    let input = batch(&preprocessing, &images.load(0..N_IMAGES).expect("images"), None).expect("input");
    let want = fake_quantized(&model, &input);
    let steps: Vec<f32> = calibration
        .quantizers
        .iter()
        .flatten()
        .map(|quantizer| quantizer.scale)
        .collect();
    assert_eq!(steps, want.steps, "with `{}` sums", sums());
    let engine = Algebraic::default();
    let mut layers = SimulatedLayers::of_batches(Products::Array(&machine), &quantized, &engine, 2, &GO);
    let found = network.run(&input, &mut layers).expect("runs");
    let fp32 = network.run(&input, &mut NoHooks).expect("runs");
    for outputs in [&found, &fp32] {
        assert_eq!(outputs[0].1.shape, [N_IMAGES, N_CLASSES]);
    }
    let [found, fp32, want] =
        [&found[0].1.data, &fp32[0].1.data, &want.output].map(|data| data.chunks(N_CLASSES));
    for (image, ((found, fp32), want)) in found.zip(fp32).zip(want).enumerate() {
        let class = |output: &[f32]| Answer::of(output, None).class;
        assert_eq!(class(found), class(want), "image {image}");
        let largest = largest_difference(found, want);
        assert!(
            largest <= TOLERANCE,
            "image {image}: an output differs by {largest}"
        );
        // FP32 outputs differ by far more, so that the tolerance tells them apart.
        let largest = largest_difference(fp32, want);
        assert!(
            10.0 * TOLERANCE < largest,
            "image {image}: FP32 outputs differ by {largest} only"
        );
    }
}
