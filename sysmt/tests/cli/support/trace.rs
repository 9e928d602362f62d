//! Small traces, and their bytes.

use sim_core::convolution::{Geometry, LayerKind};
use sim_core::preprocessing::Preprocessing;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_trace::trace::{Layer, Origin, Trace, Unsimulated};

use super::pseudo_random;

/// Two images through a convolution and a depthwise one.
pub(crate) fn tiny() -> Trace {
    Trace {
        origin: Origin {
            model: Some("m.onnx".to_owned()),
            model_hash: Some("00".repeat(32)),
            images: vec!["a".to_owned(), "b".to_owned()],
            calibration: Vec::new(),
            preprocessing: Some(Preprocessing::default()),
            quantization: Some(QuantizationSpec::default()),
            selection: Some(SelectionSpec::default()),
            pruned: Vec::new(),
        },
        layers: vec![
            layer("conv", [3, 6, 6], [5, 3, 3, 3], 1),
            layer("depthwise", [4, 5, 5], [4, 1, 3, 3], 4),
        ],
        unsimulated: vec![Unsimulated {
            name: "stem".to_owned(),
            reason: "the first convolution stays FP32".to_owned(),
            macs: None,
        }],
    }
}

/// A layer of two images with a padding of one.
pub(crate) fn layer(name: &str, input: [usize; 3], weight: [usize; 4], groups: usize) -> Layer {
    let n_input = 2 * input.iter().product::<usize>();
    let n_weight: usize = weight.iter().product();
    Layer {
        name: name.to_owned(),
        kind: LayerKind::Convolution,
        geometry: Geometry {
            stride: [1, 1],
            padding: [1; 4],
            dilation: [1, 1],
            groups,
        },
        node: Some(0),
        input: pseudo_random(n_input, 5),
        input_shape: [2, input[0], input[1], input[2]],
        weight: pseudo_random(n_weight, 6)
            .into_iter()
            .map(u8::cast_signed)
            .collect(),
        weight_shape: weight,
        input_scale: 0.5,
        zero_point: 0,
        weight_scale: vec![0.25; weight[0]],
        bias: None,
        wide_counts: None,
        predicted: None,
    }
}

/// The bytes of a trace file.
pub(crate) fn bytes(trace: &Trace) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("t.safetensors");
    sim_trace::write(&path, trace).unwrap_or_else(|error| panic!("{error}"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// The bytes of a trace file with `edit` applied to its JSON header, whose length is put right.
pub(crate) fn with_header(bytes: &[u8], edit: impl Fn(&str) -> String) -> Vec<u8> {
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
    let (header, tensors) = rest.split_at(usize::try_from(length).unwrap_or(0));
    let old = String::from_utf8_lossy(header).into_owned();
    let new = edit(&old);
    assert_ne!(old, new, "the edit did nothing");
    let mut edited = u64::try_from(new.len()).unwrap_or(0).to_le_bytes().to_vec();
    edited.extend(new.bytes());
    edited.extend(tensors);
    edited
}
