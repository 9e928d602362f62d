//! Bad matrices.

use super::{Case, case};
use crate::support::{npy, pseudo_random};

const ACTIVATIONS: [&str; 7] = [
    "gemm",
    "--array",
    "2t.toml",
    "--activations",
    "bad.npy",
    "--weights",
    "w.npy",
];
const WEIGHTS: [&str; 7] = [
    "gemm",
    "--array",
    "2t.toml",
    "--activations",
    "a.npy",
    "--weights",
    "bad.npy",
];

pub(crate) fn cases() -> Vec<Case> {
    let good = npy("|u1", "False", "(5, 6)", &pseudo_random(30, 1));
    let activations = |bytes: Vec<u8>, want| case("bad.npy", bytes, &ACTIVATIONS, want);
    let weights = |bytes: Vec<u8>, want| case("bad.npy", bytes, &WEIGHTS, want);
    let mut long_header = good.clone();
    long_header[8..10].copy_from_slice(&[255, 255]);
    let mut version = good.clone();
    version[6] = 9;
    let header = |text: &[u8]| {
        let length = u16::try_from(text.len()).unwrap_or(0).to_le_bytes();
        [b"\x93NUMPY\x01\x00", length.as_slice(), text, &[0; 30]].concat()
    };
    vec![
        activations(Vec::new(), &["bad.npy", "not a .npy file", "numpy.save"]),
        activations(b"PK\x03\x04".to_vec(), &["bad.npy", "not a .npy file"]),
        activations(good[..9].to_vec(), &["bad.npy", "cut short"]),
        activations(
            good[..60].to_vec(),
            &["bad.npy", "header is longer than the file"],
        ),
        activations(
            good[..good.len() - 1].to_vec(),
            &["promises 30 bytes", "holds 29"],
        ),
        activations(
            [good.clone(), vec![0]].concat(),
            &["promises 30 bytes", "holds 31"],
        ),
        activations(long_header, &["header is longer than the file"]),
        activations(version, &["version 9.0"]),
        activations(
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(),
            &["header is longer than the file"],
        ),
        activations(header(&[b' '; 5000]), &["header is longer than 4096 bytes"]),
        activations(header(b"{'\x1b[2J': 1}"), &["header is not text"]),
        activations(header(&[b'('; 4096]), &["does not describe a plain array"]),
        activations(
            header(b"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (5, 6)}"),
            &["[('a', '|u1')]", "does not describe a plain array"],
        ),
        activations(
            header(b"{'descr': '|u1', 'shape': (5, 6)}"),
            &["bad.npy", "lacks a key", "numpy.save"],
        ),
        activations(npy("|O", "False", "(5, 6)", &[0; 30]), &["`|O`", "uint8"]),
        activations(
            npy("<f4", "False", "(5, 6)", &[0; 120]),
            &["`<f4`", "uint8", ".astype"],
        ),
        activations(
            npy("|i1", "False", "(5, 6)", &[0; 30]),
            &["`|i1`", "activations", "uint8"],
        ),
        weights(
            npy("|u1", "False", "(7, 6)", &[0; 42]),
            &["`|u1`", "weights", "int8"],
        ),
        activations(npy("|u1", "False", "(30,)", &[0; 30]), &["[30]", "[M, K]"]),
        activations(
            npy("|u1", "False", "(5, 6, 1)", &[0; 30]),
            &["[5, 6, 1]", "[M, K]"],
        ),
        activations(npy("|u1", "False", "()", &[0]), &["shape []"]),
        activations(
            npy("|u1", "Maybe", "(5, 6)", &[0; 30]),
            &["does not describe a plain array"],
        ),
        activations(
            npy("|u1", "False", "(5, -6)", &[0; 30]),
            &["does not describe a plain array"],
        ),
        activations(
            npy("|u1", "False", "(4294967296, 4294967296)", &[0; 30]),
            &["promises too many"],
        ),
        activations(
            npy("|u1", "False", "(1000000000000, 6)", &[0; 30]),
            &["promises 6000000000000"],
        ),
        activations(npy("|u1", "False", "(0, 6)", &[]), &["bad.npy", "M is zero"]),
        weights(npy("|i1", "False", "(0, 6)", &[]), &["bad.npy", "N is zero"]),
        weights(npy("|i1", "False", "(7, 5)", &[0; 35]), &["K is 5", "K = 6"]),
        Case {
            files: vec![
                ("a.npy", npy("|u1", "False", "(1, 65794)", &vec![1; 65_794])),
                ("bad.npy", npy("|i1", "False", "(1, 65794)", &vec![1; 65_794])),
            ],
            args: WEIGHTS.to_vec(),
            want: &["65794", "65793"],
        },
        Case {
            files: vec![
                ("a.npy", npy("|u1", "False", "(1, 0)", &[])),
                ("bad.npy", npy("|i1", "False", "(1, 0)", &[])),
            ],
            args: WEIGHTS.to_vec(),
            want: &["K is zero"],
        },
        // 2²² × 2²² outputs of four bytes, twice.
        Case {
            files: vec![
                ("a.npy", npy("|u1", "False", "(4194304, 1)", &vec![0; 1 << 22])),
                ("bad.npy", npy("|i1", "False", "(4194304, 1)", &vec![0; 1 << 22])),
            ],
            args: WEIGHTS.to_vec(),
            want: &[
                "a.npy",
                "4194304×4194304×1 needs",
                "65536.0 GiB",
                "available",
                "some rows",
            ],
        },
        case(
            "bad.npy",
            npy("|i1", "False", "(7, 6)", &[1; 42]),
            &[
                "gemm",
                "--array",
                "stc.toml",
                "--activations",
                "a.npy",
                "--weights",
                "bad.npy",
            ],
            &["output channel 0", "2:4"],
        ),
        Case {
            files: Vec::new(),
            args: vec![
                "gemm",
                "--array",
                "2t.toml",
                "--activations",
                "none.npy",
                "--weights",
                "w.npy",
            ],
            want: &["none.npy", "check the path"],
        },
        Case {
            files: vec![("folder/x", Vec::new())],
            args: vec![
                "gemm",
                "--array",
                "2t.toml",
                "--activations",
                "folder",
                "--weights",
                "w.npy",
            ],
            want: &["folder", "not a regular file"],
        },
        Case {
            files: Vec::new(),
            args: vec![
                "check",
                "--array",
                "2t.toml",
                "--activations",
                "w.npy",
                "--weights",
                "w.npy",
            ],
            want: &["w.npy", "uint8"],
        },
    ]
}
