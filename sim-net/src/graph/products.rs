//! Products of a graph that are not layers.

use crate::graph::layer::OtherProduct;
use crate::graph::{Action, Graph, Node};

/// Operators that become layers where one operand is constant.
pub(super) const MULTIPLIES: [&str; 4] = ["Conv", "ConvTranspose", "Gemm", "MatMul"];

/// Nodes that multiply and that no hook sees, with the reason, in execution order.
pub(super) fn others(graph: &Graph) -> Vec<OtherProduct> {
    let other = |node: &Node| {
        let reason = reason(graph, node)?;
        Some(OtherProduct {
            name: node.name.clone(),
            node: node.position,
            index: node.index,
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
        "Conv" | "ConvTranspose" | "DeformConv" => Some("its weights are computed in the network"),
        "ConvInteger" | "QLinearConv" | "MatMulInteger" | "QLinearMatMul" => {
            Some("it multiplies codes in an integer operator, which is not supported")
        }
        "MatMul" | "Gemm" if is_constant(0) || is_constant(1) => {
            Some("its constant operand or its bias is of a form that is not simulated")
        }
        "MatMul" | "Gemm" | "Attention" | "Einsum" => Some("it multiplies two activations"),
        "LSTM" | "GRU" | "RNN" => Some("it is recurrent: a product of every step depends on the step before"),
        _ => None,
    }
}

/// Sizes whose product are the MACs of a node; `None` where its operator or its shapes do not say it.
pub(super) fn factors(
    operator: &str,
    inputs: &[Option<Vec<usize>>],
    output: Option<&[usize]>,
) -> Option<Vec<usize>> {
    let input = |index: usize| inputs.get(index)?.as_deref();
    match operator {
        // Each output is a sum over what a filter reads.
        "Conv" | "ConvInteger" => Some([output?, input(1)?.get(1..)?].concat()),
        // Each pixel is multiplied with what the filters of its channel hold.
        "ConvTranspose" => Some([input(0)?, input(1)?.get(1..)?].concat()),
        "MatMul" | "MatMulInteger" => Some([output?, &[*input(0)?.last()?]].concat()),
        "Gemm" => {
            // K is what is not in the output of the first matrix.
            let (a, output) = (input(0)?, output?);
            let k = a.iter().product::<usize>().checked_div(*output.first()?)?;
            Some([output, &[k]].concat())
        }
        // Steps, rows, and for both directions the weights of inputs and of states.
        "LSTM" | "GRU" | "RNN" => {
            let (steps, weights, states) = (input(0)?, input(1)?, input(2)?);
            let columns = weights.last()? + states.last()?;
            Some(vec![
                *steps.first()?,
                *steps.get(1)?,
                *weights.first()?,
                *weights.get(1)?,
                columns,
            ])
        }
        _ => None,
    }
}
