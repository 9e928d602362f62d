//! Bad networks.

use super::{Case, case};
use crate::support::onnx::{Message, floats, model, node, nodes, tiny, wave, weights};

const CAPTURE: [&str; 4] = ["capture", "m.onnx", "--images", "x.npz"];

fn network(bytes: Vec<u8>, want: &'static [&'static str]) -> Case {
    case("m.onnx", bytes, &CAPTURE, want)
}

/// The good nodes with one of them replaced.
fn with_node(index: usize, replacement: Message) -> Vec<u8> {
    let mut nodes = nodes();
    nodes[index] = replacement;
    model(&nodes, &weights())
}

pub(crate) fn cases() -> Vec<Case> {
    let good = tiny();
    let pads: (&str, &[u64]) = ("pads", &[1, 1, 1, 1]);
    let nan = |index: usize| if index == 5 { f32::NAN } else { wave(index) };
    let mut cases = vec![
        network(Vec::new(), &["m.onnx"]),
        network(b"not a protocol buffer".to_vec(), &["m.onnx"]),
        network(vec![0xff; 64], &["m.onnx"]),
        // r1 is made of itself, two nodes later.
        network(
            with_node(2, node("Conv", &["r1", "w1"], "c1", &[pads])),
            &["m.onnx", "depends on its own output"],
        ),
        network(
            with_node(1, node("Relu", &["nowhere"], "r0", &[])),
            &["m.onnx", "nowhere"],
        ),
        network(
            with_node(1, node("Einsum", &["c0"], "r0", &[])),
            &["m.onnx", "Einsum"],
        ),
        network(with_node(5, node("Flatten", &["p"], "z", &[])), &["m.onnx", "y"]),
        network(with_node(2, node("Conv", &["r0"], "c1", &[pads])), &["m.onnx"]),
        network(
            with_node(2, node("Conv", &["r0", "w1"], "c1", &[("strides", &[0, 0])])),
            &["m.onnx", "c1"],
        ),
        network(
            with_node(2, node("Conv", &["r0", "w1"], "c1", &[("dilations", &[99, 99])])),
            &["m.onnx", "c1"],
        ),
        network(
            model(
                &nodes(),
                &[
                    floats("w0", &[4, 1, 3, 3], wave),
                    floats("w1", &[4, 4, 3, 3], nan),
                ],
            ),
            &["m.onnx", "c1", "weight", "NaN"],
        ),
        network(
            model(
                &nodes(),
                &[
                    floats("w0", &[4, 1, 3, 3], wave),
                    floats("w1", &[4, 9, 3, 3], wave),
                ],
            ),
            &["m.onnx", "c1"],
        ),
        network(model(&nodes(), &weights()[..1]), &["m.onnx", "w1"]),
        network(model(&[], &[]), &["m.onnx"]),
        case("m.onnx/x", "", &CAPTURE, &["m.onnx"]),
        case("m.onnx", "", &["run", "model-run.toml"], &["m.onnx"]),
        Case {
            files: Vec::new(),
            args: vec!["capture", "none.onnx", "--images", "x.npz"],
            want: &["none.onnx"],
        },
    ];
    for tenth in 1..10 {
        cases.push(network(good[..good.len() * tenth / 10].to_vec(), &["m.onnx"]));
    }
    cases
}
