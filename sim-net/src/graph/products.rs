//! Products of a graph that are not layers.

use crate::graph::layer::OtherProduct;
use crate::graph::{Action, Graph, Node};

/// Nodes that multiply and that no hook sees, with the reason, in execution order.
pub(super) fn others(graph: &Graph) -> Vec<OtherProduct> {
    let other = |node: &Node| {
        let reason = reason(graph, node)?;
        Some(OtherProduct {
            name: node.name.clone(),
            node: node.position,
            reason: reason.to_owned(),
        })
    };
    graph.nodes.iter().filter_map(other).collect()
}

fn reason(graph: &Graph, node: &Node) -> Option<&'static str> {
    match &node.action {
        Action::Conv { .. }
        | Action::FullyConnected { .. }
        | Action::ConvTranspose { .. }
        | Action::BatchNorm { .. } => return None,
        Action::Plain(_) | Action::Refused(_) => {}
    }
    let is_constant = |index: usize| {
        let value = node.inputs.get(index).copied().flatten();
        value.is_some_and(|value| graph.constants[value].is_some())
    };
    match node.operator.as_str() {
        "Conv" | "ConvTranspose" if is_constant(1) => {
            Some("its weights, bias or attributes are of a form that is not simulated")
        }
        "Conv" | "ConvTranspose" | "ConvInteger" | "QLinearConv" | "DeformConv" => {
            Some("its weights are computed in the network")
        }
        "MatMul" | "Gemm" if is_constant(0) || is_constant(1) => {
            Some("its constant operand or its bias is of a form that is not simulated")
        }
        "MatMul" | "Gemm" | "MatMulInteger" | "QLinearMatMul" | "Attention" | "Einsum" => {
            Some("it multiplies two activations")
        }
        "LSTM" | "GRU" | "RNN" => Some("it is recurrent: a product of every step depends on the step before"),
        _ => None,
    }
}
