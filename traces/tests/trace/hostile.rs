//! Broken and hostile files are errors that say what is wrong, never a panic.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

/// A file taken apart: its description and its tensors.
struct Parts {
    description: String,
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

fn good_bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.safetensors");
    sim_trace::write(&path, &crate::common::trace()).expect("writes");
    std::fs::read(path).expect("reads")
}

fn error_of(bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.safetensors");
    std::fs::write(&path, bytes).expect("writes");
    sim_trace::read(&path).err().map(|error| error.to_string())
}

#[track_caller]
fn check(spoil: impl Fn(&mut Parts), want: &str) {
    let bytes = good_bytes();
    let file = SafeTensors::deserialize(&bytes).expect("parses");
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("parses");
    let mut parts = Parts {
        description: header.metadata().as_ref().expect("has metadata")["sysmt"].clone(),
        tensors: file
            .iter()
            .map(|(name, view)| {
                (
                    name.to_owned(),
                    view.dtype(),
                    view.shape().to_vec(),
                    view.data().to_vec(),
                )
            })
            .collect(),
    };
    spoil(&mut parts);
    let views = parts.tensors.iter().map(|(name, dtype, shape, data)| {
        (
            name.as_str(),
            TensorView::new(*dtype, shape.clone(), data).expect("is a tensor"),
        )
    });
    let metadata = HashMap::from([("sysmt".to_owned(), parts.description)]);
    let bytes = safetensors::serialize(views, Some(metadata)).expect("serializes");
    let error = error_of(&bytes).expect(want);
    assert!(error.contains(want), "{error:?} does not say {want:?}");
}

/// Give a tensor another type, shape and content.
fn replace(parts: &mut Parts, tensor: &str, dtype: Dtype, shape: &[usize]) {
    let n_bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
    for slot in parts.tensors.iter_mut().filter(|slot| slot.0 == tensor) {
        *slot = (tensor.to_owned(), dtype, shape.to_vec(), vec![0; n_bytes]);
    }
}

fn edit(parts: &mut Parts, from: &str, to: &str) {
    assert!(parts.description.contains(from), "{}", parts.description);
    parts.description = parts.description.replacen(from, to, 1);
}

#[test]
fn every_wrong_tensor_is_named() {
    check(
        |parts| parts.tensors.retain(|slot| slot.0 != "layers.0.weight"),
        "the trace lacks tensor `layers.0.weight`; add what docs/trace.md asks for",
    );
    check(
        |parts| parts.tensors.retain(|slot| slot.0 != "layers.1.input"),
        "the trace lacks tensor `layers.1.input`;",
    );
    check(
        |parts| replace(parts, "layers.0.input", Dtype::I8, &[2, 4, 5, 6]),
        "is I8, it must be U8",
    );
    check(
        |parts| replace(parts, "layers.0.weight", Dtype::F32, &[6, 2, 3, 2]),
        "is F32, it must be I8",
    );
    check(
        |parts| replace(parts, "layers.0.input", Dtype::U8, &[240]),
        "has shape [240], it must be of four axes",
    );
    check(
        |parts| replace(parts, "layers.0.input", Dtype::U8, &[0, 4, 5, 6]),
        "the number of images is zero",
    );
    check(
        |parts| replace(parts, "layers.0.input", Dtype::U8, &[2, 4, 0, 6]),
        "an input size is zero",
    );
    check(
        |parts| replace(parts, "layers.0.weight", Dtype::I8, &[6, 2, 3, 0]),
        "`layers.0.wide_counts` has shape",
    );
    check(
        |parts| replace(parts, "layers.1.weight", Dtype::I8, &[1, 1, 0, usize::MAX]),
        "a kernel size is zero",
    );
    check(
        |parts| replace(parts, "layers.1.weight", Dtype::I8, &[1, 1, 2, 1]),
        "the rows hold 1 pixels",
    );
    check(
        |parts| replace(parts, "layers.0.input_scale", Dtype::F32, &[2]),
        "it must be [1]",
    );
    check(
        |parts| replace(parts, "layers.0.input_scale", Dtype::F32, &[1]),
        "finite and above 0",
    );
    check(
        |parts| replace(parts, "layers.0.weight_scale", Dtype::F32, &[5]),
        "has shape [5], it must be [6]",
    );
    check(
        |parts| replace(parts, "layers.0.bias", Dtype::F64, &[6]),
        "is F64, it must be F32",
    );
    check(
        |parts| replace(parts, "layers.0.wide_counts", Dtype::U64, &[24]),
        "it must be [2, 12]",
    );
    check(
        |parts| {
            parts
                .tensors
                .push(("layers.7.input".to_owned(), Dtype::U8, vec![1], vec![0]))
        },
        "`layers.7.input` belongs to no layer",
    );
}

#[test]
fn every_wrong_description_is_named() {
    check(
        |parts| edit(parts, "\"version\":1", "\"version\":2"),
        "format version 2 is not known",
    );
    check(
        |parts| edit(parts, "\"version\":1", "\"version\":-1"),
        "not a whole number",
    );
    check(|parts| edit(parts, "\"version\":1,", ""), "not a whole number");
    check(
        |parts| edit(parts, "\"stride\":[2,1]", "\"stride\":[0,1]"),
        "a stride is zero",
    );
    check(
        |parts| edit(parts, "\"groups\":2", "\"groups\":-2"),
        "metadata key `sysmt`: `layers[0]`: invalid value",
    );
    check(
        |parts| edit(parts, "\"groups\":2", "\"groups\":4"),
        "it must be [4, 12]",
    );
    check(
        |parts| edit(parts, "\"zero-point\":7", "\"zero-point\":256"),
        "metadata key `sysmt`",
    );
    check(
        |parts| edit(parts, "\"kind\":\"convolution\"", "\"kind\":\"pool\""),
        "unknown variant `pool`",
    );
    check(
        |parts| edit(parts, "\"images\":[", "\"images\":[\"more\","),
        "2 maps in tensor `input` for 3 images",
    );
    check(
        |parts| edit(parts, "\"node\":3", "\"node\":3,\"extra\":1"),
        "unknown field `extra`",
    );
    check(
        |parts| edit(parts, "\"divisor\":", "\"divisors\":"),
        "metadata key `sysmt`: `origin`: unknown field `divisors`",
    );
    check(
        |parts| {
            edit(parts, "\"name\":", "\"title\":");
            edit(parts, "\"stride\":[2,1],", "");
            edit(
                parts,
                "\"geometry\":{\"stride\":[1,1]",
                "\"shape\":{\"stride\":[1,1]",
            );
            parts.tensors.retain(|slot| !slot.0.ends_with("_scale"));
        },
        "the trace lacks `layers[0].name`, `layers[0].geometry.stride`, tensor `layers.0.input_scale`, tensor \
         `layers.0.weight_scale`, `layers[1].geometry`, tensor `layers.1.input_scale`, tensor `layers.1.weight_scale`; add",
    );
    check(
        |parts| "{\"version\":1}".clone_into(&mut parts.description),
        "the trace lacks `layers`; add",
    );
    check(
        |parts| "{}".clone_into(&mut parts.description),
        "not a whole number",
    );
    check(
        |parts| "[".repeat(100_000).clone_into(&mut parts.description),
        "recursion limit",
    );
}

#[test]
fn a_missing_file_and_files_of_something_else_are_errors() {
    let error = sim_trace::read(Path::new("no/such.safetensors")).expect_err("is missing");
    assert!(
        error
            .to_string()
            .starts_with("no/such.safetensors: cannot open the trace"),
        "{error}"
    );
    assert!(sim_trace::read(Path::new(".")).is_err(), "a folder");
    for (bytes, want) in [
        (b"".as_slice(), "it has 0 bytes"),
        (b"PK\x03\x04 something else", "its header claims"),
        (&[255; 64], "its header claims"),
        (b"\x02\0\0\0\0\0\0\0{}", "not a layer trace"),
        (
            b"\x02\0\0\0\0\0\0\0{}more",
            "its tensors need 0 bytes, the file has 4",
        ),
        (b"\x02\0\0\0\0\0\0\0[]", "its header"),
    ] {
        let error = error_of(bytes).expect(want);
        assert!(error.contains(want), "{error:?} does not say {want:?}");
    }
}

#[test]
fn offsets_that_overflow_are_errors() {
    let tensor = |start: u64, end: u64| {
        format!(
            "{{\"dtype\":\"U8\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
            end - start
        )
    };
    let eighth = 1_u64 << 60;
    let mut header = "{".to_owned();
    for i in 0..15 {
        header += &format!("\"t{i}\":{},", tensor(i * eighth, (i + 1) * eighth));
    }
    header += &format!("\"t15\":{}}}", tensor(15 * eighth, u64::MAX));
    let mut bytes = u64::try_from(header.len()).expect("fits").to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    let error = error_of(&bytes).expect("no file is that long");
    assert!(error.contains("its tensors need"), "{error}");
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = good_bytes();
    for tenth in 0..10 {
        let cut = &bytes[..bytes.len() * tenth / 10];
        assert!(error_of(cut).is_some(), "cut to {} bytes", cut.len());
    }
    assert!(error_of(&bytes[..bytes.len() - 1]).is_some());
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(error_of(&longer).is_some());
}

/// A flipped bit may still give a good trace (another image name), so only panics and hangs fail here.
#[test]
fn no_flipped_bit_of_the_header_panics() {
    let bytes = good_bytes();
    let n_header = 8 + usize::from(bytes[0]) + 256 * usize::from(bytes[1]);
    let mut n_errors = 0;
    for at in 0..n_header {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        n_errors += usize::from(error_of(&flipped).is_some());
    }
    assert!(
        n_header / 2 < n_errors,
        "{n_errors} of {n_header} flips are errors"
    );
}
