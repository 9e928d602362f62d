//! Shapes of all values from the shapes of the inputs.

use sim_core::convolution::Geometry;
use sim_onnx::value::{IntKind, Value};

use crate::execute::error::ExecuteError;
use crate::execute::weighted::{ROW_GEOMETRY, conv_plan, product_shape};
use crate::graph::{Action, Graph, Node};
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

pub(crate) fn infer(graph: &Graph, inputs: &[Vec<usize>]) -> Result<Shapes, ExecuteError> {
    if inputs.len() != graph.inputs.len() {
        return Err(ExecuteError::InputCount {
            want: graph.inputs.len(),
            found: inputs.len(),
        });
    }
    let mut known: Vec<Option<Known>> = graph.names.iter().map(|_| None).collect();
    for ((input, shape), &value) in graph.inputs.iter().zip(inputs).zip(&graph.input_values) {
        crate::execute::check_shape(input, shape)?;
        known[value] = Some(Known {
            shape: shape.clone(),
            value: None,
            kind: input.kind,
        });
    }
    let mut layers = vec![None; graph.layers.len()];
    let mut unknown = None;
    for node in &graph.nodes {
        let Some(operands) = operands(graph, &known, node) else {
            continue;
        };
        let outputs = match outputs(graph, node, &operands, &mut layers) {
            Ok(outputs) => outputs,
            Err(fault @ Fault::Unknown { .. }) => {
                unknown.get_or_insert(node.execute_error(fault));
                continue;
            }
            Err(fault) => return Err(node.execute_error(fault)),
        };
        for (&value, output) in node.outputs.iter().zip(outputs) {
            if let Some(value) = value {
                known[value] = Some(output);
            }
        }
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
        Action::FullyConnected { layer } => {
            let shape = operands.shape(0)?;
            let (rows, output) = product_shape(&graph.layers[*layer], shape)?;
            axes::n_elements(&output)?;
            let [n_filters, k, ..] = graph.layers[*layer].weight_shape();
            layers[*layer] = Some(LayerShape {
                input: vec![rows, k],
                output: vec![rows, n_filters],
                geometry: ROW_GEOMETRY,
            });
            (vec![output], None)
        }
        Action::BatchNorm { .. } => (vec![operands.shape(0)?.to_vec()], None),
    };
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
