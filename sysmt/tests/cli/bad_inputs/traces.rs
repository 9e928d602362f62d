//! Bad layer traces.

use super::{Case, case};
use crate::support::trace::{bytes, layer, tiny, with_header};

const RUN: [&str; 2] = ["run", "run.toml"];

fn trace(bytes: Vec<u8>, want: &'static [&'static str]) -> Case {
    case("t.safetensors", bytes, &RUN, want)
}

pub(crate) fn cases() -> Vec<Case> {
    let good = bytes(&tiny());
    let edited = |from: &str, to: &str| with_header(&good, |header| header.replacen(from, to, 1));
    let mut lying = good.clone();
    lying[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut long = good.clone();
    long[..8].copy_from_slice(&100_000_u64.to_le_bytes());
    let mut too_long_k = tiny();
    too_long_k.layers[0] = layer("conv", [65_794, 1, 1], [1, 65_794, 1, 1], 1);
    let mut padded = tiny();
    padded.layers[1] = layer("huge", [1, 1, 1], [4096, 1, 1, 1], 1);
    padded.layers[1].geometry.padding = [16_383; 4];
    let mut dense = tiny();
    dense.layers[1].weight.fill(1);
    let mut cases = vec![
        trace(Vec::new(), &["t.safetensors", "sysmt capture"]),
        trace(vec![7; 6], &["t.safetensors"]),
        trace(lying, &["t.safetensors"]),
        trace(long, &["t.safetensors"]),
        trace(b"PK\x03\x04 not a trace at all".to_vec(), &["t.safetensors"]),
        trace(edited("\"sysmt\"", "\"sysmy\""), &["t.safetensors", "`sysmt`"]),
        trace(
            edited("layers.0.weight\"", "layers.9.weight\""),
            &["t.safetensors", "layers."],
        ),
        trace(
            edited("layers.0.input\"", "layers.0.inputs\""),
            &["t.safetensors", "layers.0.input"],
        ),
        trace(edited("\"U8\"", "\"I8\""), &["t.safetensors"]),
        trace(edited("[5,3,3,3]", "[5,3,9,1]"), &["t.safetensors", "layer 0"]),
        trace(edited("[2,3,6,6]", "[2,6,6,3]"), &["t.safetensors"]),
        trace([good.clone(), vec![0; 9]].concat(), &["t.safetensors"]),
        trace(bytes(&too_long_k), &["65794", "65793", "conv"]),
        // 32767² pixels of 4096 channels, of four bytes.
        trace(
            bytes(&padded),
            &[
                "t.safetensors",
                "layer `huge`",
                "GiB of memory",
                "available",
                "--jobs",
            ],
        ),
        case(
            "t.safetensors",
            bytes(&padded),
            &["check", "run.toml"],
            &[
                "t.safetensors",
                "layer `huge`",
                "GiB of memory",
                "available",
                "--jobs",
            ],
        ),
        Case {
            files: vec![
                ("t.safetensors", bytes(&dense)),
                (
                    "run.toml",
                    crate::support::run("trace = \"t.safetensors\"")
                        .replace("2t", "stc")
                        .into_bytes(),
                ),
            ],
            args: RUN.to_vec(),
            want: &["2:4", "non-zero"],
        },
        case(
            "t.safetensors",
            vec![0; 100],
            &["check", "run.toml"],
            &["t.safetensors"],
        ),
    ];
    // Cut short everywhere: in the length, the header, and the tensors.
    for tenth in 1..10 {
        cases.push(trace(
            good[..good.len() * tenth / 10].to_vec(),
            &["t.safetensors"],
        ));
    }
    cases
}
