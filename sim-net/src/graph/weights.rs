//! Finds the layers of a graph: nodes whose weights are constants.

use sim_core::convolution::LayerKind;
use sim_core::tensor::Tensor;
use sim_onnx::proto::NodeProto;
use sim_onnx::value::Value;

use crate::graph::error::ModelError;
use crate::graph::layer::{BatchNorm, InputSign, WeightedLayer};
use crate::graph::{Action, Graph, Node};
use crate::ops::attributes::Attributes;
use crate::ops::batch_norm::BatchNormalization;
use crate::ops::conv::{Conv, check_bias};
use crate::ops::fault::Fault;
use crate::ops::matmul::{Gemm, Stored};

/// Move constant weights and parameters of batch norms out of the constants, and let the nodes use them there.
///
/// `file` are the nodes of the file, `signs` those of the values.
pub(super) fn extract(
    graph: &mut Graph,
    file: &[NodeProto],
    opset: i64,
    signs: &[InputSign],
) -> Result<(), ModelError> {
    let mut nodes = std::mem::take(&mut graph.nodes);
    for node in &mut nodes {
        let attributes = Attributes::new(&file[node.position], opset);
        let found = match node.operator.as_str() {
            "Conv" => convolution(graph, node, &attributes),
            "Gemm" => gemm(graph, node, &attributes),
            "MatMul" => product(graph, node),
            "BatchNormalization" => {
                extract_batch_norm(graph, node, &attributes).map_err(|fault| node.model_error(fault))?;
                continue;
            }
            _ => continue,
        };
        let Some(found) = found.map_err(|fault| node.model_error(fault))? else {
            continue;
        };
        let layer = graph.layers.len();
        let input = node.inputs.first().copied().flatten();
        graph.layers.push(WeightedLayer {
            name: node.name.clone(),
            node: node.position,
            kind: if found.conv.is_some() {
                LayerKind::Convolution
            } else {
                LayerKind::FullyConnected
            },
            groups: found.conv.as_ref().map_or(1, |conv| conv.groups),
            weight: found.weight,
            bias: found.bias,
            input_sign: input.map_or(InputSign::Any, |value| signs[value]),
            batch_norm: None,
        });
        node.inputs.truncate(1);
        node.action = match found.conv {
            Some(conv) => Action::Conv { conv, layer },
            None => Action::FullyConnected { layer },
        };
    }
    graph.nodes = nodes;
    link_batch_norms(graph);
    Ok(())
}

/// A node with constant weights.
struct Found {
    weight: Tensor,
    bias: Option<Vec<f32>>,
    /// Of a convolution.
    conv: Option<Conv>,
}

/// The FP32 constant that input `index` of a node is.
fn constant<'a>(graph: &'a Graph, node: &Node, index: usize) -> Option<&'a Tensor> {
    let value = node.inputs.get(index).copied().flatten()?;
    match graph.constants[value].as_deref()? {
        Value::Float(tensor) => Some(tensor),
        Value::Int(_) => None,
    }
}

fn has_input(node: &Node, index: usize) -> bool {
    node.inputs.get(index).is_some_and(Option::is_some)
}

fn convolution(graph: &Graph, node: &Node, attributes: &Attributes<'_>) -> Result<Option<Found>, Fault> {
    let (Some(weight), bias) = (constant(graph, node, 1), constant(graph, node, 2)) else {
        return Ok(None);
    };
    if has_input(node, 2) && bias.is_none() {
        return Ok(None);
    }
    let shape = match weight.shape[..] {
        [filters, channels, columns] => vec![filters, channels, 1, columns],
        [_, _, _, _] => weight.shape.clone(),
        _ => return Err(Fault::shape(1, &weight.shape, "filters of one or two axes")),
    };
    let bias = check_bias(bias, shape[0])?.map(<[f32]>::to_vec);
    Ok(Some(Found {
        weight: Tensor::new(shape, weight.data.clone())?,
        bias,
        conv: Some(Conv::parse(attributes)?),
    }))
}

fn gemm(graph: &Graph, node: &Node, attributes: &Attributes<'_>) -> Result<Option<Found>, Fault> {
    let Gemm { alpha, beta, a, b } = Gemm::parse(attributes);
    let Some(weight) = constant(graph, node, 1).filter(|_| a == Stored::AsIs) else {
        return Ok(None);
    };
    let Some(mut weight) = filters(weight, b)? else {
        return Ok(None);
    };
    let n_filters = weight.shape[0];
    let bias = match constant(graph, node, 2) {
        None if has_input(node, 2) => return Ok(None),
        None => None,
        Some(bias) => match (&bias.shape[..], &bias.data[..]) {
            // The same for every row.
            ([] | [1] | [1, 1], &[value]) => Some(vec![value; n_filters]),
            ([_] | [1, _], values) if values.len() == n_filters => Some(values.to_vec()),
            _ => return Ok(None),
        },
    };
    let scale = |values: &mut Vec<f32>, factor: f32| values.iter_mut().for_each(|x| *x *= factor);
    scale(&mut weight.data, alpha);
    let bias = bias.map(|mut bias| {
        scale(&mut bias, beta);
        bias
    });
    Ok(Some(Found {
        weight,
        bias,
        conv: None,
    }))
}

fn product(graph: &Graph, node: &Node) -> Result<Option<Found>, Fault> {
    let Some(weight) = constant(graph, node, 1) else {
        return Ok(None);
    };
    let weight = filters(weight, Stored::AsIs)?;
    Ok(weight.map(|weight| Found {
        weight,
        bias: None,
        conv: None,
    }))
}

/// `[n, k, 1, 1]` from the right-hand side of a product; `None` if that is not a matrix.
fn filters(right: &Tensor, stored: Stored) -> Result<Option<Tensor>, Fault> {
    let &[rows, columns] = &right.shape[..] else {
        return Ok(None);
    };
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    Ok(Some(match stored {
        Stored::Transposed => Tensor::new(vec![rows, columns, 1, 1], right.data.clone())?,
        Stored::AsIs => {
            let column = |column: usize| right.data[column..].iter().step_by(columns).copied();
            Tensor::new(vec![columns, rows, 1, 1], (0..columns).flat_map(column).collect())?
        }
    }))
}

fn extract_batch_norm(graph: &mut Graph, node: &mut Node, attributes: &Attributes<'_>) -> Result<(), Fault> {
    let parameter = |index| constant(graph, node, index);
    let (Some(scale), Some(shift), Some(mean), Some(variance)) =
        (parameter(1), parameter(2), parameter(3), parameter(4))
    else {
        return Ok(());
    };
    let Some(batch_norm) = BatchNormalization::stored(attributes, [scale, shift, mean, variance])? else {
        return Ok(());
    };
    let index = graph.batch_norms.len();
    graph.batch_norms.push(BatchNorm {
        name: node.name.clone(),
        node: node.position,
        ..batch_norm
    });
    node.inputs.truncate(1);
    node.action = Action::BatchNorm { index };
    Ok(())
}

/// Tell each layer the batch norm that alone reads its output.
fn link_batch_norms(graph: &mut Graph) {
    let mut readers = vec![Vec::new(); graph.names.len()];
    for (position, node) in graph.nodes.iter().enumerate() {
        for &value in node.inputs.iter().flatten() {
            readers[value].push(position);
        }
    }
    for node in &graph.nodes {
        let (Action::Conv { layer, .. } | Action::FullyConnected { layer }) = node.action else {
            continue;
        };
        let Some(value) = node.outputs.first().copied().flatten() else {
            continue;
        };
        let &[reader] = &readers[value][..] else { continue };
        if let Action::BatchNorm { index } = graph.nodes[reader].action
            && !graph.outputs.contains(&value)
        {
            graph.layers[layer].batch_norm = Some(index);
        }
    }
}
