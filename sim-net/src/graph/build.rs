//! From the messages of a file to a graph.

use std::sync::Arc;

use prost::Message;
use sim_onnx::error::TensorFault;
use sim_onnx::proto::tensor_shape_proto::dimension;
use sim_onnx::proto::{GraphProto, ModelProto, NodeProto, ValueInfoProto, type_proto};
use sim_onnx::stored::{self, DataType};
use sim_onnx::value::IntKind;

use crate::graph::error::{MAX_OPSET, MIN_OPSET, ModelError};
use crate::graph::names::Names;
use crate::graph::{Action, Graph, Node, fold, order, sign, weights};
use crate::network::Input;
use crate::ops;
use crate::ops::attributes::Attributes;

/// The domains of the operators of the standard.
const STANDARD_DOMAINS: [&str; 2] = ["", "ai.onnx"];

pub(super) fn graph(bytes: &[u8]) -> Result<Graph, ModelError> {
    let model = ModelProto::decode(bytes)?;
    let opset = opset(&model)?;
    let file = model.graph.ok_or(ModelError::NoGraph)?;
    let mut names = Names::default();
    let mut graph = Graph {
        names: Vec::new(),
        inputs: Vec::new(),
        input_values: Vec::new(),
        outputs: Vec::new(),
        constants: Vec::new(),
        nodes: nodes(&file, opset, &mut names)?,
        layers: Vec::new(),
        batch_norms: Vec::new(),
        last_reader: Vec::new(),
    };
    let constants = constants(&file, &mut names)?;
    for input in &file.input {
        let name = input.name.clone().unwrap_or_default();
        let value = names.number(&name);
        // Before version 4 of the format, initializers were inputs too.
        let is_constant = constants.iter().any(|(constant, _)| Some(*constant) == value);
        if let Some(value) = value.filter(|_| !is_constant) {
            graph.input_values.push(value);
            graph.inputs.push(Input {
                name,
                shape: declared_shape(input),
                kind: declared_kind(input),
            });
        }
    }
    let outputs = file
        .output
        .iter()
        .map(|output| output.name.as_deref().unwrap_or_default());
    graph.outputs = outputs.filter_map(|name| names.number(name)).collect();
    graph.names = names.into_names();
    graph.constants = vec![None; graph.names.len()];
    for (value, constant) in constants {
        graph.constants[value] = Some(constant);
    }
    check_origins(&graph)?;
    order::sort(&mut graph)?;
    fold::fold(&mut graph)?;
    let signs = sign::signs(&graph);
    weights::extract(&mut graph, &file.node, opset, &signs)?;
    graph.last_reader = last_readers(&graph);
    drop_unread(&mut graph);
    Ok(graph)
}

fn opset(model: &ModelProto) -> Result<i64, ModelError> {
    let is_standard = |domain: Option<&str>| STANDARD_DOMAINS.contains(&domain.unwrap_or_default());
    let standard = model
        .opset_import
        .iter()
        .find(|opset| is_standard(opset.domain.as_deref()));
    // A file from before there were operator sets has the first.
    let found = standard.and_then(|opset| opset.version).unwrap_or(1);
    if model.graph.is_none() {
        return Err(ModelError::NoGraph);
    }
    if (MIN_OPSET..=MAX_OPSET).contains(&found) {
        Ok(found)
    } else {
        Err(ModelError::Opset { found })
    }
}

fn nodes(file: &GraphProto, opset: i64, names: &mut Names) -> Result<Vec<Node>, ModelError> {
    file.node
        .iter()
        .enumerate()
        .map(|(position, node)| read_node(node, position, opset, names))
        .collect()
}

fn read_node(file: &NodeProto, position: usize, opset: i64, names: &mut Names) -> Result<Node, ModelError> {
    let name = [file.name.as_ref(), file.output.first()]
        .into_iter()
        .flatten()
        .find(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("number {position}"), String::clone);
    let mut operator = file.op_type.clone().unwrap_or_default();
    let domain = file.domain.as_deref().unwrap_or_default();
    let operation = if STANDARD_DOMAINS.contains(&domain) {
        ops::parse(&operator, &Attributes::new(file, opset))
    } else {
        operator = format!("{domain}.{operator}");
        Ok(None)
    };
    let operation = match operation {
        Ok(Some(operation)) => operation,
        Ok(None) => return Err(ModelError::Operator { node: name, operator }),
        Err(fault) => {
            return Err(ModelError::Node {
                node: name,
                operator,
                fault: Box::new(fault),
            });
        }
    };
    Ok(Node {
        name,
        operator,
        position,
        inputs: file.input.iter().map(|name| names.number(name)).collect(),
        outputs: file.output.iter().map(|name| names.number(name)).collect(),
        action: Action::Plain(operation),
    })
}

/// Initializers, by value.
fn constants(
    file: &GraphProto,
    names: &mut Names,
) -> Result<Vec<(usize, Arc<sim_onnx::value::Value>)>, ModelError> {
    let fault = |name: Option<&str>, fault| ModelError::Initializer {
        name: name.unwrap_or_default().to_owned(),
        fault,
    };
    if let Some(sparse) = file.sparse_initializer.first() {
        let name = sparse.values.as_ref().and_then(|values| values.name.as_deref());
        return Err(fault(name, TensorFault::Sparse));
    }
    let mut constants = Vec::with_capacity(file.initializer.len());
    for tensor in &file.initializer {
        let name = tensor.name.as_deref();
        let value = stored::value(tensor).map_err(|error| fault(name, error))?;
        if let Some(number) = names.number(name.unwrap_or_default()) {
            constants.push((number, Arc::new(value)));
        }
    }
    Ok(constants)
}

fn declared_shape(input: &ValueInfoProto) -> Vec<Option<usize>> {
    let Some(type_proto::Value::TensorType(tensor)) =
        input.r#type.as_ref().and_then(|r#type| r#type.value.as_ref())
    else {
        return Vec::new();
    };
    let dimensions = tensor.shape.iter().flat_map(|shape| &shape.dim);
    dimensions
        .map(|dimension| match dimension.value {
            // Some writers leave a size open as 0 or -1.
            Some(dimension::Value::DimValue(size)) => usize::try_from(size).ok().filter(|&size| 0 < size),
            Some(dimension::Value::DimParam(_)) | None => None,
        })
        .collect()
}

/// What the integers of an input are; `None` of floats, and where the file does not say it.
fn declared_kind(input: &ValueInfoProto) -> Option<IntKind> {
    let type_proto::Value::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
    match DataType::from_onnx(tensor.elem_type?).ok()? {
        DataType::Int(kind) => Some(kind),
        DataType::Float | DataType::Widened(_) => None,
    }
}

/// Every value comes from one place, and every value that is read comes from somewhere.
fn check_origins(graph: &Graph) -> Result<(), ModelError> {
    let mut has_origin: Vec<bool> = graph.constants.iter().map(Option::is_some).collect();
    let produced = graph.nodes.iter().flat_map(|node| node.outputs.iter().flatten());
    for &value in graph.input_values.iter().chain(produced) {
        if std::mem::replace(&mut has_origin[value], true) {
            let value = graph.names[value].clone();
            return Err(ModelError::Twice { value });
        }
    }
    for node in &graph.nodes {
        if let Some(&value) = node.inputs.iter().flatten().find(|&&value| !has_origin[value]) {
            return Err(ModelError::Undefined {
                node: node.name.clone(),
                operator: node.operator.clone(),
                value: graph.names[value].clone(),
            });
        }
    }
    match graph.outputs.iter().find(|&&value| !has_origin[value]) {
        Some(&value) => Err(ModelError::Output {
            name: graph.names[value].clone(),
        }),
        None => Ok(()),
    }
}

fn last_readers(graph: &Graph) -> Vec<Option<usize>> {
    let mut last_reader = vec![None; graph.names.len()];
    for (position, node) in graph.nodes.iter().enumerate() {
        for &value in node.inputs.iter().flatten() {
            last_reader[value] = Some(position);
        }
    }
    for &value in &graph.outputs {
        last_reader[value] = None;
    }
    last_reader
}

/// Weights live in the layers; the constants that they were made from are not needed any more.
fn drop_unread(graph: &mut Graph) {
    for (value, constant) in graph.constants.iter_mut().enumerate() {
        if graph.last_reader[value].is_none() && !graph.outputs.contains(&value) {
            *constant = None;
        }
    }
}
