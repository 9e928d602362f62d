//! Layers with weights, and the hooks around them.

use sim_core::shape::checked_product;
use sim_trace::trace::Geometry;

use crate::execute::error::ExecuteError;
use crate::execute::hooks::{Hooks, WeightedCall};
use crate::graph::layer::WeightedLayer;
use crate::graph::{Graph, Node};
use crate::ops::args::Args;
use crate::ops::conv::{Conv, ConvPlan};
use crate::ops::fault::Fault;
use crate::ops::matmul::fully_connected;
use crate::tensor::Tensor;

/// Of a fully connected layer.
pub(crate) const ROW_GEOMETRY: Geometry = Geometry {
    stride: [1; 2],
    padding: [0; 4],
    dilation: [1; 2],
    groups: 1,
};

/// The convolution `conv` with the weights of `layer` for an input of this shape.
pub(crate) fn conv_plan(conv: &Conv, layer: &WeightedLayer, input: &[usize]) -> Result<ConvPlan, Fault> {
    let [filters, channels, rows, columns] = layer.weight_shape();
    // Weights over one axis are stored as those of one row.
    if input.len() == 3 && rows == 1 {
        return conv.plan(input, &[filters, channels, columns]);
    }
    conv.plan(input, &[filters, channels, rows, columns])
}

/// The rows that `layer` multiplies, and the shape of the output, for an input of this shape.
pub(crate) fn product_shape(layer: &WeightedLayer, input: &[usize]) -> Result<(usize, Vec<usize>), Fault> {
    let [n_filters, k, ..] = layer.weight_shape();
    let Some((_, outer)) = input.split_last().filter(|&(&size, _)| size == k) else {
        return Err(Fault::shapes(input, &[k, n_filters]));
    };
    let rows = checked_product(outer).ok_or_else(|| Fault::TooLarge {
        shape: input.to_vec(),
    })?;
    let mut output = outer.to_vec();
    output.push(n_filters);
    Ok((rows, output))
}

pub(super) fn convolution(
    graph: &Graph,
    node: &Node,
    conv: &Conv,
    index: usize,
    mut args: Args,
    hooks: &mut dyn Hooks,
) -> Result<Tensor, ExecuteError> {
    let fail = |fault| node.execute_error(fault);
    let layer = &graph.layers[index];
    let plan = conv_plan(conv, layer, &args.float(0).map_err(fail)?.shape).map_err(fail)?;
    let shape = plan.output.clone();
    let taken;
    // Hooks see a map of one axis as one row.
    let input = if shape.len() == 3 {
        let mut tensor = args.take_float(0).map_err(fail)?;
        tensor.shape.insert(2, 1);
        taken = tensor;
        &taken
    } else {
        args.float(0).map_err(fail)?
    };
    let call = WeightedCall {
        index,
        layer,
        input,
        geometry: plan.geometry(),
    };
    let [rows, columns] = plan.window.output;
    let want = [shape[0], shape[1], rows, columns];
    let mut output = match ask(hooks, &call, &want)? {
        Some(output) => output,
        None => plan
            .run(&input.data, &layer.weight.data, layer.bias.as_deref())
            .map_err(fail)?,
    };
    output.shape = shape;
    Ok(output)
}

pub(super) fn product(
    graph: &Graph,
    node: &Node,
    index: usize,
    mut args: Args,
    hooks: &mut dyn Hooks,
) -> Result<Tensor, ExecuteError> {
    let fail = |fault| node.execute_error(fault);
    let layer = &graph.layers[index];
    let (rows, shape) = product_shape(layer, &args.float(0).map_err(fail)?.shape).map_err(fail)?;
    let [n_filters, k, ..] = layer.weight_shape();
    let taken;
    let input = if args.float(0).map_err(fail)?.shape.len() == 2 {
        args.float(0).map_err(fail)?
    } else {
        let mut tensor = args.take_float(0).map_err(fail)?;
        tensor.shape = vec![rows, k];
        taken = tensor;
        &taken
    };
    let call = WeightedCall {
        index,
        layer,
        input,
        geometry: ROW_GEOMETRY,
    };
    let mut output = match ask(hooks, &call, &[rows, n_filters])? {
        Some(output) => output,
        None => fully_connected(input, &layer.weight, layer.bias.as_deref()).map_err(fail)?,
    };
    output.shape = shape;
    Ok(output)
}

fn ask(
    hooks: &mut dyn Hooks,
    call: &WeightedCall<'_>,
    want: &[usize],
) -> Result<Option<Tensor>, ExecuteError> {
    let output = hooks.weighted(call).map_err(|source| ExecuteError::Hook {
        layer: call.layer.name.clone(),
        source,
    })?;
    match output {
        Some(output) if output.shape != want || checked_product(want) != Some(output.data.len()) => {
            Err(ExecuteError::HookShape {
                layer: call.layer.name.clone(),
                found: output.shape,
                want: want.to_vec(),
            })
        }
        output => Ok(output),
    }
}
