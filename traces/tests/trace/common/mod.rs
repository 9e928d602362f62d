//! A small trace with every optional part.

use sim_core::convolution::{Geometry, LayerKind};
use sim_core::preprocessing::Preprocessing;
use sim_core::quantization::{QuantizationSpec, SelectionSpec};
use sim_trace::trace::{Layer, Origin, Trace, Unsimulated};

/// Two layers over two images: a grouped, strided, dilated convolution with bias and counts, and a plain 1×1 without.
pub(crate) fn trace() -> Trace {
    let code = |seed: usize| u8::try_from(seed * 37 % 256).unwrap_or_default();
    Trace {
        origin: Origin {
            model: Some("small.onnx".to_owned()),
            model_hash: Some("00ff".to_owned()),
            images: vec!["a.png".to_owned(), "b \"quoted\".png".to_owned()],
            calibration: vec!["c.png".to_owned()],
            preprocessing: Some(Preprocessing::default()),
            quantization: Some(QuantizationSpec::default()),
            selection: Some(SelectionSpec::default()),
            pruned: Vec::new(),
        },
        layers: vec![
            Layer {
                name: "grouped".to_owned(),
                kind: LayerKind::Convolution,
                geometry: Geometry {
                    stride: [2, 1],
                    padding: [1, 0, 0, 2],
                    dilation: [1, 2],
                    groups: 2,
                },
                node: Some(3),
                input: (0..2 * 4 * 5 * 6).map(code).collect(),
                input_shape: [2, 4, 5, 6],
                weight: (0..6 * 2 * 3 * 2).map(|seed| code(seed).cast_signed()).collect(),
                weight_shape: [6, 2, 3, 2],
                input_scale: 0.1,
                zero_point: 7,
                weight_scale: vec![0.5, 0.0, 0.25, 1e-20, 3.0, 0.125],
                bias: Some(vec![-1.0, 0.5, 0.0, -0.0, 2.0, 1e30]),
                wide_counts: Some((0..2 * 12).map(|k| k << 40).collect()),
                predicted: None,
            },
            Layer {
                name: "classifier".to_owned(),
                kind: LayerKind::FullyConnected,
                geometry: Geometry {
                    stride: [1, 1],
                    padding: [0; 4],
                    dilation: [1, 1],
                    groups: 1,
                },
                node: Some(9),
                input: vec![0, 255],
                input_shape: [2, 1, 1, 1],
                weight: vec![-128],
                weight_shape: [1, 1, 1, 1],
                input_scale: 1.0,
                zero_point: 0,
                weight_scale: vec![1.0],
                bias: None,
                wide_counts: None,
                predicted: None,
            },
        ],
        unsimulated: vec![Unsimulated {
            name: "stem".to_owned(),
            reason: "first convolution".to_owned(),
            macs: None,
        }],
    }
}
