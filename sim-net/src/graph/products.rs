//! Products of a graph that are not layers.

use crate::graph::layer::OtherProduct;
use crate::graph::{Action, Graph, Node};
use crate::ops::integer::{self, Product};

/// Operators that become layers where one operand is constant.
const MULTIPLIES: [&str; 4] = ["Conv", "ConvTranspose", "Gemm", "MatMul"];

const COMPUTED_WEIGHTS: &str = "its weights are computed in the network";
const TWO_ACTIVATIONS: &str = "it multiplies two activations";

/// Inputs of an operator that becomes a layer where one operand is constant: its two operands.
pub(super) fn operands(operator: &str) -> Option<[usize; 2]> {
    let on_codes = || integer::places(operator).map(|places| [places.left, places.right]);
    MULTIPLIES.contains(&operator).then_some([0, 1]).or_else(on_codes)
}

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
        let value = node.input(index);
        value.is_some_and(|value| graph.constants[value].is_some())
    };
    if let Some(places) = integer::places(&node.operator) {
        let is_computed = |index: usize| {
            let value = node.input(index);
            value.is_some() && !is_constant(index)
        };
        return Some(if is_computed(places.right) && is_computed(places.left) {
            match places.product {
                Product::Convolution => COMPUTED_WEIGHTS,
                Product::Matrices => TWO_ACTIVATIONS,
            }
        } else if is_computed(places.left_zero) {
            "the zero point of its input is computed anew for every image"
        } else {
            "its constant operand, zero points, Δ or bias are of a form that is not simulated"
        });
    }
    match node.operator.as_str() {
        "Conv" | "ConvTranspose" if is_constant(1) => {
            Some("its weights, bias or attributes are of a form that is not simulated")
        }
        "Conv" | "ConvTranspose" | "DeformConv" => Some(COMPUTED_WEIGHTS),
        "MatMul" | "Gemm" if is_constant(0) || is_constant(1) => {
            Some("its constant operand or its bias is of a form that is not simulated")
        }
        "MatMul" | "Gemm" | "Attention" | "Einsum" => Some(TWO_ACTIVATIONS),
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
    // Each output is a sum over what a filter reads, or over a row.
    let of_filters = |weights: usize| Some([output?, input(weights)?.get(1..)?].concat());
    let of_rows = || Some([output?, &[*input(0)?.last()?]].concat());
    if let Some(places) = integer::places(operator) {
        return match places.product {
            Product::Convolution => of_filters(places.right),
            Product::Matrices => of_rows(),
        };
    }
    match operator {
        "Conv" => of_filters(1),
        "MatMul" => of_rows(),
        // Each pixel is multiplied with what the filters of its channel hold.
        "ConvTranspose" => Some([input(0)?, input(1)?.get(1..)?].concat()),
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
