//! Branches that are chosen while a file is read take the place of the node that chooses.

use std::collections::{BTreeMap, BTreeSet};

use sim_onnx::proto::{GraphProto, NodeProto, TensorProto};

use crate::graph::error::ModelError;
use crate::graph::products;

/// Which branch of a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    Then,
    Else,
}

impl Branch {
    const fn attribute(self) -> &'static str {
        match self {
            Self::Then => "then_branch",
            Self::Else => "else_branch",
        }
    }
}

/// A node with its position in the file.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) node: NodeProto,
    pub(super) position: usize,
}

/// Put the nodes of the `chosen` branches, by index, in the place of the nodes that choose, and their constants to
/// `initializers`.
///
/// - Errors: nodes without such a branch, or with another number of outputs than it has.
pub(super) fn inline(
    nodes: Vec<Placed>,
    chosen: &BTreeMap<usize, Branch>,
    initializers: &mut Vec<TensorProto>,
) -> Result<Vec<Placed>, ModelError> {
    let mut all = Vec::with_capacity(nodes.len());
    for (index, placed) in nodes.into_iter().enumerate() {
        let Some(&branch) = chosen.get(&index) else {
            all.push(placed);
            continue;
        };
        let Placed { node, position } = placed;
        let attributes = node.attribute.iter();
        let mut branches =
            attributes.filter(|attribute| attribute.name.as_deref() == Some(branch.attribute()));
        let graph = branches.find_map(|attribute| attribute.g.as_ref());
        let graph = graph.filter(|graph| graph.output.len() == node.output.len());
        let Some(graph) = graph else {
            return Err(ModelError::Branch {
                node: node.name.clone().unwrap_or_default(),
                branch: branch.attribute(),
            });
        };
        // What is said about names: those of a branch are its own, even where another branch has the same.
        let prefix = format!(
            "{}/{}/",
            node.output.first().map_or("", String::as_str),
            branch.attribute()
        );
        let scope = Scope::of(graph, prefix);
        for tensor in &graph.initializer {
            let mut tensor = tensor.clone();
            tensor.name = tensor.name.map(|name| scope.name(&name));
            initializers.push(tensor);
        }
        all.extend(graph.node.iter().map(|inner| Placed {
            node: scope.node(inner),
            position,
        }));
        let outputs = graph
            .output
            .iter()
            .zip(&node.output)
            .filter(|(_, to)| !to.is_empty());
        all.extend(outputs.map(|(from, to)| Placed {
            node: NodeProto {
                input: vec![scope.name(from.name.as_deref().unwrap_or_default())],
                output: vec![to.clone()],
                op_type: Some("Identity".to_owned()),
                ..NodeProto::default()
            },
            position,
        }));
    }
    Ok(all)
}

/// Convolutions and products in `graph` and the graphs within it.
pub(super) fn n_products(graph: &GraphProto) -> usize {
    let is_product =
        |node: &&NodeProto| products::operands(node.op_type.as_deref().unwrap_or_default()).is_some();
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let inner: usize = attributes
        .filter_map(|attribute| attribute.g.as_ref())
        .map(n_products)
        .sum();
    graph.node.iter().filter(is_product).count() + inner
}

/// Names of values around `graph` that it reads.
pub(super) fn captured(graph: &GraphProto) -> BTreeSet<String> {
    let own = Scope::of(graph, String::new()).own;
    let nodes = graph.node.iter();
    let inner = nodes
        .clone()
        .flat_map(|node| &node.attribute)
        .filter_map(|attribute| attribute.g.as_ref());
    let mut read: BTreeSet<String> = inner.flat_map(captured).collect();
    read.extend(nodes.flat_map(|node| &node.input).cloned());
    read.extend(graph.output.iter().filter_map(|output| output.name.clone()));
    let formal: BTreeSet<&str> = graph
        .input
        .iter()
        .filter_map(|input| input.name.as_deref())
        .collect();
    read.retain(|name| !name.is_empty() && !own.contains(name) && !formal.contains(name.as_str()));
    read
}

/// Names that belong to a branch.
struct Scope {
    own: BTreeSet<String>,
    prefix: String,
}

impl Scope {
    fn of(graph: &GraphProto, prefix: String) -> Self {
        let made = graph.node.iter().flat_map(|node| &node.output).cloned();
        let stored = graph.initializer.iter().filter_map(|tensor| tensor.name.clone());
        Self {
            own: made.chain(stored).filter(|name| !name.is_empty()).collect(),
            prefix,
        }
    }

    fn name(&self, name: &str) -> String {
        if self.own.contains(name) {
            format!("{}{name}", self.prefix)
        } else {
            name.to_owned()
        }
    }

    fn names(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.name(name)).collect()
    }

    fn node(&self, node: &NodeProto) -> NodeProto {
        let mut node = node.clone();
        node.input = self.names(&node.input);
        node.output = self.names(&node.output);
        for attribute in &mut node.attribute {
            if let Some(graph) = &mut attribute.g {
                self.graph(graph);
            }
        }
        node
    }

    /// Names of this scope that a graph within it reads; its own hide them.
    fn graph(&self, graph: &mut GraphProto) {
        let inner = Self::of(graph, String::new());
        let outer = Self {
            own: self.own.difference(&inner.own).cloned().collect(),
            prefix: self.prefix.clone(),
        };
        for node in &mut graph.node {
            *node = outer.node(node);
        }
        for output in &mut graph.output {
            output.name = output.name.as_deref().map(|name| outer.name(name));
        }
    }
}
