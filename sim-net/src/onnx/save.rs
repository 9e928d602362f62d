//! A copy of an ONNX file with other statistics in its batch norms.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::network::{ModelError, Network, Statistics};
use crate::onnx::proto::tensor_shape_proto::{Dimension, dimension};
use crate::onnx::proto::{ModelProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto};
use crate::onnx::wire::{Field, WireFault, fields, push};

/// A file that cannot be copied with other statistics.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {fault}", path = path.display())]
pub struct SaveError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    #[source]
    pub fault: SaveFault,
}

/// What keeps statistics from being saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveFault {
    /// A file that cannot be read or written.
    #[error("cannot {action} the model: {error}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// A file that is no network.
    #[error(transparent)]
    Model(#[from] Box<ModelError>),
    /// Bytes that cannot be taken apart.
    #[error("not an ONNX model: {0}")]
    Wire(#[from] WireFault),
    /// Statistics of another network.
    #[error(
        "it has {want} batch norms, but there are statistics for {found}: were they made for another network?"
    )]
    Count {
        /// Statistics given.
        found: usize,
        /// Batch norms of the file.
        want: usize,
    },
    /// Statistics of another batch norm.
    #[error("batch norm `{batch_norm}` has {want} channels, but its new {statistic} has {found}")]
    Channels {
        /// Its name.
        batch_norm: String,
        /// `mean` or `variance`.
        statistic: &'static str,
        /// Channels of what is given.
        found: usize,
        /// Channels that it has.
        want: usize,
    },
    /// A value that a batch norm cannot use.
    #[error(
        "batch norm `{batch_norm}`: the new {statistic} of channel {channel} is {value}; means are finite, variances \
         finite and not negative"
    )]
    Value {
        /// Its name.
        batch_norm: String,
        /// `mean` or `variance`.
        statistic: &'static str,
        /// The channel.
        channel: usize,
        /// Its value.
        value: f32,
    },
}

/// Write a copy of the model at `source` to `out` in which the batch norms have these `statistics`, one for each in the
/// order of [`Network::batch_norms`].
///
/// Only the stored means and variances change; every other field of the file stays as it is, byte for byte, also those
/// that nothing here knows. A tensor that something else reads too, and one that nodes compute, is left alone: the batch
/// norm then reads a new initializer. `out` appears whole or not at all, and may be `source`.
///
/// - Errors: a source that is no network, statistics that do not fit its batch norms or are not finite, a folder that
///   cannot be written.
pub fn save_statistics(source: &Path, out: &Path, statistics: &[Statistics]) -> Result<(), SaveError> {
    let fail = |path: &Path, fault| SaveError {
        path: path.to_owned(),
        fault,
    };
    let io = |action| move |error| SaveFault::Io { action, error };
    let bytes = std::fs::read(source).map_err(|error| fail(source, io("read")(error)))?;
    let bytes = with_statistics(&bytes, statistics).map_err(|fault| fail(source, fault))?;
    write(out, &bytes).map_err(|error| fail(out, io("write")(error)))
}

/// As [`save_statistics`], from memory to memory.
///
/// - Errors: as [`save_statistics`].
pub fn with_statistics(bytes: &[u8], statistics: &[Statistics]) -> Result<Vec<u8>, SaveFault> {
    let network = Network::from_bytes(bytes).map_err(Box::new)?;
    check(&network, statistics)?;
    let file = ModelProto::decode(bytes).map_err(|error| Box::new(ModelError::from(error)))?;
    let edits = Edits::plan(&file, &network, statistics);
    edits.model(bytes)
}

fn check(network: &Network, statistics: &[Statistics]) -> Result<(), SaveFault> {
    let batch_norms = network.batch_norms();
    if batch_norms.len() != statistics.len() {
        return Err(SaveFault::Count {
            found: statistics.len(),
            want: batch_norms.len(),
        });
    }
    for (batch_norm, statistics) in batch_norms.iter().zip(statistics) {
        let is_mean = |x: f32| x.is_finite();
        let is_variance = |x: f32| x.is_finite() && 0.0 <= x;
        let lists: [(_, _, &dyn Fn(f32) -> bool); 2] = [
            ("mean", &statistics.mean, &is_mean),
            ("variance", &statistics.variance, &is_variance),
        ];
        for (statistic, list, is_good) in lists {
            if list.len() != batch_norm.scale.len() {
                return Err(SaveFault::Channels {
                    batch_norm: batch_norm.name.clone(),
                    statistic,
                    found: list.len(),
                    want: batch_norm.scale.len(),
                });
            }
            if let Some((channel, &value)) = list.iter().enumerate().find(|&(_, &value)| !is_good(value)) {
                return Err(SaveFault::Value {
                    batch_norm: batch_norm.name.clone(),
                    statistic,
                    channel,
                    value,
                });
            }
        }
    }
    Ok(())
}

/// Numbers of the fields that are changed or looked into.
mod number {
    pub(super) const MODEL_GRAPH: u64 = 7;
    pub(super) const GRAPH_NODE: u64 = 1;
    pub(super) const GRAPH_INITIALIZER: u64 = 5;
    pub(super) const GRAPH_INPUT: u64 = 11;
    pub(super) const NODE_INPUT: u64 = 1;
    pub(super) const TENSOR_FLOATS: u64 = 4;
    pub(super) const TENSOR_NAME: u64 = 8;
    pub(super) const TENSOR_RAW: u64 = 9;
}

/// Inputs of the node `BatchNormalization`.
const MEAN: usize = 3;
const VARIANCE: usize = 4;

/// From this version of the format on, an initializer need not be an input of the graph.
const IR_OF_FREE_INITIALIZERS: i64 = 4;

/// `TensorProto.DataType`.
const FLOAT: i32 = 1;

/// What changes in a file.
struct Edits<'a> {
    /// New elements of initializers, by name.
    elements: BTreeMap<&'a str, &'a [f32]>,
    /// New names of inputs, by node and position.
    inputs: BTreeMap<(usize, usize), String>,
    /// New initializers: names and elements.
    initializers: Vec<(String, &'a [f32])>,
    /// Whether initializers are inputs too.
    ir_version: i64,
}

impl<'a> Edits<'a> {
    /// `statistics` fit the batch norms of `network`, which was read from `file`.
    fn plan(file: &'a ModelProto, network: &Network, statistics: &'a [Statistics]) -> Self {
        let mut edits = Self {
            elements: BTreeMap::new(),
            inputs: BTreeMap::new(),
            initializers: Vec::new(),
            ir_version: file.ir_version.unwrap_or_default(),
        };
        let Some(graph) = &file.graph else { return edits };
        let stored: BTreeSet<&str> = graph.initializer.iter().map(TensorProto::name).collect();
        let mut n_readers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut names: BTreeSet<String> = stored.iter().map(|&name| name.to_owned()).collect();
        let outputs = graph.output.iter().map(ValueInfoProto::name);
        let read = graph.node.iter().flat_map(|node| &node.input).map(String::as_str);
        for name in outputs.chain(read) {
            *n_readers.entry(name).or_default() += 1;
            names.insert(name.to_owned());
        }
        names.extend(graph.node.iter().flat_map(|node| &node.output).cloned());
        names.extend(graph.input.iter().map(|input| input.name().to_owned()));

        for (batch_norm, statistics) in network.batch_norms().iter().zip(statistics) {
            let node = &graph.node[batch_norm.node];
            for (index, elements) in [(MEAN, &statistics.mean), (VARIANCE, &statistics.variance)] {
                let name = node.input[index].as_str();
                if stored.contains(name) && n_readers[name] == 1 {
                    edits.elements.insert(name, elements);
                    continue;
                }
                let new = unused_name(name, &names);
                names.insert(new.clone());
                edits.inputs.insert((batch_norm.node, index), new.clone());
                edits.initializers.push((new, elements));
            }
        }
        edits
    }

    fn model(&self, bytes: &[u8]) -> Result<Vec<u8>, SaveFault> {
        let fields = fields(bytes)?;
        // A message may come in parts, which decoders join.
        let last = fields
            .iter()
            .rposition(|field| field.number == number::MODEL_GRAPH);
        let mut model = Vec::with_capacity(bytes.len());
        let mut n_nodes = 0;
        for (index, field) in fields.iter().enumerate() {
            match (field.number, field.content) {
                (number::MODEL_GRAPH, Some(content)) => {
                    let mut graph = self.graph(content, &mut n_nodes)?;
                    if last == Some(index) {
                        self.push_initializers(&mut graph);
                    }
                    push(&mut model, field.number, &graph);
                }
                _ => model.extend_from_slice(field.whole),
            }
        }
        Ok(model)
    }

    /// `n_nodes` counts the nodes of the parts before.
    fn graph(&self, bytes: &[u8], n_nodes: &mut usize) -> Result<Vec<u8>, SaveFault> {
        let mut graph = Vec::with_capacity(bytes.len());
        for field in fields(bytes)? {
            match (field.number, field.content) {
                (number::GRAPH_NODE, Some(content)) => {
                    push(&mut graph, field.number, &self.node(content, *n_nodes)?);
                    *n_nodes += 1;
                }
                (number::GRAPH_INITIALIZER, Some(content)) => match self.initializer(content)? {
                    Some(tensor) => push(&mut graph, field.number, &tensor),
                    None => graph.extend_from_slice(field.whole),
                },
                _ => graph.extend_from_slice(field.whole),
            }
        }
        Ok(graph)
    }

    fn node(&self, bytes: &[u8], position: usize) -> Result<Vec<u8>, SaveFault> {
        let mut node = Vec::with_capacity(bytes.len());
        let mut n_inputs = 0;
        for field in fields(bytes)? {
            let mut renamed = None;
            if field.number == number::NODE_INPUT {
                renamed = self.inputs.get(&(position, n_inputs));
                n_inputs += 1;
            }
            match renamed {
                Some(name) => push(&mut node, field.number, name.as_bytes()),
                None => node.extend_from_slice(field.whole),
            }
        }
        Ok(node)
    }

    /// The initializer `bytes` with its new elements, in the form that it had; `None` if they do not change.
    fn initializer(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, SaveFault> {
        let fields = fields(bytes)?;
        let is = |number| move |field: &&Field<'_>| field.number == number;
        let name = fields.iter().rfind(is(number::TENSOR_NAME));
        let name = name
            .and_then(|field| field.content)
            .and_then(|name| std::str::from_utf8(name).ok());
        let Some(elements) = name.and_then(|name| self.elements.get(name)) else {
            return Ok(None);
        };
        let form = match fields.iter().find(is(number::TENSOR_RAW)) {
            Some(_) => number::TENSOR_RAW,
            None => number::TENSOR_FLOATS,
        };
        // Packed numbers and raw bytes look the same.
        let mut content = Some(little_endian(elements));
        let mut tensor = Vec::with_capacity(bytes.len());
        for field in &fields {
            if [number::TENSOR_FLOATS, number::TENSOR_RAW].contains(&field.number) {
                if let Some(content) = content.take() {
                    push(&mut tensor, form, &content);
                }
            } else {
                tensor.extend_from_slice(field.whole);
            }
        }
        if let Some(content) = content {
            push(&mut tensor, form, &content);
        }
        Ok(Some(tensor))
    }

    fn push_initializers(&self, graph: &mut Vec<u8>) {
        for (name, elements) in &self.initializers {
            // Channels of a network that was read.
            let size = i64::try_from(elements.len()).unwrap_or(i64::MAX);
            let tensor = TensorProto {
                dims: vec![size],
                data_type: Some(FLOAT),
                name: Some(name.clone()),
                raw_data: Some(little_endian(elements)),
                ..TensorProto::default()
            };
            push(graph, number::GRAPH_INITIALIZER, &tensor.encode_to_vec());
            if self.ir_version < IR_OF_FREE_INITIALIZERS {
                push(graph, number::GRAPH_INPUT, &input(name, size).encode_to_vec());
            }
        }
    }
}

/// `name.recalibrated`, numbered where that is taken.
fn unused_name(name: &str, names: &BTreeSet<String>) -> String {
    let mut new = format!("{name}.recalibrated");
    let mut number = 2;
    while names.contains(&new) {
        new = format!("{name}.recalibrated.{number}");
        number += 1;
    }
    new
}

/// An FP32 input of `size` elements.
fn input(name: &str, size: i64) -> ValueInfoProto {
    let dimension = Dimension {
        value: Some(dimension::Value::DimValue(size)),
    };
    let tensor = type_proto::Tensor {
        elem_type: Some(FLOAT),
        shape: Some(TensorShapeProto { dim: vec![dimension] }),
    };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
        }),
    }
}

fn little_endian(elements: &[f32]) -> Vec<u8> {
    elements
        .iter()
        .flat_map(|element| element.to_le_bytes())
        .collect()
}

/// The file appears whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    // A file in a temporary folder gets the permissions that other files get.
    let work = tempfile::Builder::new().prefix(".sysmt-").tempdir_in(folder)?;
    let new = work.path().join("model.onnx");
    let mut file = std::fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests;
