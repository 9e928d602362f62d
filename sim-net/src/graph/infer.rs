//! Shapes of all values from the shapes of the inputs.

use std::collections::BTreeMap;

use sim_core::convolution::Geometry;
use sim_core::shape::widen;
use sim_onnx::value::{IntKind, Value};

use crate::execute::error::ExecuteError;
use crate::execute::weighted::{ROW_GEOMETRY, conv_plan, product_shape, swapped};
use crate::graph::layer::{OtherProduct, WeightedLayer};
use crate::graph::on_codes::OnCodes;
use crate::graph::{Action, Graph, Node, products};
use crate::ops::args::{Args, Operand, Operands};
use crate::ops::axes;
use crate::ops::fault::Fault;

/// Values of more elements are not computed to learn shapes.
const MAX_KNOWN: usize = 1 << 16;

/// Shapes at one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// What it reads: `[images, channels, rows, columns]`, or `[images, channels]` of a fully connected layer.
    pub input: Vec<usize>,
    /// What it produces, in the same order.
    pub output: Vec<usize>,
    /// Its strides, padding and so on, resolved for this input.
    pub geometry: Geometry,
}

/// Shapes of a graph, `None` where they depend on the values of an input.
pub(crate) struct Shapes {
    /// By layer.
    pub(crate) layers: Vec<Option<LayerShape>>,
    /// By output.
    pub(crate) outputs: Vec<Option<Vec<usize>>>,
    /// The first node whose shape depends on values.
    unknown: Option<ExecuteError>,
}

impl Shapes {
    /// All of `shapes`, or why one of them is not known.
    pub(crate) fn all<T>(self, shapes: impl Fn(&Self) -> &[Option<T>]) -> Result<Vec<T>, ExecuteError>
    where
        T: Clone,
    {
        let all: Option<Vec<T>> = shapes(&self).iter().cloned().collect();
        match (all, self.unknown) {
            (Some(all), _) => Ok(all),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ExecuteError::Unreached),
        }
    }
}

/// What is known of a value.
struct Known {
    shape: Vec<usize>,
    value: Option<Value>,
    kind: Option<IntKind>,
}

/// MACs of a network, zeros included; `None` where shapes depend on values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Macs {
    /// Of each layer.
    pub layers: Vec<Option<u64>>,
    /// Of each other product.
    pub others: Vec<Option<u64>>,
}

/// MACs of all layers and other products, for inputs of these shapes.
pub(crate) fn macs(graph: &Graph, shapes: &[(String, Vec<usize>)]) -> Macs {
    let inferred = inferred(graph, named(graph, shapes), Which::All);
    let product = |sizes: &[usize]| {
        sizes
            .iter()
            .try_fold(1_u64, |product, &size| product.checked_mul(widen(size)))
    };
    let of_layer = |(shape, layer): (&Option<LayerShape>, &WeightedLayer)| {
        let k = product(&layer.weight_shape()[1..])?;
        product(&shape.as_ref()?.output)?.checked_mul(k)
    };
    let shape_of = |value: Option<usize>| {
        let value = value?;
        let constant = graph.constants[value]
            .as_deref()
            .map(|constant| constant.shape().to_vec());
        constant.or_else(|| inferred.known[value].as_ref().map(|known| known.shape.clone()))
    };
    let of_other = |other: &OtherProduct| {
        let node = graph.nodes.iter().find(|node| node.index == other.index)?;
        let inputs: Vec<Option<Vec<usize>>> = node.inputs.iter().map(|&value| shape_of(value)).collect();
        let output = shape_of(node.outputs.first().copied().flatten());
        product(&products::factors(&node.operator, &inputs, output.as_deref())?)
    };
    Macs {
        layers: inferred.layers.iter().zip(&graph.layers).map(of_layer).collect(),
        others: graph.others.iter().map(of_other).collect(),
    }
}

/// Integers that follow from the shapes of inputs, by value; nothing where shapes are missing or do not fit.
pub(super) fn known_integers(graph: &Graph, shapes: &[(String, Vec<usize>)]) -> BTreeMap<usize, Vec<i64>> {
    let known = inferred(graph, named(graph, shapes), Which::All)
        .known
        .into_iter()
        .enumerate();
    let integers = known.filter_map(|(value, known)| match known?.value? {
        Value::Int(tensor) => Some((value, tensor.data)),
        Value::Float(_) => None,
    });
    integers.collect()
}

/// Shapes of all inputs: those that are given by name, and those that the file declares without an open size.
fn named<'a>(
    graph: &'a Graph,
    shapes: &'a [(String, Vec<usize>)],
) -> impl Iterator<Item = (usize, Vec<usize>)> + 'a {
    graph.inputs.iter().enumerate().filter_map(|(position, input)| {
        let given = shapes.iter().find(|(name, _)| *name == input.name);
        let shape = given.map(|(_, shape)| shape.clone());
        let shape = shape
            .or_else(|| input.shape.iter().copied().collect())
            .filter(|shape| !shape.is_empty())?;
        Some((position, shape))
    })
}

pub(crate) fn infer(graph: &Graph, inputs: &[Vec<usize>]) -> Result<Shapes, ExecuteError> {
    if inputs.len() != graph.fed.len() {
        return Err(ExecuteError::InputCount {
            want: graph.fed.len(),
            found: inputs.len(),
        });
    }
    for (&position, shape) in graph.fed.iter().zip(inputs) {
        let mut declared = graph.inputs[position].clone();
        if let Some(size) = declared.shape.first_mut() {
            *size = None;
        }
        crate::execute::check_shape(&declared, shape)?;
    }
    let Inferred {
        known,
        layers,
        fault,
        unknown,
    } = inferred(graph, fed(graph, inputs), Which::Needed);
    if let Some(fault) = fault {
        return Err(fault);
    }
    let shape = |&value: &usize| {
        let known = known[value].as_ref().map(|known| known.shape.clone());
        known.or_else(|| Some(graph.constants[value].as_deref()?.shape().to_vec()))
    };
    let outputs = graph.outputs.iter().map(shape).collect();
    Ok(Shapes {
        layers,
        outputs,
        unknown,
    })
}

/// By value: its shape for inputs of these shapes, as far as it is known.
pub(crate) fn shapes_of_values(graph: &Graph, inputs: &[Vec<usize>]) -> Vec<Option<Vec<usize>>> {
    let known = inferred(graph, fed(graph, inputs), Which::Needed)
        .known
        .into_iter();
    known.map(|known| known.map(|known| known.shape)).collect()
}

/// Shapes of the inputs that a run reads, by position among all.
fn fed<'a>(graph: &'a Graph, inputs: &'a [Vec<usize>]) -> impl Iterator<Item = (usize, Vec<usize>)> + 'a {
    graph.fed.iter().copied().zip(inputs.iter().cloned())
}

/// Of which nodes shapes are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    Needed,
}

/// What is known of a graph.
struct Inferred {
    /// By value.
    known: Vec<Option<Known>>,
    layers: Vec<Option<LayerShape>>,
    /// The first node that cannot take its inputs.
    fault: Option<ExecuteError>,
    /// The first node whose shape depends on values.
    unknown: Option<ExecuteError>,
}

/// A node that cannot be inferred leaves unknown what follows from it.
fn inferred(graph: &Graph, inputs: impl Iterator<Item = (usize, Vec<usize>)>, which: Which) -> Inferred {
    let mut known: Vec<Option<Known>> = graph.names.iter().map(|_| None).collect();
    for (position, shape) in inputs {
        known[graph.input_values[position]] = Some(Known {
            shape,
            value: None,
            kind: graph.inputs[position].kind,
        });
    }
    let mut found = Inferred {
        known,
        layers: vec![None; graph.layers.len()],
        fault: None,
        unknown: None,
    };
    for (node, &is_needed) in graph.nodes.iter().zip(&graph.needed) {
        if which == Which::Needed && !is_needed {
            continue;
        }
        let Some(operands) = operands(graph, &found.known, node) else {
            continue;
        };
        match outputs(graph, node, &operands, &mut found.layers) {
            Ok(outputs) => {
                for (&value, output) in node.outputs.iter().zip(outputs) {
                    if let Some(value) = value {
                        found.known[value] = Some(output);
                    }
                }
            }
            Err(fault @ Fault::Unknown { .. }) => {
                found.unknown.get_or_insert(node.execute_error(fault));
            }
            Err(fault) => {
                found.fault.get_or_insert(node.execute_error(fault));
            }
        }
    }
    found
}

/// What a node reads; `None` where the shape of something is not known.
fn operands<'a>(graph: &'a Graph, known: &'a [Option<Known>], node: &Node) -> Option<Operands<'a>> {
    let operand = |input: &Option<usize>| -> Option<Option<Operand<'a>>> {
        let Some(value) = *input else { return Some(None) };
        if let Some(constant) = graph.constants[value].as_deref() {
            return Some(Some(Operand::of(constant)));
        }
        let known = known[value].as_ref()?;
        Some(Some(Operand {
            shape: &known.shape,
            value: known.value.as_ref(),
            kind: known.kind,
        }))
    };
    node.inputs
        .iter()
        .map(operand)
        .collect::<Option<_>>()
        .map(Operands)
}

fn outputs(
    graph: &Graph,
    node: &Node,
    operands: &Operands<'_>,
    layers: &mut [Option<LayerShape>],
) -> Result<Vec<Known>, Fault> {
    let mut kind = None;
    let (shapes, value) = match &node.action {
        Action::Plain(operation) => {
            kind = operation.kind(operands);
            let shapes = operation.shapes(operands)?;
            for shape in &shapes {
                axes::n_elements(shape)?;
            }
            let mut value = operation.value_of_shapes(operands);
            if value.is_none()
                && shapes
                    .iter()
                    .all(|shape| axes::n_elements(shape).is_ok_and(|n| n <= MAX_KNOWN))
            {
                let values: Option<Vec<_>> = operands.0.iter().map(|operand| owned(*operand)).collect();
                value = match values {
                    Some(values) => operation.run(Args(values))?.into_iter().next(),
                    None => None,
                };
            }
            (shapes, value)
        }
        Action::Conv { conv, layer } => {
            let input = operands.shape(0)?;
            let plan = conv_plan(conv, &graph.layers[*layer], input)?;
            axes::n_elements(&plan.output)?;
            layers[*layer] = Some(LayerShape {
                input: with_rows(input),
                output: with_rows(&plan.output),
                geometry: plan.geometry(),
            });
            (vec![plan.output], None)
        }
        Action::FullyConnected { layer, input, output } => {
            let shape = swapped(*input, operands.shape(0)?.to_vec());
            let (rows, made) = product_shape(&graph.layers[*layer], &shape)?;
            axes::n_elements(&made)?;
            let [n_filters, k, ..] = graph.layers[*layer].weight_shape();
            layers[*layer] = Some(LayerShape {
                input: vec![rows, k],
                output: vec![rows, n_filters],
                geometry: ROW_GEOMETRY,
            });
            (vec![swapped(*output, made)], None)
        }
        Action::ConvTranspose { transposed, layer } => {
            let input = operands.shape(0)?;
            let plan = transposed.plan(input)?;
            layers[*layer] = Some(LayerShape {
                input: with_rows(input),
                output: plan.product.output.clone(),
                geometry: plan.product.geometry(),
            });
            (vec![plan.output], None)
        }
        Action::Refused(_) => return Err(Fault::Unknown { index: 0 }),
        Action::BatchNorm { .. } => (vec![operands.shape(0)?.to_vec()], None),
    };
    if let Some(layer) = node.action.layer() {
        kind = graph.on_codes.get(&layer).map(OnCodes::kind);
    }
    let mut values = vec![value];
    values.resize_with(shapes.len().max(1), || None);
    Ok(shapes
        .into_iter()
        .zip(values)
        .map(|(shape, value)| Known { shape, value, kind })
        .collect())
}

/// An input as `run` takes it; the outer `None` stands for an unknown value.
fn owned(operand: Option<Operand<'_>>) -> Option<Option<std::sync::Arc<Value>>> {
    match operand {
        None => Some(None),
        Some(Operand { value: None, .. }) => None,
        // Only small values are worth a copy.
        Some(Operand {
            value: Some(value), ..
        }) => (value.n_elements() <= MAX_KNOWN).then(|| Some(std::sync::Arc::new(value.clone()))),
    }
}

/// A map of one axis as a map of one row.
fn with_rows(shape: &[usize]) -> Vec<usize> {
    let mut shape = shape.to_vec();
    if shape.len() == 3 {
        shape.insert(2, 1);
    }
    shape
}
