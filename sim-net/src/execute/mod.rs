//! Runs a graph in FP32, node by node, on one or several inputs side by side.

mod batch;
pub mod error;
pub mod hooks;
pub(crate) mod weighted;

use std::sync::Arc;

use sim_core::shape::checked_product;
use sim_core::tensor::LengthError;
use sim_onnx::value::Value;

use crate::execute::error::ExecuteError;
use crate::execute::hooks::{BatchNormCall, HookPoint, Hooks, PlaceCall};
use crate::execute::weighted::Prepared;
use crate::graph::{Action, Graph, Node};
use crate::network::Input;
use crate::ops::args::Args;
use crate::ops::axes;
use crate::ops::fault::Fault;
use crate::ops::normalization::normalize;

/// What the first axis of an input may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Where the model declares a size, that size.
    AsDeclared,
    /// Any number of images, whatever the model declares; a node that insists on its number ends the run.
    Any,
}

/// One run from beginning to end.
pub(crate) fn run(
    graph: &Graph,
    inputs: Vec<Value>,
    batch: Batch,
    hooks: &mut dyn Hooks,
) -> Result<Vec<(String, Value)>, ExecuteError> {
    let outputs = Runs::new(graph, vec![inputs], batch)?.finish(hooks)?;
    Ok(outputs.into_iter().next().unwrap_or_default())
}

/// Runs of one graph side by side, each on inputs of its own: all make a node before any makes the next one. A copy goes
/// on from where the original was.
#[derive(Clone)]
pub struct Runs<'g> {
    graph: &'g Graph,
    /// By run and value.
    values: Vec<Vec<Option<Arc<Value>>>>,
    /// Images of each run.
    n_images: usize,
    /// Position of the next node.
    next: usize,
}

impl<'g> Runs<'g> {
    /// A run for each of `inputs`, before the first node.
    pub(crate) fn new(graph: &'g Graph, inputs: Vec<Vec<Value>>, batch: Batch) -> Result<Self, ExecuteError> {
        graph.check_needed().map_err(Box::new)?;
        let images = inputs.first().and_then(|inputs| inputs.get(graph.images));
        let n_images = images.and_then(|images| images.shape().first().copied());
        let values = inputs.into_iter().map(|inputs| take_inputs(graph, inputs, batch));
        Ok(Self {
            graph,
            values: values.collect::<Result<_, _>>()?,
            n_images: n_images.unwrap_or(1),
            next: 0,
        })
    }

    /// Make the nodes before the first at which `is_end` is so.
    ///
    /// - Errors: which node the runs ended at, and why.
    pub fn advance(
        &mut self,
        is_end: impl Fn(HookPoint) -> bool,
        hooks: &mut dyn Hooks,
    ) -> Result<(), ExecuteError> {
        let graph = self.graph;
        for (position, node) in graph.nodes.iter().enumerate().skip(self.next) {
            if !graph.needed[position] {
                continue;
            }
            if node.action.hook_point().is_some_and(&is_end) {
                break;
            }
            let args = self.values.iter_mut();
            let args = args
                .map(|values| args_of(graph, values, node, position))
                .collect();
            let mut outputs = run_node(graph, node, self.n_images, args, hooks)?;
            if let Ok(index) = graph.places.binary_search_by_key(&position, |place| place.node) {
                ask_place(graph, index, node, &mut outputs, hooks)?;
            }
            for (values, outputs) in self.values.iter_mut().zip(outputs) {
                for (&value, output) in node.outputs.iter().zip(outputs) {
                    let is_wanted =
                        |&value: &usize| graph.last_reader[value].is_some() || graph.outputs.contains(&value);
                    if let Some(value) = value.filter(is_wanted) {
                        values[value] = Some(Arc::new(output));
                    }
                }
            }
            self.next = position + 1;
        }
        Ok(())
    }

    /// Make all nodes that are left; name and value of each output, by run.
    ///
    /// - Errors: which node the runs ended at, and why.
    pub fn finish(mut self, hooks: &mut dyn Hooks) -> Result<Vec<Vec<(String, Value)>>, ExecuteError> {
        self.advance(|_| false, hooks)?;
        let graph = self.graph;
        let outputs = |values: Vec<Option<Arc<Value>>>| {
            let outputs = graph.outputs.iter().filter_map(|&value| {
                // The graph was checked: every output has an origin.
                let found = values[value].clone().or_else(|| graph.constants[value].clone());
                Some((graph.names[value].clone(), Arc::unwrap_or_clone(found?)))
            });
            outputs.collect()
        };
        Ok(self.values.into_iter().map(outputs).collect())
    }
}

fn take_inputs(
    graph: &Graph,
    inputs: Vec<Value>,
    batch: Batch,
) -> Result<Vec<Option<Arc<Value>>>, ExecuteError> {
    if inputs.len() != graph.fed.len() {
        return Err(ExecuteError::InputCount {
            want: graph.fed.len(),
            found: inputs.len(),
        });
    }
    let mut values = vec![None; graph.names.len()];
    for (&position, value) in graph.fed.iter().zip(inputs) {
        let (input, number) = (&graph.inputs[position], graph.input_values[position]);
        let mut declared = input.clone();
        if let (Batch::Any, Some(size)) = (batch, declared.shape.first_mut()) {
            *size = None;
        }
        if position == graph.fed[graph.images] {
            batch::check(graph, position, value.shape(), &mut declared)?;
        }
        check_shape(&declared, value.shape())?;
        if checked_product(value.shape()) != Some(value.n_elements()) {
            let fault = Fault::Length(LengthError {
                shape: value.shape().to_vec(),
                found: value.n_elements(),
            });
            return Err(input_fault(input, fault));
        }
        values[number] = Some(Arc::new(value));
    }
    Ok(values)
}

/// Whether an input of `shape` is one that the model declares.
pub(crate) fn check_shape(input: &Input, shape: &[usize]) -> Result<(), ExecuteError> {
    let is_size = |(&size, want): (&usize, &Option<usize>)| want.is_none_or(|want| want == size);
    let is_declared = input.shape.len() == shape.len() && shape.iter().zip(&input.shape).all(is_size);
    if !is_declared && !input.shape.is_empty() {
        return Err(ExecuteError::InputShape {
            name: input.name.clone(),
            found: shape.to_vec(),
            want: input.shape.clone(),
        });
    }
    axes::n_elements(shape)
        .map(drop)
        .map_err(|fault| input_fault(input, fault))
}

fn input_fault(input: &Input, fault: Fault) -> ExecuteError {
    ExecuteError::Node {
        node: input.name.clone(),
        operator: "input".to_owned(),
        fault: Box::new(fault),
    }
}

/// What a node reads; a value goes with its last reader, so that it can be overwritten or dropped.
fn args_of(graph: &Graph, values: &mut [Option<Arc<Value>>], node: &Node, position: usize) -> Args {
    let mut args: Vec<Option<Arc<Value>>> = Vec::with_capacity(node.inputs.len());
    for input in &node.inputs {
        args.push(input.and_then(|value| graph.constants[value].clone().or_else(|| values[value].clone())));
    }
    for &value in node.inputs.iter().flatten() {
        if graph.last_reader[value] == Some(position) {
            values[value] = None;
        }
    }
    Args(args)
}

/// Let hooks replace the output of a place in each run.
fn ask_place(
    graph: &Graph,
    index: usize,
    node: &Node,
    outputs: &mut [Vec<Value>],
    hooks: &mut dyn Hooks,
) -> Result<(), ExecuteError> {
    let place = graph.places[index];
    for output in outputs.iter_mut().filter_map(|outputs| outputs.first_mut()) {
        let Value::Float(tensor) = output else { continue };
        let call = PlaceCall {
            index,
            place,
            output: tensor,
        };
        let replacement = hooks.place(&call).map_err(|source| ExecuteError::Hook {
            layer: graph.layers[place.layer].name.clone(),
            source,
        })?;
        let Some(replacement) = replacement else { continue };
        if replacement.shape != tensor.shape || replacement.data.len() != tensor.data.len() {
            return Err(ExecuteError::HookShape {
                layer: node.name.clone(),
                found: replacement.shape,
                want: tensor.shape.clone(),
            });
        }
        *tensor = replacement;
    }
    Ok(())
}

/// What a node makes of the arguments of each run.
fn run_node(
    graph: &Graph,
    node: &Node,
    n_images: usize,
    all_args: Vec<Args>,
    hooks: &mut dyn Hooks,
) -> Result<Vec<Vec<Value>>, ExecuteError> {
    let single = |values: Vec<Value>| values.into_iter().map(|value| vec![value]).collect();
    match &node.action {
        Action::Plain(operation) => {
            let run = |args: Args| {
                let result = operation
                    .check(&args.operands())
                    .and_then(|()| operation.run(args));
                result.map_err(|fault| node.execute_error(fault))
            };
            all_args.into_iter().map(run).collect()
        }
        Action::Conv { conv, layer } => {
            let prepare = |args| Prepared::convolution(graph, conv, *layer, args);
            weighted::run(node, all_args, prepare, hooks).map(single)
        }
        Action::FullyConnected { layer, input, output } => {
            let prepare = |args| Prepared::product(graph, *layer, n_images, [*input, *output], args);
            weighted::run(node, all_args, prepare, hooks).map(single)
        }
        Action::ConvTranspose { transposed, layer } => {
            let prepare = |args| Prepared::transposed(graph, transposed, *layer, args);
            weighted::run(node, all_args, prepare, hooks).map(single)
        }
        Action::Refused(_) => {
            graph.check_needed().map_err(Box::new)?;
            Err(ExecuteError::Unreached)
        }
        Action::BatchNorm { index } => {
            let batch_norm = &graph.batch_norms[*index];
            let run = |mut args: Args| {
                let mut input = args.take_float(0).map_err(|fault| node.execute_error(fault))?;
                let call = BatchNormCall {
                    index: *index,
                    batch_norm,
                    input: &input,
                };
                let replacement = hooks.batch_norm(&call).map_err(|source| ExecuteError::Hook {
                    layer: batch_norm.name.clone(),
                    source,
                })?;
                let statistics = replacement.as_ref().unwrap_or(&batch_norm.statistics);
                normalize(batch_norm, statistics, &mut input).map_err(|fault| node.execute_error(fault))?;
                Ok(vec![input.into()])
            };
            all_args.into_iter().map(run).collect()
        }
    }
}
