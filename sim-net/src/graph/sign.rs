//! Which values cannot be negative, from the graph alone.

use sim_onnx::value::Value;

use crate::graph::layer::InputSign;
use crate::graph::{Action, Graph};
use crate::ops::{Signs, non_negative_if};

/// The sign of each value; inputs of the graph may be anything.
pub(super) fn signs(graph: &Graph) -> Vec<InputSign> {
    let of_constant = |constant: &Option<_>| match constant.as_deref() {
        Some(Value::Float(tensor)) => non_negative_if(tensor.data.iter().all(|&x| 0.0 <= x)),
        Some(Value::Int(tensor)) => non_negative_if(tensor.data.iter().all(|&x| 0 <= x)),
        None => InputSign::Any,
    };
    let mut signs: Vec<InputSign> = graph.constants.iter().map(of_constant).collect();
    for node in &graph.nodes {
        let Action::Plain(operation) = &node.action else {
            continue;
        };
        let inputs = node
            .inputs
            .iter()
            .map(|input| input.map(|value| signs[value]))
            .collect();
        let sign = operation.sign(&Signs(inputs));
        for &value in node.outputs.iter().flatten() {
            signs[value] = sign;
        }
    }
    signs
}
