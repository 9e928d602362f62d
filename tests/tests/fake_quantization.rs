//! Exact 8-bit on a conventional array against fake quantization by floats in ONNX Runtime.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use sim_core::evaluation::Answer;
use sim_core::preprocessing::{Channels, Preprocessing};
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_core::spec::{ArraySpec, Pe};
use sim_net::calibrate::calibrate;
use sim_net::capture::{CaptureOptions, ModelFile};
use sim_net::evaluate::{Machine, SimulatedLayers};
use sim_net::images::{ImageSet, OpenOptions};
use sim_net::machines::LayerMachines;
use sim_net::network::Network;
use sim_net::preprocess::batch;
use sim_net::progress::Silent;
use sim_net::quantized::QuantizedNetwork;
use sim_net::tensor::Tensor;

static GO: AtomicBool = AtomicBool::new(false);

const N_IMAGES: usize = 256;
const N_CLASSES: usize = 10;
/// Largest accepted difference of an output where all codes are the same.
const TOLERANCE: f32 = 1e-3;
/// The FP32 operators between layers add in another order than ONNX Runtime's: a value beside a tie may become the
/// neighbouring code, of which there are a hundred thousand an image. So many images may have one, and their outputs
/// may differ by so much.
const MOST_NEIGHBOURS: usize = 32;
const TOLERANCE_OF_NEIGHBOURS: f32 = 2e-2;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// What the script makes of the images.
fn fake_quantized(model: &Path, images: &Tensor) -> Vec<f32> {
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
        .status()
        .expect("starts");
    assert!(status.success(), "the script fails");
    let bytes = std::fs::read(&found).expect("reads");
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let view = file.tensor("output").expect("an output");
    assert_eq!(view.shape(), [N_IMAGES, N_CLASSES]);
    let (elements, []) = view.data().as_chunks() else {
        panic!("a broken element")
    };
    elements.iter().copied().map(f32::from_le_bytes).collect()
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
    let input = batch(&preprocessing, &images.load(0..N_IMAGES).expect("images")).expect("input");
    let mut layers = SimulatedLayers::on(&machine, &quantized, 2, &GO);
    let found = network.run(&input, &mut layers).expect("runs");
    let (_, found) = &found[0];
    let want = fake_quantized(&model, &input);
    let mut n_neighbours = 0;
    for (image, (found, want)) in found
        .data
        .chunks(N_CLASSES)
        .zip(want.chunks(N_CLASSES))
        .enumerate()
    {
        assert_eq!(
            Answer::of(found, None).class,
            Answer::of(want, None).class,
            "image {image}"
        );
        let differences = found.iter().zip(want).map(|(found, want)| (found - want).abs());
        let largest = differences.fold(0.0, f32::max);
        n_neighbours += usize::from(TOLERANCE < largest);
        assert!(
            largest <= TOLERANCE_OF_NEIGHBOURS,
            "image {image}: an output differs by {largest}"
        );
    }
    assert!(
        n_neighbours <= MOST_NEIGHBOURS,
        "outputs of {n_neighbours} images differ"
    );
    // FP32 outputs differ by more, so that the tolerance tells them apart.
    let fp32 = network.run(&input, &mut sim_net::network::NoHooks).expect("runs");
    let differences = fp32[0]
        .1
        .data
        .iter()
        .zip(&want)
        .map(|(fp32, want)| (fp32 - want).abs());
    assert!(5.0 * TOLERANCE_OF_NEIGHBOURS < differences.fold(0.0, f32::max));
}
