//! Networks that ONNX Runtime quantized: the products of their traces are its accumulators, to the bit.
#![expect(clippy::print_stdout, reason = "figures of a passing run are worth reading")]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::onnx_models::compare_with_reference;
use safetensors::{Dtype, SafeTensors};
use sim_core::preprocessing::Preprocessing;
use sim_core::progress::Silent;
use sim_core::quantization::{EdgeLayer, LayerSelection, QuantizationSpec, SelectionSpec};
use sim_core::spec::KOrder;
use sim_images::sets::{ImageSet, OpenOptions};
use sim_net::network::Network;
use sim_quant::capture::{CaptureOptions, ModelFile, capture};
use sim_quant::lowering::Lowering;
use sim_trace::trace::{Layer, Trace};

/// Each network, and its layers that have no constant zero point.
const NETWORKS: [(&str, &[&str]); 5] = [
    ("qoperator-uint8", &[]),
    ("qoperator-int8", &[]),
    ("qdq-uint8", &[]),
    ("qdq-int8", &[]),
    ("dynamic-int8", &["/stem/Conv_quant"]),
];

fn quantized(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/ort/quantized/{name}"))
}

fn trace(name: &str) -> Trace {
    let path = quantized(&format!("{name}.onnx"));
    let network = Network::load(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let images = ImageSet::open(&quantized("images.npz"), OpenOptions::default()).expect("images");
    let options = CaptureOptions {
        model: ModelFile::of(&path).expect("a file"),
        preprocessing: Preprocessing::default(),
        quantization: QuantizationSpec::default(),
        selection: SelectionSpec {
            layers: LayerSelection::All,
            first: EdgeLayer::Simulated,
            last: EdgeLayer::Simulated,
        },
        jobs: 2,
        stop: &AtomicBool::new(false),
    };
    capture(&network, &images, None, &options, &Silent).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The product of a layer less what its zero point adds, as the accumulators of a network lie: images, filters, pixels.
fn accumulators(layer: &Layer) -> Vec<i32> {
    let lowering = Lowering::of(layer).expect("shapes that fit");
    assert_eq!(lowering.groups(), 1, "{}", layer.name);
    let activations = lowering.activations(&layer.input, layer.zero_point, 0, KOrder::ChannelMajor);
    let (a, w) = (
        activations.to_vec(),
        lowering.weights(&layer.weight, 0, KOrder::ChannelMajor),
    );
    let zero = i32::from(layer.zero_point);
    let mut sums = Vec::new();
    for image in a.chunks(lowering.m() * lowering.k()) {
        for filter in w.chunks(lowering.k()) {
            for row in image.chunks(lowering.k()) {
                let products = row.iter().zip(filter);
                sums.push(
                    products
                        .map(|(&a, &w)| (i32::from(a) - zero) * i32::from(w))
                        .sum(),
                );
            }
        }
    }
    sums
}

#[test]
fn products_of_stored_codes_are_the_accumulators_of_onnx_runtime() {
    for (name, unsimulated) in NETWORKS {
        let reference = std::fs::read(quantized(&format!("{name}.safetensors")))
            .unwrap_or_else(|error| panic!("{name}: {error}: cargo xtask outside"));
        let reference = SafeTensors::deserialize(&reference).expect(name);
        let trace = trace(name);
        let left_out: Vec<&str> = trace
            .unsimulated
            .iter()
            .map(|layer| layer.name.as_str())
            .collect();
        assert_eq!(left_out, unsimulated, "{name}");
        let n_layers = reference
            .names()
            .iter()
            .filter(|key| key.starts_with("sums/"))
            .count();
        assert_eq!(trace.layers.len(), n_layers - unsimulated.len(), "{name}");
        let mut n_sums = 0;
        for layer in &trace.layers {
            let view = |kind: &str| {
                let key = format!("{kind}/{}", layer.name);
                reference
                    .tensor(&key)
                    .unwrap_or_else(|error| panic!("{name}: {key}: {error}"))
            };
            let codes = view("codes");
            let moved = if codes.dtype() == Dtype::I8 { 128 } else { 0 };
            let codes: Vec<u8> = codes.data().iter().map(|code| code.wrapping_add(moved)).collect();
            let n_other = codes
                .iter()
                .zip(&layer.input)
                .filter(|(want, found)| want != found)
                .count();
            assert_eq!(
                (codes.len(), n_other),
                (layer.input.len(), 0),
                "{name}: codes of {}",
                layer.name
            );
            let sums = view("sums");
            let (sums, []) = sums.data().as_chunks() else {
                panic!("{name}: {}: a broken element", layer.name)
            };
            let want: Vec<i32> = sums.iter().copied().map(i32::from_le_bytes).collect();
            assert!(accumulators(layer) == want, "{name}: sums of {}", layer.name);
            n_sums += want.len();
        }
        compare_with_reference(
            &quantized(&format!("{name}.onnx")),
            &format!("ort/quantized/{name}.safetensors"),
            1,
            0,
        );
        println!("{name}: {n_sums} sums of {} layers are equal", trace.layers.len());
    }
}
