//! A copy of an ONNX file in which some nodes read other FP32 constants.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;

use crate::proto::tensor_shape_proto::{Dimension, dimension};
use crate::proto::{ModelProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto};
use crate::wire::{Field, WireFault, fields, push};

/// A constant in place of what a node reads.
#[derive(Clone, Copy, Debug)]
pub struct NewInput<'a> {
    /// Position of the node in the graph.
    pub node: usize,
    /// Position among the inputs of the node.
    pub index: usize,
    /// Its elements, along one axis.
    pub elements: &'a [f32],
}

/// The model `bytes`, which is `file`, with these constants.
///
/// Every other field stays as it is, byte for byte, also those that nothing here knows. A tensor that something else reads
/// too, and one that nodes compute, is left alone: the node then reads a new initializer, called as the old input with
/// `suffix`.
///
/// - Errors: bytes that cannot be taken apart.
///
/// # Panics
/// Where the graph of `file` has no such node or input.
pub fn with_inputs(
    bytes: &[u8],
    file: &ModelProto,
    inputs: &[NewInput<'_>],
    suffix: &str,
) -> Result<Vec<u8>, WireFault> {
    Edits::plan(file, inputs, suffix).model(bytes)
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
    fn plan(file: &'a ModelProto, inputs: &[NewInput<'a>], suffix: &str) -> Self {
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

        for &NewInput {
            node,
            index,
            elements,
        } in inputs
        {
            let name = graph.node[node].input[index].as_str();
            if stored.contains(name) && n_readers[name] == 1 {
                edits.elements.insert(name, elements);
                continue;
            }
            let new = unused_name(name, suffix, &names);
            names.insert(new.clone());
            edits.inputs.insert((node, index), new.clone());
            edits.initializers.push((new, elements));
        }
        edits
    }

    fn model(&self, bytes: &[u8]) -> Result<Vec<u8>, WireFault> {
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
    fn graph(&self, bytes: &[u8], n_nodes: &mut usize) -> Result<Vec<u8>, WireFault> {
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

    fn node(&self, bytes: &[u8], position: usize) -> Result<Vec<u8>, WireFault> {
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
    fn initializer(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, WireFault> {
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
                push(
                    graph,
                    number::GRAPH_INPUT,
                    &float_input(name, size).encode_to_vec(),
                );
            }
        }
    }
}

/// `name.suffix`, numbered where that is taken.
fn unused_name(name: &str, suffix: &str, names: &BTreeSet<String>) -> String {
    let mut new = format!("{name}.{suffix}");
    let mut number = 2;
    while names.contains(&new) {
        new = format!("{name}.{suffix}.{number}");
        number += 1;
    }
    new
}

/// An FP32 input of a graph, of one axis of `size` elements.
pub fn float_input(name: &str, size: i64) -> ValueInfoProto {
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
