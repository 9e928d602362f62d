//! Finds the layers of a graph: nodes whose weights are constants.

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_core::convolution::LayerKind;
use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, Value};

use crate::graph::error::ModelError;
use crate::graph::inline::Placed;
use crate::graph::layer::{BatchNorm, InputSign, StoredCodes, StoredInput, WeightedLayer};
use crate::graph::on_codes::{self, CodesRead, Parameters, Weights};
use crate::graph::stored_codes::{self, ChannelAxis};
use crate::graph::{Action, Graph, Node, fused_codes, products, readers};
use crate::ops::args::{Operand, Operands};
use crate::ops::attributes::Attributes;
use crate::ops::batch_norm::BatchNormalization;
use crate::ops::conv::{Conv, check_bias};
use crate::ops::conv_transpose::{ConvTranspose, ConvTransposeLayer};
use crate::ops::fault::Fault;
use crate::ops::integer::{self, Places, Product};
use crate::ops::matmul::{Gemm, Stored};

/// Move constant weights and parameters of batch norms out of the constants, and let the nodes use them there.
///
/// `file` are the nodes as they are stored, `signs` those of the values.
pub(super) fn extract(
    graph: &mut Graph,
    file: &[Placed],
    opset: i64,
    signs: &[InputSign],
) -> Result<(), ModelError> {
    let mut nodes = std::mem::take(&mut graph.nodes);
    let codes = Codes::of(graph, &nodes, signs);
    for node in &mut nodes {
        let Action::Plain(_) = node.action else { continue };
        let attributes = Attributes::new(&file[node.index].node, opset);
        if let Some(operands) = products::operands(&node.operator)
            && let Some(index) = operands.into_iter().find(|&index| node.input(index).is_none())
        {
            node.action = Action::Refused(Fault::Missing { index });
            continue;
        }
        let found = match node.operator.as_str() {
            "Conv" => convolution(graph, node, &attributes),
            "ConvTranspose" => transposed(graph, node, &attributes),
            "Gemm" => gemm(graph, node, &attributes),
            "MatMul" => product(graph, node),
            "BatchNormalization" => extract_batch_norm(graph, node, &attributes).map(|()| None),
            _ => on_codes(graph, node, &attributes, &codes),
        };
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(fault) => {
                node.action = Action::Refused(fault);
                continue;
            }
        };
        let layer = graph.layers.len();
        let input = node.input(found.input);
        let kind = found.form.kind();
        let mut new = WeightedLayer {
            name: node.name.clone(),
            node: node.position,
            kind,
            groups: found.form.groups(),
            weight: found.weight,
            bias: found.bias,
            input_sign: input.map_or(InputSign::Any, |value| signs[value]),
            batch_norm: None,
            missing: Vec::new(),
            stored: StoredCodes {
                input: input.and_then(|value| codes.inputs.get(&value).copied()),
                weights: None,
            },
        };
        if let Some((weights, parameters)) = found.codes {
            weights.store(&mut new);
            new.stored.input = Some(parameters.stored);
            graph.on_codes.insert(layer, parameters.on_codes);
        }
        // Filters of a transposed convolution, and products with a factor, are not the stored codes.
        let weight = node.input(1);
        if let (Some(value), Some(channels)) = (weight, found.channels) {
            new.stored.weights = stored_codes::weights(graph, value, &new, channels);
        }
        if let Some(StoredInput { zero_point: 0, .. }) = new.stored.input {
            new.input_sign = InputSign::NonNegative;
        }
        graph.layers.push(new);
        node.inputs = vec![input];
        node.action = match found.form {
            Form::Convolution(conv) => Action::Conv { conv, layer },
            Form::Transposed(transposed) => Action::ConvTranspose { transposed, layer },
            Form::Product { input, output } => Action::FullyConnected { layer, input, output },
        };
    }
    graph.nodes = nodes;
    fused_codes::fuse(graph, &codes.kinds);
    link_batch_norms(graph);
    Ok(())
}

/// What is known of codes that flow between nodes.
struct Codes {
    /// By value: what its integers are.
    kinds: Vec<Option<IntKind>>,
    /// Zero points that are computed for each image, with the sign of what becomes codes.
    zeros: BTreeMap<usize, InputSign>,
    /// How a value becomes codes, where it is made of codes.
    inputs: BTreeMap<usize, StoredInput>,
}

impl Codes {
    fn of(graph: &Graph, nodes: &[Node], signs: &[InputSign]) -> Self {
        let of_constant = |constant: &Option<Arc<Value>>| constant.as_deref().and_then(Value::kind);
        let mut kinds: Vec<Option<IntKind>> = graph.constants.iter().map(of_constant).collect();
        for (input, &value) in graph.inputs.iter().zip(&graph.input_values) {
            kinds[value] = input.kind;
        }
        let mut zeros = BTreeMap::new();
        let mut inputs = BTreeMap::new();
        for node in nodes {
            let Action::Plain(operation) = &node.action else {
                continue;
            };
            let operand = |value: usize| Operand {
                shape: &[],
                value: graph.constants[value].as_deref(),
                kind: kinds[value],
            };
            let operands = node.inputs.iter().map(|value| value.map(operand)).collect();
            let kind = operation.kind(&Operands(operands));
            for &value in node.outputs.iter().flatten() {
                kinds[value] = kind;
            }
            match (node.operator.as_str(), &node.inputs[..], &node.outputs[..]) {
                ("DynamicQuantizeLinear", [Some(input)], [_, _, Some(zero)]) => {
                    zeros.insert(*zero, signs[*input]);
                }
                ("DequantizeLinear", [Some(codes), ..], [Some(made)]) => {
                    let stored = kinds[*codes].and_then(|kind| stored_codes::input(graph, node, kind));
                    inputs.extend(stored.map(|stored| (*made, stored)));
                }
                _ => {}
            }
        }
        Self { kinds, zeros, inputs }
    }

    /// Of the codes that an operator on codes reads.
    fn read(&self, node: &Node, places: &Places) -> CodesRead {
        let input = |index: usize| node.input(index);
        CodesRead {
            kind: input(places.left).and_then(|value| self.kinds[value]),
            sign: input(places.left_zero).and_then(|value| self.zeros.get(&value).copied()),
        }
    }
}

/// A node with constant weights.
struct Found {
    weight: Tensor,
    bias: Option<Vec<f32>>,
    form: Form,
    /// Position of the input that is not constant.
    input: usize,
    /// Where the stored weights have their output channels; `None` where they are not used as they are stored.
    channels: Option<ChannelAxis>,
    /// Of an operator on codes, whose `weight` are integers.
    codes: Option<(Weights, Parameters)>,
}

/// What a node makes of its weights.
enum Form {
    Convolution(Conv),
    Transposed(ConvTransposeLayer),
    /// A product of the rows or the columns of the last two axes.
    Product {
        input: Stored,
        output: Stored,
    },
}

impl Form {
    const ROWS: Self = Self::Product {
        input: Stored::AsIs,
        output: Stored::AsIs,
    };

    const fn kind(&self) -> LayerKind {
        match self {
            Self::Convolution(_) => LayerKind::Convolution,
            Self::Transposed(_) => LayerKind::TransposedConvolution,
            Self::Product { .. } => LayerKind::FullyConnected,
        }
    }

    const fn groups(&self) -> usize {
        match self {
            Self::Convolution(conv) => conv.groups,
            Self::Transposed(transposed) => transposed.conv.groups,
            Self::Product { .. } => 1,
        }
    }
}

fn convolution(graph: &Graph, node: &Node, attributes: &Attributes<'_>) -> Result<Option<Found>, Fault> {
    let (Some(weight), bias) = (graph.float_constant(node, 1), graph.float_constant(node, 2)) else {
        return Ok(None);
    };
    if node.input(2).is_some() && bias.is_none() {
        return Ok(None);
    }
    let shape = filter_shape(weight)?;
    let bias = check_bias(bias, shape[0])?.map(<[f32]>::to_vec);
    Ok(Some(Found {
        weight: Tensor::new(shape, weight.data.clone())?,
        bias,
        form: Form::Convolution(Conv::parse(attributes)?),
        input: 0,
        channels: Some(ChannelAxis::First),
        codes: None,
    }))
}

/// Filters, channels, rows and columns of the weights of a convolution over one or two axes.
fn filter_shape(weight: &Tensor) -> Result<Vec<usize>, Fault> {
    match weight.shape[..] {
        [filters, channels, columns] => Ok(vec![filters, channels, 1, columns]),
        [_, _, _, _] => Ok(weight.shape.clone()),
        _ => Err(Fault::shape(1, &weight.shape, "filters of one or two axes")),
    }
}

/// A product of codes, where nothing but the codes of its input is computed in the network.
fn on_codes(
    graph: &Graph,
    node: &Node,
    attributes: &Attributes<'_>,
    codes: &Codes,
) -> Result<Option<Found>, Fault> {
    let Some(places) = integer::parse_places(&node.operator, attributes)? else {
        return Ok(None);
    };
    let read = codes.read(node, &places);
    let Some(weights) = on_codes::weights(graph, node, &places) else {
        return Ok(None);
    };
    let Some(mut parameters) = on_codes::parameters(graph, node, &places, read, &weights) else {
        return Ok(None);
    };
    let (weight, form) = match places.product {
        Product::Convolution => {
            let shape = filter_shape(&weights.integers)?;
            let weight = Tensor::new(shape, weights.integers.data.clone())?;
            (weight, Form::Convolution(Conv::parse(attributes)?))
        }
        Product::Matrices => match filters(&weights.integers, places.stored[1])? {
            Some(weight) => {
                let form = Form::Product {
                    input: places.stored[0],
                    output: Stored::AsIs,
                };
                (weight, form)
            }
            None => return Ok(None),
        },
    };
    Ok(Some(Found {
        weight,
        bias: parameters.bias.take(),
        form,
        input: 0,
        channels: None,
        codes: Some((weights, parameters)),
    }))
}

fn transposed(graph: &Graph, node: &Node, attributes: &Attributes<'_>) -> Result<Option<Found>, Fault> {
    let (Some(weight), bias) = (graph.float_constant(node, 1), graph.float_constant(node, 2)) else {
        return Ok(None);
    };
    let conv = ConvTranspose::parse(attributes)?;
    let filters = conv.filters(weight)?;
    if weight.shape.len() > 4 || filters.data.is_empty() || (node.input(2).is_some() && bias.is_none()) {
        return Ok(None);
    }
    let n_filters = weight.shape[1] * conv.groups;
    let bias = check_bias(bias, n_filters)?.map(<[f32]>::to_vec);
    Ok(Some(Found {
        weight: filters,
        bias: None,
        form: Form::Transposed(ConvTransposeLayer {
            conv,
            weight_shape: weight.shape.clone(),
            bias,
        }),
        input: 0,
        channels: None,
        codes: None,
    }))
}

fn gemm(graph: &Graph, node: &Node, attributes: &Attributes<'_>) -> Result<Option<Found>, Fault> {
    let Gemm { alpha, beta, a, b } = Gemm::parse(attributes);
    let found = match (graph.float_constant(node, 0), graph.float_constant(node, 1)) {
        (_, Some(right)) => filters(right, b)?.map(|weight| Found {
            weight,
            bias: None,
            form: Form::Product {
                input: a,
                output: Stored::AsIs,
            },
            input: 0,
            channels: (alpha == 1.0).then_some(match b {
                Stored::AsIs => ChannelAxis::Last,
                Stored::Transposed => ChannelAxis::First,
            }),
            codes: None,
        }),
        // A · B is (Bᵀ · Aᵀ)ᵀ.
        (Some(left), None) => filters(left, a.flipped())?.map(|weight| Found {
            weight,
            bias: None,
            form: Form::Product {
                input: b.flipped(),
                output: Stored::Transposed,
            },
            input: 1,
            channels: None,
            codes: None,
        }),
        (None, None) => None,
    };
    let Some(mut found) = found else {
        return Ok(None);
    };
    let n_filters = found.weight.shape[0];
    let is_on_the_left = found.input == 1;
    found.bias = match graph.float_constant(node, 2) {
        None if node.input(2).is_some() => return Ok(None),
        None => None,
        Some(bias) => match (&bias.shape[..], &bias.data[..]) {
            // The same for every row.
            ([] | [1] | [1, 1], &[value]) => Some(vec![value; n_filters]),
            ([_] | [1, _], values) if values.len() == n_filters && !is_on_the_left => Some(values.to_vec()),
            ([_, 1], values) if values.len() == n_filters && is_on_the_left => Some(values.to_vec()),
            _ => return Ok(None),
        },
    };
    found.weight.data.iter_mut().for_each(|x| *x *= alpha);
    found.bias.iter_mut().flatten().for_each(|x| *x *= beta);
    Ok(Some(found))
}

fn product(graph: &Graph, node: &Node) -> Result<Option<Found>, Fault> {
    let (weight, form, input) = match (graph.float_constant(node, 0), graph.float_constant(node, 1)) {
        (_, Some(right)) => (filters(right, Stored::AsIs)?, Form::ROWS, 0),
        // A · B is (Bᵀ · Aᵀ)ᵀ.
        (Some(left), None) => {
            let form = Form::Product {
                input: Stored::Transposed,
                output: Stored::Transposed,
            };
            (filters(left, Stored::Transposed)?, form, 1)
        }
        (None, None) => return Ok(None),
    };
    Ok(weight.map(|weight| Found {
        weight,
        bias: None,
        form,
        input,
        channels: (input == 0).then_some(ChannelAxis::Last),
        codes: None,
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
    let parameter = |index| graph.float_constant(node, index);
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
    let readers = readers(graph);
    for node in &graph.nodes {
        let (Action::Conv { layer, .. } | Action::FullyConnected { layer, .. }) = node.action else {
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
