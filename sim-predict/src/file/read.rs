//! Reading predictors from bytes that may be anything.

use std::collections::BTreeSet;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Deserialize as _;
use serde_json::Value;

use crate::curve::{Curve, N_THRESHOLDS};
use crate::file::{
    BY_CHANNEL, Description, FileFault, KEY, PlaceDescription, PlacePredictor, PredictorFile, VERSION,
    tensor_name,
};
use crate::mask::MaskType;
use crate::predictor::{Predictor, SIZE, Stage};

/// Whether the file at `path` holds predictors.
pub fn is_written_at(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| PredictorFile::from_bytes(&bytes).is_ok())
}

impl PredictorFile {
    /// The predictors in the bytes of a file.
    ///
    /// - Errors: the place and the tensor, what is wrong, and what to do about it. Broken and hostile bytes are errors,
    ///   never a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileFault> {
        let broken = |error: safetensors::SafeTensorError| FileFault::Container {
            why: error.to_string(),
        };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        let metadata = header.metadata().as_ref();
        let text = metadata
            .and_then(|metadata| metadata.get(KEY))
            .ok_or(FileFault::NotPredictors)?;
        let Description {
            version: _,
            provenance,
            places,
        } = describe(text)?;
        let mut known = BTreeSet::new();
        let mut read = Vec::new();
        for PlaceDescription { name, losses } in places {
            let mut tensors = Tensors {
                file: &file,
                known: &mut known,
                place: &name,
            };
            let (predictor, curve) = tensors.place()?;
            read.push(PlacePredictor {
                name,
                predictor,
                curve,
                losses,
            });
        }
        let mut names = file.names();
        names.sort_unstable();
        if let Some(tensor) = names.into_iter().find(|name| !known.contains(*name)) {
            return Err(FileFault::Unknown {
                tensor: tensor.to_owned(),
            });
        }
        let file = Self {
            places: read,
            provenance,
        };
        file.check()?;
        Ok(file)
    }
}

/// The version is looked at first: another version may have other keys.
fn describe(text: &str) -> Result<Description, FileFault> {
    let wrong = |why: String| FileFault::Description { why };
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let found = value.get("version").and_then(Value::as_u64);
    let found = found.ok_or_else(|| wrong("`version` is not a whole number".to_owned()))?;
    if found != VERSION {
        return Err(FileFault::Version {
            found,
            known: VERSION,
        });
    }
    Description::deserialize(&value).map_err(|error| wrong(error.to_string()))
}

/// The tensors of one place.
struct Tensors<'a> {
    file: &'a SafeTensors<'a>,
    known: &'a mut BTreeSet<String>,
    place: &'a str,
}

impl<'a> Tensors<'a> {
    fn place(&mut self) -> Result<(Predictor, Option<Curve>), FileFault> {
        self.check_all_there()?;
        let weight = self.get("w1", Dtype::F32)?;
        let n_channels = match *weight.shape() {
            [n_channels, SIZE, SIZE] => n_channels,
            _ => return Err(self.shape("w1", weight.shape(), "[channels, 3, 3]".to_owned())),
        };
        let stages = [self.stage("1", n_channels)?, self.stage("2", n_channels)?];
        let [mask] = integers(self.with_shape("mask", Dtype::I32, &[1])?.data())[..] else {
            return Err(self.shape("mask", &[], "[1]".to_owned()));
        };
        let mask = MaskType::new(mask.into()).map_err(|fault| FileFault::Mask {
            place: self.place.to_owned(),
            tensor: self.name("mask"),
            fault,
        })?;
        let curve = if self.has("share") {
            Some(Curve {
                share: self.curve("share")?,
                error: self.curve("error")?,
            })
        } else {
            None
        };
        Ok((Predictor { mask, stages }, curve))
    }

    /// All that is missing is said at once.
    fn check_all_there(&self) -> Result<(), FileFault> {
        let of_stage = |number: &'static str| {
            let tensors = ["w"].into_iter().chain(BY_CHANNEL);
            tensors.map(move |tensor| format!("{tensor}{number}"))
        };
        let mut wanted: Vec<String> = of_stage("1").chain(of_stage("2")).collect();
        wanted.push("mask".to_owned());
        let curve = ["share", "error"];
        if curve.iter().any(|tensor| self.has(tensor)) {
            wanted.extend(curve.map(str::to_owned));
        }
        let missing = wanted.iter().filter(|tensor| !self.has(tensor));
        let tensors: Vec<String> = missing.map(|tensor| self.name(tensor)).collect();
        if tensors.is_empty() {
            return Ok(());
        }
        Err(FileFault::Lacks {
            place: self.place.to_owned(),
            tensors,
        })
    }

    fn stage(&mut self, number: &str, n_channels: usize) -> Result<Stage, FileFault> {
        let weight = self.with_shape(&format!("w{number}"), Dtype::F32, &[n_channels, SIZE, SIZE])?;
        let mut by_channel = |tensor: &str| -> Result<Vec<f32>, FileFault> {
            let tensor = self.with_shape(&format!("{tensor}{number}"), Dtype::F32, &[n_channels])?;
            Ok(singles(tensor.data()))
        };
        let [bias, scale, shift, mean, variance] = BY_CHANNEL;
        Ok(Stage {
            bias: by_channel(bias)?,
            scale: by_channel(scale)?,
            shift: by_channel(shift)?,
            mean: by_channel(mean)?,
            variance: by_channel(variance)?,
            weight: singles(weight.data()),
        })
    }

    fn curve(&mut self, tensor: &str) -> Result<[f64; N_THRESHOLDS], FileFault> {
        let view = self.with_shape(tensor, Dtype::F64, &[N_THRESHOLDS])?;
        let mut curve = [0.0; N_THRESHOLDS];
        for (to, &from) in curve.iter_mut().zip(view.data().as_chunks().0) {
            *to = f64::from_le_bytes(from);
        }
        Ok(curve)
    }

    fn name(&self, tensor: &str) -> String {
        tensor_name(self.place, tensor)
    }

    fn has(&self, tensor: &str) -> bool {
        self.file.tensor(&self.name(tensor)).is_ok()
    }

    fn with_shape(
        &mut self,
        tensor: &str,
        dtype: Dtype,
        want: &[usize],
    ) -> Result<TensorView<'a>, FileFault> {
        let view = self.get(tensor, dtype)?;
        if view.shape() == want {
            return Ok(view);
        }
        let channels = format!(", for the channels of `{}`", self.name("w1"));
        let why = if dtype == Dtype::F32 {
            channels
        } else {
            String::new()
        };
        Err(self.shape(tensor, view.shape(), format!("{want:?}{why}")))
    }

    fn get(&mut self, tensor: &str, want: Dtype) -> Result<TensorView<'a>, FileFault> {
        let name = self.name(tensor);
        let Ok(view) = self.file.tensor(&name) else {
            return Err(FileFault::Lacks {
                place: self.place.to_owned(),
                tensors: vec![name],
            });
        };
        if view.dtype() != want {
            return Err(FileFault::Type {
                place: self.place.to_owned(),
                tensor: name,
                found: format!("{:?}", view.dtype()),
                want: format!("{want:?}"),
            });
        }
        self.known.insert(name);
        Ok(view)
    }

    fn shape(&self, tensor: &str, found: &[usize], want: String) -> FileFault {
        FileFault::Shape {
            place: self.place.to_owned(),
            tensor: self.name(tensor),
            found: found.to_vec(),
            want,
        }
    }
}

fn singles(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|&value| f32::from_le_bytes(value)).collect()
}

fn integers(bytes: &[u8]) -> Vec<i32> {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|&value| i32::from_le_bytes(value)).collect()
}
