//! The order in which nodes run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::graph::Graph;
use crate::graph::error::ModelError;

/// Put the nodes in an order in which each runs after those that it reads from; as in the file where that is one.
pub(super) fn sort(graph: &mut Graph) -> Result<(), ModelError> {
    let mut producer = vec![None; graph.names.len()];
    let mut edges: DiGraph<(), ()> = DiGraph::new();
    for node in &graph.nodes {
        let index = edges.add_node(());
        for &value in node.outputs.iter().flatten() {
            producer[value] = Some(index);
        }
    }
    for (node, to) in graph.nodes.iter().zip(edges.node_indices()) {
        for from in node.inputs.iter().flatten().filter_map(|&value| producer[value]) {
            edges.add_edge(from, to, ());
        }
    }
    let order = order(&edges);
    if order.len() < graph.nodes.len() {
        return Err(cycle(graph, &edges));
    }
    let mut nodes: Vec<_> = std::mem::take(&mut graph.nodes).into_iter().map(Some).collect();
    graph.nodes = order
        .into_iter()
        .filter_map(|index| nodes[index.index()].take())
        .collect();
    Ok(())
}

/// Always the first node of the file that can run; nodes on a cycle and after it are missing.
fn order(edges: &DiGraph<(), ()>) -> Vec<NodeIndex> {
    let count = |index| edges.neighbors_directed(index, Direction::Incoming).count();
    let mut n_waiting: Vec<usize> = edges.node_indices().map(count).collect();
    let ready = edges.node_indices().filter(|index| n_waiting[index.index()] == 0);
    let mut ready: BinaryHeap<_> = ready.map(Reverse).collect();
    let mut order = Vec::with_capacity(n_waiting.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for next in edges.neighbors(index) {
            n_waiting[next.index()] -= 1;
            if n_waiting[next.index()] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    order
}

fn cycle(graph: &Graph, edges: &DiGraph<(), ()>) -> ModelError {
    let components = tarjan_scc(edges);
    let is_cycle = |component: &&Vec<NodeIndex>| {
        1 < component.len() || component.iter().any(|&index| edges.contains_edge(index, index))
    };
    let on_cycle = components.iter().filter(is_cycle).flatten().min();
    let (node, operator) = on_cycle.map_or_else(Default::default, |index| {
        let node = &graph.nodes[index.index()];
        (node.name.clone(), node.operator.clone())
    });
    ModelError::Cycle { node, operator }
}
