//! A model saved with recalibrated batch norms, in ONNX Runtime.

use std::path::{Path, PathBuf};
use std::process::Command;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use sim_core::recalibration::Recalibration;
use sim_core::tensor::Tensor;
use sim_net::network::{Network, NoHooks};
use sim_net::recalibrate::recalibrate;
use sim_net::save::save_statistics;

/// Largest accepted difference, relative to the largest element.
const TOLERANCE: f32 = 1e-4;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A file that `cargo xtask outside` makes.
fn outside(path: &str) -> PathBuf {
    let path = repository("target").join(path);
    assert!(
        path.exists(),
        "{} is missing: cargo xtask outside",
        path.display()
    );
    path
}

fn tensor(path: &Path, name: &str) -> Tensor {
    let bytes = std::fs::read(path).expect("reads");
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let view = file.tensor(name).expect(name);
    assert_eq!(view.dtype(), Dtype::F32, "{name}");
    let (elements, []) = view.data().as_chunks() else {
        panic!("{name}: a broken element")
    };
    let elements = elements.iter().copied().map(f32::from_le_bytes).collect();
    Tensor::new(view.shape().to_vec(), elements).expect(name)
}

/// Its outputs for these images in ONNX Runtime.
fn onnx_runtime(model: &Path, images: &Tensor, folder: &Path, output: &str) -> Tensor {
    let [given, found] = ["input.safetensors", "output.safetensors"].map(|name| folder.join(name));
    let bytes: Vec<u8> = images.data.iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, images.shape.clone(), &bytes).expect("images");
    safetensors::serialize_to_file([("input", view)], None, &given).expect("writes");
    let status = Command::new(outside("python/bin/python"))
        .args(["-B".into(), repository("tests/python/ort_run.py")])
        .args([model, &given, &found])
        .status()
        .expect("starts");
    assert!(status.success(), "ONNX Runtime does not run {}", model.display());
    tensor(&found, output)
}

#[track_caller]
fn difference(found: &Tensor, want: &Tensor) -> f32 {
    assert_eq!(found.shape, want.shape);
    let largest = want.data.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    let differences = found
        .data
        .iter()
        .zip(&want.data)
        .map(|(found, want)| (found - want).abs());
    differences.fold(0.0, f32::max) / largest
}

#[test]
fn onnx_runtime_runs_a_model_with_recalibrated_batch_norms() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = repository("models/fashion-resnet8.onnx");
    let new = folder.path().join("recalibrated.onnx");
    let images = tensor(&outside("ort/fashion-resnet8.safetensors"), "input");
    let network = Network::load(&model).expect("loads");
    let statistics = recalibrate(&network, &images, Recalibration::Exact, &mut NoHooks).expect("statistics");
    save_statistics(&model, &new, &statistics).expect("saves");

    let mut recalibrated = network;
    let before = recalibrated.run(&images, &mut NoHooks).expect("outputs");
    for (index, statistics) in statistics.into_iter().enumerate() {
        recalibrated.set_statistics(index, statistics).expect("fits");
    }
    let outputs = recalibrated.run(&images, &mut NoHooks).expect("outputs");
    let [(name, want)] = &outputs[..] else {
        panic!("{} outputs", outputs.len())
    };
    let found = onnx_runtime(&new, &images, folder.path(), name);
    let difference_now = difference(&found, want);
    assert!(difference_now < TOLERANCE, "{difference_now}");
    // It is another network than the one before.
    let difference_before = difference(&found, &before[0].1);
    assert!(100.0 * TOLERANCE < difference_before, "{difference_before}");
}
