//! Writing a trace: whole or not at all, and the same bytes for the same trace.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::{Deserialize, Serialize};
use sim_core::convolution::{Geometry, LayerKind};
use sim_core::shape::widen;

use crate::error::{Fault, TraceError};
use crate::prediction::PredictionDescription;
use crate::trace::{Origin, Trace, Unsimulated};

/// The metadata key of the description.
pub(crate) const KEY: &str = "sysmt";
/// The format version that is read and written here.
pub(crate) const VERSION: u64 = 1;

/// The JSON under [`KEY`]. What has a default may be left out of a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Description {
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) origin: Origin,
    pub(crate) layers: Vec<LayerDescription>,
    #[serde(default)]
    pub(crate) unsimulated: Vec<Unsimulated>,
}

/// What of a layer is not a tensor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LayerDescription {
    pub(crate) name: String,
    pub(crate) kind: LayerKind,
    pub(crate) geometry: Geometry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<usize>,
    #[serde(default)]
    pub(crate) zero_point: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prediction: Option<PredictionDescription>,
}

/// The name of a layer's tensor in the file.
pub(crate) fn tensor_name(index: usize, tensor: &str) -> String {
    format!("layers.{index}.{tensor}")
}

/// Write `trace` to `path`, replacing what is there.
///
/// The file appears whole: it is written beside `path` under another name, then renamed.
///
/// - Errors: a trace that breaks a rule of [`Trace::check`], or a file system that says no.
pub fn write(path: &Path, trace: &Trace) -> Result<(), TraceError> {
    trace
        .check()
        .and_then(|()| write_checked(path, trace))
        .map_err(|fault| TraceError::new(path, fault))
}

fn write_checked(path: &Path, trace: &Trace) -> Result<(), Fault> {
    let description = Description {
        version: VERSION,
        origin: trace.origin.clone(),
        layers: trace
            .layers
            .iter()
            .map(|layer| LayerDescription {
                name: layer.name.clone(),
                kind: layer.kind,
                geometry: layer.geometry,
                node: layer.node,
                zero_point: layer.zero_point,
                prediction: (layer.predicted.as_ref()).map(|predicted| predicted.about.clone()),
            })
            .collect(),
        unsimulated: trace.unsimulated.clone(),
    };
    let text = serde_json::to_string(&description).map_err(|error| Fault::Description {
        why: error.to_string(),
    })?;
    let failed = |error| Fault::Io {
        action: "write the trace",
        error,
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let mut tensors = tensors(trace);
    // As the reference writer does: widest type first, which keeps every tensor aligned, then by name.
    tensors.sort_by(|(left_name, left), (right_name, right)| {
        right
            .dtype
            .cmp(&left.dtype)
            .then_with(|| left_name.cmp(right_name))
    });
    let header = header(&tensors, text)?;
    let file = new_file(folder).map_err(failed)?;
    write_parts(file.as_file(), &header, &tensors).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Length, names, shapes and offsets of the tensors, padded to a multiple of eight bytes.
fn header(tensors: &[(String, TensorBytes<'_>)], description: String) -> Result<Vec<u8>, Fault> {
    let mut offset = 0;
    let infos = tensors.iter().map(|(name, tensor)| {
        let start = offset;
        offset += tensor.bytes.len();
        let info = TensorInfo {
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            data_offsets: (start, offset),
        };
        (name.clone(), info)
    });
    let metadata = HashMap::from([(KEY.to_owned(), description)]);
    let failed = |why: String| Fault::Description { why };
    let metadata =
        Metadata::new(Some(metadata), infos.collect()).map_err(|error| failed(error.to_string()))?;
    let mut text = serde_json::to_vec(&metadata).map_err(|error| failed(error.to_string()))?;
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut header = widen(text.len()).to_le_bytes().to_vec();
    header.append(&mut text);
    Ok(header)
}

fn write_parts(file: &File, header: &[u8], tensors: &[(String, TensorBytes<'_>)]) -> std::io::Result<()> {
    let mut writer = BufWriter::new(file);
    writer.write_all(header)?;
    for (_, tensor) in tensors {
        writer.write_all(&tensor.bytes)?;
    }
    writer.flush()?;
    file.sync_all()
}

/// A temporary file with the permissions of an ordinary new one.
fn new_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".trace-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

struct TensorBytes<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

fn tensors(trace: &Trace) -> Vec<(String, TensorBytes<'_>)> {
    let mut tensors = Vec::new();
    for (index, layer) in trace.layers.iter().enumerate() {
        let mut push = |tensor, dtype, shape: &[usize], bytes| {
            let shape = shape.to_vec();
            tensors.push((tensor_name(index, tensor), TensorBytes { dtype, shape, bytes }));
        };
        push(
            "input",
            Dtype::U8,
            &layer.input_shape,
            Cow::Borrowed(layer.input.as_slice()),
        );
        let weight = layer.weight.iter().map(|w| w.cast_unsigned()).collect();
        push("weight", Dtype::I8, &layer.weight_shape, Cow::Owned(weight));
        push("input_scale", Dtype::F32, &[1], f32_bytes(&[layer.input_scale]));
        let n_filters = layer.weight_scale.len();
        push(
            "weight_scale",
            Dtype::F32,
            &[n_filters],
            f32_bytes(&layer.weight_scale),
        );
        if let Some(bias) = &layer.bias {
            push("bias", Dtype::F32, &[n_filters], f32_bytes(bias));
        }
        if let Some(counts) = &layer.wide_counts {
            let shape = [layer.geometry.groups, layer.k_per_group()];
            let bytes = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
            push("wide_counts", Dtype::U64, &shape, Cow::Owned(bytes));
        }
        if let (Some(predicted), Ok([rows, columns])) = (&layer.predicted, layer.output_size()) {
            let shape = [layer.input_shape[0], n_filters, rows, columns];
            push(
                "kept",
                Dtype::U8,
                &shape,
                Cow::Borrowed(predicted.kept.as_slice()),
            );
            push(
                "first",
                Dtype::U8,
                &shape[2..],
                Cow::Borrowed(predicted.first.as_slice()),
            );
        }
    }
    tensors
}

fn f32_bytes(values: &[f32]) -> Cow<'static, [u8]> {
    Cow::Owned(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}
