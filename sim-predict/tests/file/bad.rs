//! Broken and hostile files are errors that say what is wrong, never a panic.

use std::collections::HashMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use sim_predict::file::{End, PredictorFile};

use crate::file;

/// A file taken apart: its description and its tensors.
struct Parts {
    key: &'static str,
    description: String,
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let file = SafeTensors::deserialize(bytes).expect("parses");
        let (_, header) = SafeTensors::read_metadata(bytes).expect("parses");
        let tensor = |(name, view): (&str, TensorView<'_>)| {
            (
                name.to_owned(),
                view.dtype(),
                view.shape().to_vec(),
                view.data().to_vec(),
            )
        };
        Self {
            key: "sysmt-predictors",
            description: header.metadata().as_ref().expect("has metadata")["sysmt-predictors"].clone(),
            tensors: file.iter().map(tensor).collect(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, dtype, shape, data)| {
            let view = TensorView::new(*dtype, shape.clone(), data).expect("is a tensor");
            (name.as_str(), view)
        });
        let metadata = HashMap::from([(self.key.to_owned(), self.description.clone())]);
        safetensors::serialize(views, Some(metadata)).expect("serializes")
    }

    fn remove(&mut self, tensor: &str) {
        self.tensors.retain(|slot| slot.0 != tensor);
    }

    fn put(&mut self, tensor: &str, dtype: Dtype, shape: &[usize], data: Vec<u8>) {
        self.remove(tensor);
        self.tensors
            .push((tensor.to_owned(), dtype, shape.to_vec(), data));
    }

    fn zeros(&mut self, tensor: &str, dtype: Dtype, shape: &[usize]) {
        let n_bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        self.put(tensor, dtype, shape, vec![0; n_bytes]);
    }

    /// Give the last value of a tensor of FP32 numbers another value.
    fn set_last(&mut self, tensor: &str, value: f32) {
        let slot = self
            .tensors
            .iter_mut()
            .find(|slot| slot.0 == tensor)
            .expect("is there");
        let start = slot.3.len() - 4;
        slot.3[start..].copy_from_slice(&value.to_le_bytes());
    }

    fn edit(&mut self, from: &str, to: &str) {
        assert!(self.description.contains(from), "{}", self.description);
        self.description = self.description.replacen(from, to, 1);
    }
}

#[track_caller]
fn check(spoil: impl Fn(&mut Parts), want: &str) {
    let mut parts = Parts::of(&file().to_bytes().expect("is good"));
    spoil(&mut parts);
    let error = PredictorFile::from_bytes(&parts.bytes())
        .expect_err(want)
        .to_string();
    assert!(error.contains(want), "{error:?} does not say {want:?}");
}

#[track_caller]
fn check_written(spoil: impl Fn(&mut PredictorFile), want: &str) {
    let mut file = file();
    spoil(&mut file);
    let error = file.to_bytes().expect_err(want).to_string();
    assert!(error.contains(want), "{error:?} does not say {want:?}");
}

#[test]
fn a_wrong_description_is_named() {
    check(
        |parts| parts.key = "sysmt",
        "this safetensors file does not hold predictors; train them",
    );
    check(
        |parts| parts.edit(r#""version":1"#, r#""version":2"#),
        "predictor format version 2 is not known, only version 1 is",
    );
    check(
        |parts| parts.edit(r#""version":1"#, r#""version":-1"#),
        "`version` is not a whole number",
    );
    check(|parts| parts.edit("{", "["), "metadata key `sysmt-predictors`: ");
    check(
        |parts| parts.edit(r#""epochs":5"#, r#""epoch":5"#),
        "unknown field `epoch`",
    );
    check(
        |parts| parts.edit(r#""epochs":5"#, r#""epochs":-5"#),
        "invalid value: integer `-5`",
    );
    check(
        |parts| parts.edit(r#""end":"early""#, r#""end":"late""#),
        "unknown variant `late`",
    );
    check(|parts| parts.edit("[0.1,", "[null,"), "invalid type: null");
    check(
        |parts| parts.edit("0123", "012G"),
        "which is not a BLAKE3 hash; it has 64 digits from 0 to f",
    );
    check(
        |parts| parts.edit(r#""epochs":5"#, r#""epochs":1"#),
        "place `block.2.conv`: 2 losses for 1 epochs; there is one for each epoch",
    );
    check(
        |parts| parts.edit(r#""end":"early""#, r#""end":"complete""#),
        "place `block.2.conv`: 2 losses for 5 epochs",
    );
    check(
        |parts| parts.edit("/block1/conv1/Conv", "block.2.conv"),
        "tensor `/block1/conv1/Conv.b1` does not belong to a predictor of the places in the description",
    );
    check(
        |parts| {
            parts.edit("/block1/conv1/Conv", "block.2.conv");
            parts.tensors.retain(|slot| !slot.0.starts_with('/'));
        },
        "place `block.2.conv` stands in the file twice",
    );
    check(
        |parts| {
            parts.description = r#"{"version":1,"places":[]}"#.to_owned();
            parts.tensors.clear();
        },
        "the predictor file holds no place",
    );
}

#[test]
fn a_wrong_tensor_is_named() {
    check(
        |parts| {
            ["w2", "var1", "mask"]
                .iter()
                .for_each(|tensor| parts.remove(&format!("block.2.conv.{tensor}")))
        },
        "place `block.2.conv`: the file lacks tensor `block.2.conv.var1`, `block.2.conv.w2`, `block.2.conv.mask`; add",
    );
    check(
        |parts| parts.remove("block.2.conv.error"),
        "lacks tensor `block.2.conv.error`;",
    );
    check(
        |parts| parts.remove("block.2.conv.share"),
        "lacks tensor `block.2.conv.share`;",
    );
    check(
        |parts| parts.edit("block.2.conv", "block.3.conv"),
        "place `block.3.conv`: the file lacks tensor `block.3.conv.w1`, `block.3.conv.b1`,",
    );
    check(
        |parts| parts.zeros("block.2.conv.w3", Dtype::F32, &[3, 3, 3]),
        "tensor `block.2.conv.w3` does not belong to a predictor",
    );
    check(
        |parts| parts.zeros("block.2.conv.w1", Dtype::F64, &[3, 3, 3]),
        "place `block.2.conv`: tensor `block.2.conv.w1` is F64, it must be F32",
    );
    check(
        |parts| parts.zeros("block.2.conv.mask", Dtype::U8, &[1]),
        "tensor `block.2.conv.mask` is U8, it must be I32",
    );
    for shape in [&[3, 1, 3, 3][..], &[3, 9], &[3, 3, 5], &[]] {
        check(
            |parts| parts.zeros("block.2.conv.w1", Dtype::F32, shape),
            &format!("tensor `block.2.conv.w1` has shape {shape:?}, it must be [channels, 3, 3]"),
        );
    }
    check(
        |parts| parts.zeros("block.2.conv.var2", Dtype::F32, &[4]),
        "`block.2.conv.var2` has shape [4], it must be [3], for the channels of `block.2.conv.w1`; write",
    );
    check(
        |parts| parts.zeros("block.2.conv.w2", Dtype::F32, &[4, 3, 3]),
        "`block.2.conv.w2` has shape [4, 3, 3], it must be [3, 3, 3], for the channels",
    );
    check(
        |parts| parts.zeros("block.2.conv.w1", Dtype::F32, &[2, 3, 3]),
        "`block.2.conv.b1` has shape [3], it must be [2], for the channels of `block.2.conv.w1`",
    );
    check(
        |parts| parts.zeros("block.2.conv.mask", Dtype::I32, &[]),
        "`block.2.conv.mask` has shape [], it must be [1]; write",
    );
    check(
        |parts| parts.zeros("block.2.conv.share", Dtype::F64, &[26]),
        "`block.2.conv.share` has shape [26], it must be [27]; write",
    );
    check(
        |parts| {
            let of_place = |slot: &(String, Dtype, Vec<usize>, Vec<u8>)| slot.0.starts_with('/');
            let names: Vec<String> = parts
                .tensors
                .iter()
                .filter(|slot| of_place(slot))
                .map(|slot| slot.0.clone())
                .collect();
            for name in names.iter().filter(|name| !name.ends_with("mask")) {
                let filter = name.ends_with("w1") || name.ends_with("w2");
                parts.zeros(name, Dtype::F32, if filter { &[0, 3, 3] } else { &[0] });
            }
        },
        "`/block1/conv1/Conv.b1` has shape [0], it must be of at least one channel",
    );
}

#[test]
fn a_wrong_value_is_named() {
    for (mask, want) in [
        (-1, "-1 is not a type of masks"),
        (11, "11 is not a type of masks; they are 0 to 10"),
    ] {
        check(
            |parts| {
                parts.put(
                    "block.2.conv.mask",
                    Dtype::I32,
                    &[1],
                    i32::to_le_bytes(mask).to_vec(),
                )
            },
            &format!("place `block.2.conv`: tensor `block.2.conv.mask`: {want}"),
        );
    }
    for number in [1, 2] {
        for (tensor, last) in [
            ("w", 26),
            ("b", 2),
            ("scale", 2),
            ("shift", 2),
            ("mean", 2),
            ("var", 2),
        ] {
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let tensor = format!("block.2.conv.{tensor}{number}");
                let want =
                    format!("place `block.2.conv`: `{tensor}`, value {last} is {value}, it must be finite");
                check(|parts| parts.set_last(&tensor, value), &want);
            }
        }
        let variance = format!("block.2.conv.var{number}");
        check(
            |parts| parts.set_last(&variance, -1e-6),
            "it must be finite and at least 0; train",
        );
    }
    for value in [f64::NAN, -0.1, 1.1] {
        for curve in ["share", "error"] {
            let data: Vec<u8> = [value; 27].iter().flat_map(|value| value.to_le_bytes()).collect();
            check(
                |parts| parts.put(&format!("block.2.conv.{curve}"), Dtype::F64, &[27], data.clone()),
                &format!("`block.2.conv.{curve}`, value 0 is {value}, it must be from 0 to 1"),
            );
        }
    }
}

#[test]
fn what_cannot_be_read_is_not_written() {
    check_written(|file| file.places.clear(), "holds no place");
    check_written(
        |file| file.places[1].name = crate::DOTTED.to_owned(),
        "stands in the file twice",
    );
    check_written(
        |file| file.places[1].losses[1] = f64::NAN,
        "`losses`, value 1 is NaN, it must be finite",
    );
    check_written(
        |file| file.provenance.end = End::Complete,
        "2 losses for 5 epochs",
    );
    check_written(
        |file| file.provenance.model_hash = Some(String::new()),
        "`model-hash` is ``",
    );
    check_written(
        |file| file.places[0].predictor.stages[1].weight.push(0.0),
        "`block.2.conv.w2` has shape [28]",
    );
    check_written(
        |file| file.places[0].predictor.stages[0].bias.push(0.0),
        "`block.2.conv.w1` has shape [27], it must be 36 values, as `block.2.conv.b1` says",
    );
    check_written(
        |file| file.places[0].predictor.stages[0].mean[0] = f32::NAN,
        "`block.2.conv.mean1`, value 0 is NaN",
    );
}

#[test]
fn a_file_that_is_cut_off_is_an_error_and_no_byte_makes_a_panic() {
    let bytes = file().to_bytes().expect("is good");
    for end in 0..bytes.len() {
        let error = PredictorFile::from_bytes(&bytes[..end])
            .expect_err("is cut off")
            .to_string();
        assert!(error.contains("not a whole safetensors file"), "{end}: {error}");
    }
    let mut n_read = 0;
    for place in 0..bytes.len() {
        for flip in [1, 0x20, 0x80, 0xFF] {
            let mut bytes = bytes.clone();
            bytes[place] ^= flip;
            // What is read although a bit of a number differs can be written.
            if let Ok(file) = PredictorFile::from_bytes(&bytes) {
                n_read += 1;
                assert!(file.to_bytes().is_ok(), "{place}");
            }
        }
    }
    assert!(0 < n_read && n_read < 4 * bytes.len());
}
