//! Bad sets of images.

use super::{Case, case};
use crate::support::{npy, npz, pseudo_random, run};

const CAPTURE: [&str; 4] = ["capture", "m.onnx", "--images", "x.npz"];

fn set(bytes: Vec<u8>, want: &'static [&'static str]) -> Case {
    case("x.npz", bytes, &CAPTURE, want)
}

fn idx(magic: &[u8], sizes: &[u32], n_values: usize) -> Vec<u8> {
    let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
    magic
        .iter()
        .copied()
        .chain(sizes)
        .chain(vec![7; n_values])
        .collect()
}

pub(crate) fn cases() -> Vec<Case> {
    let array = npy("|u1", "False", "(2, 1, 8, 8)", &pseudo_random(128, 3));
    let good = npz("images", &array);
    let images = |array: &[u8], want| set(npz("images", array), want);
    let mut nan = vec![0_u8; 256];
    nan[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    vec![
        set(Vec::new(), &["x.npz"]),
        set(b"plain text".to_vec(), &["x.npz", ".npz"]),
        set(npz("pictures", &array), &["x.npz", "`images`"]),
        set(good[..good.len() / 2].to_vec(), &["x.npz"]),
        set(good[..30].to_vec(), &["x.npz"]),
        images(&array[..array.len() - 9], &["x.npz"]),
        images(&npy("<i2", "False", "(2, 1, 8, 8)", &[0; 256]), &["x.npz", "<i2"]),
        images(&npy("|u1", "False", "(128,)", &[0; 128]), &["x.npz", "[128]"]),
        images(&npy("|u1", "False", "(0, 1, 8, 8)", &[]), &["x.npz"]),
        images(
            &npy("|u1", "False", "(99999999999, 1, 8, 8)", &[0; 128]),
            &["x.npz"],
        ),
        images(&npy("<f4", "False", "(1, 1, 8, 8)", &nan), &["NaN"]),
        images(&npy("|u1", "False", "(2, 3, 8, 8)", &[9; 384]), &["m.onnx"]),
        images(&npy("|u1", "False", "(2, 1, 8, 9)", &[9; 144]), &["m.onnx"]),
        case("x.npz/a.txt", "no picture", &CAPTURE, &["a.txt", "JPEG"]),
        case("x.npz/a.png", "no picture", &CAPTURE, &["a.png"]),
        set(idx(&[0, 0, 8, 3], &[2, 8, 8], 100), &["x.npz"]),
        set(
            idx(&[0, 0, 8, 3], &[u32::MAX, u32::MAX, u32::MAX], 100),
            &["x.npz"],
        ),
        set(idx(&[0, 0, 8, 1], &[2], 2), &["x.npz"]),
        Case {
            files: Vec::new(),
            args: vec!["capture", "m.onnx", "--images", "none.npz"],
            want: &["none.npz"],
        },
        Case {
            files: vec![("y.npz", b"PK".to_vec())],
            args: vec!["capture", "m.onnx", "--images", "x.npz", "--calibration", "y.npz"],
            want: &["y.npz"],
        },
        Case {
            files: vec![(
                "bad.toml",
                run("model = \"m.onnx\"\nimages = \"none\"").into_bytes(),
            )],
            args: vec!["run", "bad.toml"],
            want: &["none"],
        },
        Case {
            files: vec![("m.toml", b"mean = [0.1, 0.2]\nstdd = 1\n".to_vec())],
            args: CAPTURE.to_vec(),
            want: &["m.toml:2", "did you mean `std`"],
        },
    ]
}
