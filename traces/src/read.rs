//! Reading a trace from a file that may be anything.

use std::collections::BTreeSet;
use std::path::Path;

use safetensors::tensor::Dtype;
use serde::Deserialize as _;
use serde_json::Value;

use crate::container::Container;
use crate::error::{Fault, LayerName, TraceError};
use crate::prediction::{PredictedOutputs, PredictionDescription};
use crate::trace::{Layer, Origin, Trace};
use crate::write::{Description, KEY, LayerDescription, VERSION, tensor_name};

/// Keys of a layer that have no default, and of its geometry.
const LAYER_KEYS: [&str; 3] = ["name", "kind", "geometry"];
const GEOMETRY_KEYS: [&str; 4] = ["stride", "padding", "dilation", "groups"];
/// Tensors that every layer has.
const TENSORS: [&str; 4] = ["input", "weight", "input_scale", "weight_scale"];

/// Read the trace at `path`.
///
/// What it returns has passed [`Trace::check`]. A broken or hostile file is an error, never a panic, and costs no
/// more memory than the file is long.
///
/// - Errors: the file, and in it the layer and the tensor, with what to do about it.
pub fn read(path: &Path) -> Result<Trace, TraceError> {
    read_file(path).map_err(|fault| TraceError::new(path, fault))
}

/// Whether there is a trace at `path` that a capture may have written: one that knows the hash of its model.
pub fn is_captured(path: &Path) -> bool {
    let has_hash = |text: &str| -> bool {
        let description: Value = serde_json::from_str(text).unwrap_or_default();
        description["origin"]["model-hash"].is_string()
    };
    Container::open(path).is_ok_and(|container| container.metadata(KEY).is_some_and(has_hash))
}

fn read_file(path: &Path) -> Result<Trace, Fault> {
    let mut container = Container::open(path)?;
    let description = describe(container.metadata(KEY).ok_or(Fault::NotATrace)?, &container)?;
    let mut known = BTreeSet::new();
    let mut layers = Vec::new();
    for (index, layer) in description.layers.into_iter().enumerate() {
        let mut tensors = Tensors {
            container: &mut container,
            known: &mut known,
            layer: LayerName {
                index,
                name: layer.name.clone(),
            },
        };
        layers.push(read_layer(&mut tensors, layer)?);
    }
    if let Some(tensor) = container.names().into_iter().find(|name| !known.contains(name)) {
        return Err(Fault::Unknown { tensor });
    }
    let mut origin = description.origin;
    if origin.images.is_empty() {
        let n_maps = layers.iter().map(|layer: &Layer| layer.input_shape[0]);
        let n_images = n_maps.min().unwrap_or(0);
        origin.images = (0..n_images).map(|image| image.to_string()).collect();
    }
    let trace = Trace {
        origin,
        layers,
        unsimulated: description.unsimulated,
    };
    trace.check()?;
    Ok(trace)
}

/// The version is looked at first: another version may have other keys.
fn describe(text: &str, container: &Container) -> Result<Description, Fault> {
    let value: Value = serde_json::from_str(text).map_err(|error| Fault::Description {
        why: error.to_string(),
    })?;
    let found = value.get("version").and_then(Value::as_u64);
    let found = found.ok_or_else(|| Fault::Description {
        why: "`version` is not a whole number".to_owned(),
    })?;
    if found != VERSION {
        return Err(Fault::Version {
            found,
            known: VERSION,
        });
    }
    let what = lacking(&value, container);
    if !what.is_empty() {
        return Err(Fault::Lacks { what });
    }
    Description::deserialize(&value).map_err(|error| Fault::Description {
        why: in_its_part(&value).unwrap_or_else(|| error.to_string()),
    })
}

/// Everything that a trace needs and that is not there, so that nobody has to find one after the other.
fn lacking(description: &Value, container: &Container) -> Vec<String> {
    let Some(layers) = description.get("layers") else {
        return vec!["`layers`".to_owned()];
    };
    let mut what = Vec::new();
    for (index, layer) in layers.as_array().into_iter().flatten().enumerate() {
        let geometry = &layer["geometry"];
        let keys = LAYER_KEYS.iter().filter(|key| layer.get(key).is_none());
        what.extend(keys.map(|key| format!("`layers[{index}].{key}`")));
        let keys = GEOMETRY_KEYS
            .iter()
            .filter(|key| geometry.is_object() && geometry.get(key).is_none());
        what.extend(keys.map(|key| format!("`layers[{index}].geometry.{key}`")));
        let names = TENSORS.map(|tensor| tensor_name(index, tensor));
        let names = names.iter().filter(|name| container.info(name).is_none());
        what.extend(names.map(|name| format!("tensor `{name}`")));
    }
    what
}

/// What is wrong with a part of a description, and with which.
fn in_its_part(description: &Value) -> Option<String> {
    let layers = description["layers"].as_array().into_iter().flatten().enumerate();
    let of_layers = layers.filter_map(|(index, layer)| {
        let error = LayerDescription::deserialize(layer).err()?;
        Some(format!("`layers[{index}]`: {error}"))
    });
    let of_origin = description.get("origin").and_then(|origin| {
        let error = Origin::deserialize(origin).err()?;
        Some(format!("`origin`: {error}"))
    });
    of_layers.chain(of_origin).next()
}

fn read_layer(tensors: &mut Tensors<'_>, layer: LayerDescription) -> Result<Layer, Fault> {
    let (input_shape, input) = tensors.required("input", Dtype::U8)?;
    let (weight_shape, weight) = tensors.required("weight", Dtype::I8)?;
    let input_shape = tensors.four_axes("input", &input_shape)?;
    let weight_shape = tensors.four_axes("weight", &weight_shape)?;
    let (scale_shape, scale) = tensors.required("input_scale", Dtype::F32)?;
    let input_scale = match floats(&scale).as_slice() {
        &[scale] if scale_shape.len() <= 1 => scale,
        _ => return Err(tensors.shape("input_scale", scale_shape, "[1]".to_owned())),
    };
    let (shape, bytes) = tensors.required("weight_scale", Dtype::F32)?;
    tensors.expect("weight_scale", shape, &[weight_shape[0]])?;
    let weight_scale = floats(&bytes);
    let bias = match tensors.optional("bias", Dtype::F32)? {
        Some((shape, bytes)) => {
            tensors.expect("bias", shape, &[weight_shape[0]])?;
            Some(floats(&bytes))
        }
        None => None,
    };
    let wide_counts = match tensors.optional("wide_counts", Dtype::U64)? {
        Some((shape, bytes)) => {
            // A product that overflows equals no dimension of a file.
            let k = sim_core::shape::checked_product(&weight_shape[1..]).unwrap_or(usize::MAX);
            tensors.expect("wide_counts", shape, &[layer.geometry.groups, k])?;
            let (counts, _) = bytes.as_chunks();
            Some(counts.iter().map(|&count| u64::from_le_bytes(count)).collect())
        }
        None => None,
    };
    let mut read = Layer {
        name: layer.name,
        kind: layer.kind,
        geometry: layer.geometry,
        node: layer.node,
        input,
        input_shape,
        weight: weight.into_iter().map(u8::cast_signed).collect(),
        weight_shape,
        input_scale,
        zero_point: layer.zero_point,
        weight_scale,
        bias,
        wide_counts,
        predicted: None,
    };
    read.predicted = read_prediction(tensors, &read, layer.prediction)?;
    Ok(read)
}

/// The tensors of a prediction, which are there together or not at all.
fn read_prediction(
    tensors: &mut Tensors<'_>,
    layer: &Layer,
    about: Option<PredictionDescription>,
) -> Result<Option<PredictedOutputs>, Fault> {
    let kept = tensors.optional("kept", Dtype::U8)?;
    let first = tensors.optional("first", Dtype::U8)?;
    let part = |missing| Fault::PartOfPrediction {
        layer: tensors.layer.clone(),
        missing,
    };
    let ((kept_shape, kept), (first_shape, first), about) = match (kept, first, about) {
        (None, None, None) => return Ok(None),
        (Some(kept), Some(first), Some(about)) => (kept, first, about),
        (None, _, _) => return Err(part("`kept`")),
        (_, None, _) => return Err(part("`first`")),
        (_, _, None) => return Err(part("`prediction` of the description")),
    };
    let output = layer.output_size();
    let [rows, columns] = output.map_err(|fault| Fault::Geometry {
        layer: tensors.layer.clone(),
        fault,
    })?;
    tensors.expect("first", first_shape, &[rows, columns])?;
    let of_outputs = [layer.input_shape[0], layer.weight_shape[0], rows, columns];
    tensors.expect("kept", kept_shape, &of_outputs)?;
    Ok(Some(PredictedOutputs { kept, first, about }))
}

/// The tensors of one layer in an open file.
struct Tensors<'a> {
    container: &'a mut Container,
    known: &'a mut BTreeSet<String>,
    layer: LayerName,
}

type ShapeAndBytes = (Vec<usize>, Vec<u8>);

impl Tensors<'_> {
    fn optional(&mut self, tensor: &str, want: Dtype) -> Result<Option<ShapeAndBytes>, Fault> {
        let name = tensor_name(self.layer.index, tensor);
        let Some(info) = self.container.info(&name) else {
            return Ok(None);
        };
        if info.dtype != want {
            return Err(Fault::Type {
                layer: self.layer.clone(),
                tensor: name,
                found: format!("{:?}", info.dtype),
                want: format!("{want:?}"),
            });
        }
        let shape = info.shape.clone();
        let bytes = self.container.bytes(&name)?;
        self.known.insert(name);
        Ok(Some((shape, bytes)))
    }

    fn required(&mut self, tensor: &str, want: Dtype) -> Result<ShapeAndBytes, Fault> {
        self.optional(tensor, want)?.ok_or_else(|| Fault::Lacks {
            what: vec![format!("tensor `{}`", tensor_name(self.layer.index, tensor))],
        })
    }

    fn four_axes(&self, tensor: &str, shape: &[usize]) -> Result<[usize; 4], Fault> {
        shape
            .try_into()
            .map_err(|_| self.shape(tensor, shape.to_vec(), "of four axes".to_owned()))
    }

    fn expect(&self, tensor: &str, found: Vec<usize>, want: &[usize]) -> Result<(), Fault> {
        if found == want {
            return Ok(());
        }
        Err(self.shape(tensor, found, format!("{want:?}")))
    }

    fn shape(&self, tensor: &str, found: Vec<usize>, want: String) -> Fault {
        Fault::Shape {
            layer: self.layer.clone(),
            tensor: tensor_name(self.layer.index, tensor),
            found,
            want,
        }
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|&value| f32::from_le_bytes(value)).collect()
}
