//! From the messages of a file to a graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use sim_onnx::error::TensorFault;
use sim_onnx::proto::tensor_shape_proto::dimension;
use sim_onnx::proto::{GraphProto, ModelProto, TensorProto, ValueInfoProto, type_proto};
use sim_onnx::stored::{self, DataType, FloatKind};
use sim_onnx::value::{IntKind, Value};

use crate::graph::error::{MAX_OPSET, MIN_OPSET, ModelError};
use crate::graph::given::Given;
use crate::graph::inline::{Branch, Placed};
use crate::graph::names::Names;
use crate::graph::{
    Action, Branches, Graph, Node, fold, given, infer, inline, order, places, products, sign, weights,
};
use crate::network::Input;
use crate::ops;
use crate::ops::attributes::Attributes;
use crate::ops::fault::Fault;

/// The domains of the operators of the standard.
const STANDARD_DOMAINS: [&str; 2] = ["", "ai.onnx"];

pub(super) fn graph(model: &ModelProto, given: &Given) -> Result<Graph, ModelError> {
    let opset = opset(model)?;
    let file = model.graph.as_ref().ok_or(ModelError::NoGraph)?;
    if let Some(sparse) = file.sparse_initializer.first() {
        let name = sparse.values.as_ref().and_then(|values| values.name.clone());
        return Err(initializer_error(name.unwrap_or_default(), TensorFault::Sparse));
    }
    let mut stored = Stored::default();
    stored.read(&file.initializer)?;
    let nodes = file.node.iter().cloned().enumerate();
    let mut nodes: Vec<Placed> = nodes.map(|(position, node)| Placed { node, position }).collect();
    let mut branches = Branches::None;
    loop {
        let mut graph = assemble(file, &nodes, &stored, opset, given)?;
        let chosen = chosen(&graph, given)?;
        if chosen.is_empty() {
            graph.branches = branches;
            return finish(graph, &nodes, opset);
        }
        let mut initializers = Vec::new();
        nodes = inline::inline(nodes, &chosen, &mut initializers)?;
        stored.read(&initializers)?;
        branches = Branches::Inlined;
    }
}

/// Stored constants, by name.
#[derive(Default)]
struct Stored {
    constants: Vec<(String, Result<Arc<Value>, TensorFault>)>,
    widened: BTreeSet<FloatKind>,
}

impl Stored {
    /// More of them. One of a type that is not supported counts only where it is needed.
    fn read(&mut self, tensors: &[TensorProto]) -> Result<(), ModelError> {
        for tensor in tensors {
            let name = tensor.name.clone().unwrap_or_default();
            let value = match stored::value(tensor) {
                Ok(value) => Ok(Arc::new(value)),
                Err(fault @ TensorFault::DataType { .. }) => Err(fault),
                Err(fault) => return Err(initializer_error(name, fault)),
            };
            if let Ok(DataType::Widened(kind)) = DataType::from_onnx(tensor.data_type.unwrap_or_default()) {
                self.widened.insert(kind);
            }
            self.constants.push((name, value));
        }
        Ok(())
    }
}

fn initializer_error(name: String, fault: TensorFault) -> ModelError {
    ModelError::Initializer { name, fault }
}

/// The graph of these nodes, in order, after those that depend on no input have run.
fn assemble(
    file: &GraphProto,
    nodes: &[Placed],
    stored: &Stored,
    opset: i64,
    given: &Given,
) -> Result<Graph, ModelError> {
    let mut names = Names::default();
    // Why a constant cannot be read.
    let mut unreadable = BTreeMap::new();
    let mut constants = Vec::new();
    for (name, value) in &stored.constants {
        match (names.number(name), value) {
            (None, _) => {}
            (Some(number), Ok(value)) => constants.push((number, Arc::clone(value))),
            (Some(number), Err(fault)) => {
                unreadable.insert(number, fault.to_string());
            }
        }
    }
    let file_nodes = nodes;
    let nodes = nodes.iter().enumerate();
    let nodes = nodes.map(|(index, placed)| read_node(placed, index, opset, &mut names, &unreadable));
    let nodes: Vec<Node> = nodes.collect();
    let stored_values: BTreeSet<usize> = constants
        .iter()
        .map(|&(number, _)| number)
        .chain(unreadable.keys().copied())
        .collect();
    let mut inputs = Vec::new();
    for input in &file.input {
        let name = input.name.clone().unwrap_or_default();
        // Before version 4 of the format, initializers were inputs too.
        if let Some(value) = names.number(&name).filter(|value| !stored_values.contains(value)) {
            let input = Input {
                name,
                shape: declared_shape(input),
                kind: declared_kind(input),
            };
            inputs.push((value, input));
        }
    }
    for constant in &given.constants {
        let place = inputs.iter().position(|(_, input)| input.name == constant.name);
        let Some(place) = place else {
            return Err(ModelError::NoInput {
                name: constant.name.clone(),
                inputs: inputs.into_iter().map(|(_, input)| input.name).collect(),
            });
        };
        let (value, input) = inputs.remove(place);
        constants.push((value, given::value_of(constant, &input)?));
    }
    let declared_outputs: Vec<String> = file
        .output
        .iter()
        .filter_map(|output| output.name.clone())
        .collect();
    let outputs = declared_outputs
        .iter()
        .filter_map(|name| names.number(name))
        .collect();
    let (input_values, inputs) = inputs.into_iter().unzip();
    let names = names.into_names();
    let mut graph = Graph {
        inputs,
        input_values,
        fed: Vec::new(),
        images: 0,
        arrays: given.arrays.clone(),
        outputs,
        declared_outputs,
        constants: vec![None; names.len()],
        needed: vec![true; nodes.len()],
        nodes,
        layers: Vec::new(),
        others: Vec::new(),
        batch_norms: Vec::new(),
        places: Vec::new(),
        last_reader: Vec::new(),
        dequantized: BTreeMap::new(),
        on_codes: BTreeMap::new(),
        widened: stored.widened.clone(),
        branches: Branches::None,
        batch_node: OnceLock::new(),
        names,
    };
    for (value, constant) in constants {
        graph.constants[value] = Some(constant);
    }
    check_origins(&graph, &unreadable)?;
    order::sort(&mut graph)?;
    fold::fold(&mut graph, file_nodes)?;
    Ok(graph)
}

/// Nodes that choose between branches, by index in the list of nodes, with what they choose where it is known.
fn chosen(graph: &Graph, given: &Given) -> Result<BTreeMap<usize, Branch>, ModelError> {
    let choices = || graph.nodes.iter().filter(|node| node.operator == "If");
    if choices().next().is_none() {
        return Ok(BTreeMap::new());
    }
    let known = infer::known_integers(graph, &given.shapes);
    let choice = |node: &Node| {
        let condition = node.input(0)?;
        let truth = match graph.constants[condition].as_deref() {
            Some(Value::Int(tensor)) => tensor.data.first().copied(),
            Some(Value::Float(_)) => None,
            None => known.get(&condition).and_then(|numbers| numbers.first().copied()),
        }?;
        Some((node.index, if truth == 0 { Branch::Else } else { Branch::Then }))
    };
    Ok(choices().filter_map(choice).collect())
}

/// Find layers and batch norms, and run everything that the outputs need.
fn finish(mut graph: Graph, nodes: &[Placed], opset: i64) -> Result<Graph, ModelError> {
    let signs = sign::signs(&graph);
    weights::extract(&mut graph, nodes, opset, &signs)?;
    graph.others = products::others(&graph);
    graph.places = places::places(&graph);
    graph.find_missing();
    graph.find_last_readers();
    drop_unread(&mut graph);
    let outputs = graph.outputs.clone();
    graph.need_outputs(outputs);
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

fn read_node(
    placed: &Placed,
    index: usize,
    opset: i64,
    names: &mut Names,
    unreadable: &BTreeMap<usize, String>,
) -> Node {
    let Placed { node: file, position } = placed;
    let name = [file.name.as_ref(), file.output.first()]
        .into_iter()
        .flatten()
        .find(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("number {position}"), String::clone);
    let mut operator = file.op_type.clone().unwrap_or_default();
    let domain = file.domain.as_deref().unwrap_or_default();
    if !STANDARD_DOMAINS.contains(&domain) {
        operator = format!("{domain}.{operator}");
    }
    let operation = ops::parse(&operator, &Attributes::new(file, opset));
    let mut inputs: Vec<Option<usize>> = file.input.iter().map(|name| names.number(name)).collect();
    // What its graphs read of the values around them, too.
    let graphs = file.attribute.iter().filter_map(|attribute| attribute.g.as_ref());
    let n_inner_products = graphs.clone().map(inline::n_products).sum();
    let captured: BTreeSet<String> = graphs.flat_map(inline::captured).collect();
    inputs.extend(captured.iter().map(|name| names.number(name)));
    let fault = inputs.iter().flatten().find_map(|value| unreadable.get(value));
    let operation = if operator == "If" {
        Err(Fault::Branch)
    } else {
        operation
    };
    let action = match (operation, fault) {
        (_, Some(what)) => Action::Refused(Fault::Stored { what: what.clone() }),
        (Ok(Some(operation)), None) => Action::Plain(operation),
        (Ok(None), None) => Action::Refused(Fault::NoOperator),
        (Err(fault), None) => Action::Refused(fault),
    };
    Node {
        name,
        operator,
        position: *position,
        index,
        n_inner_products,
        inputs,
        outputs: file.output.iter().map(|name| names.number(name)).collect(),
        action,
    }
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
fn check_origins(graph: &Graph, unreadable: &BTreeMap<usize, String>) -> Result<(), ModelError> {
    let constants = graph.constants.iter().enumerate();
    let mut has_origin: Vec<bool> = constants
        .map(|(value, constant)| constant.is_some() || unreadable.contains_key(&value))
        .collect();
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

/// Weights live in the layers; the constants that they were made from are not needed any more.
fn drop_unread(graph: &mut Graph) {
    for (value, constant) in graph.constants.iter_mut().enumerate() {
        if graph.last_reader[value].is_none() && !graph.outputs.contains(&value) {
            *constant = None;
        }
    }
}
