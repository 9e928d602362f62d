//! Layers with weights, and the hooks around them.

use sim_core::convolution::Geometry;
use sim_core::shape::checked_product;
use sim_core::tensor::Tensor;

use crate::execute::error::ExecuteError;
use crate::execute::hooks::{Hooks, WeightedCall};
use crate::graph::layer::WeightedLayer;
use crate::graph::{Graph, Node};
use crate::ops::args::Args;
use crate::ops::conv::{Conv, ConvPlan};
use crate::ops::fault::Fault;
use crate::ops::matmul::fully_connected;

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

/// A layer with the input of one run, about to run.
pub(super) struct Prepared<'g> {
    index: usize,
    layer: &'g WeightedLayer,
    input: Input,
    geometry: Geometry,
    /// What hooks give in place of the output.
    want: Vec<usize>,
    /// Of the output.
    shape: Vec<usize>,
    own: Own,
}

/// What a layer reads.
enum Input {
    /// As it is.
    Given(Args),
    /// In the shape that hooks see.
    Reshaped(Tensor),
}

/// What runs where no hook does.
enum Own {
    Convolution(ConvPlan),
    Product,
}

impl<'g> Prepared<'g> {
    pub(super) fn convolution(
        graph: &'g Graph,
        conv: &Conv,
        index: usize,
        mut args: Args,
    ) -> Result<Self, Fault> {
        let layer = &graph.layers[index];
        let plan = conv_plan(conv, layer, &args.float(0)?.shape)?;
        let shape = plan.output.clone();
        // Hooks see a map of one axis as one row.
        let input = if shape.len() == 3 {
            let mut tensor = args.take_float(0)?;
            tensor.shape.insert(2, 1);
            Input::Reshaped(tensor)
        } else {
            Input::Given(args)
        };
        let [rows, columns] = plan.window.output;
        Ok(Self {
            index,
            layer,
            input,
            geometry: plan.geometry(),
            want: vec![shape[0], shape[1], rows, columns],
            shape,
            own: Own::Convolution(plan),
        })
    }

    pub(super) fn product(graph: &'g Graph, index: usize, mut args: Args) -> Result<Self, Fault> {
        let layer = &graph.layers[index];
        let (rows, shape) = product_shape(layer, &args.float(0)?.shape)?;
        let [n_filters, k, ..] = layer.weight_shape();
        let input = if args.float(0)?.shape.len() == 2 {
            Input::Given(args)
        } else {
            let mut tensor = args.take_float(0)?;
            tensor.shape = vec![rows, k];
            Input::Reshaped(tensor)
        };
        Ok(Self {
            index,
            layer,
            input,
            geometry: ROW_GEOMETRY,
            want: vec![rows, n_filters],
            shape,
            own: Own::Product,
        })
    }

    fn call(&self) -> Result<WeightedCall<'_>, Fault> {
        Ok(WeightedCall {
            index: self.index,
            layer: self.layer,
            input: self.input.tensor()?,
            geometry: self.geometry,
        })
    }

    /// The output, `replacement` where a hook gave one.
    fn finish(self, node: &Node, replacement: Option<Tensor>) -> Result<Tensor, ExecuteError> {
        let mut output = match replacement {
            Some(output)
                if output.shape != self.want || checked_product(&self.want) != Some(output.data.len()) =>
            {
                return Err(ExecuteError::HookShape {
                    layer: self.layer.name.clone(),
                    found: output.shape,
                    want: self.want,
                });
            }
            Some(output) => output,
            None => self.run().map_err(|fault| node.execute_error(fault))?,
        };
        output.shape = self.shape;
        Ok(output)
    }

    fn run(&self) -> Result<Tensor, Fault> {
        let input = self.input.tensor()?;
        let (weight, bias) = (&self.layer.weight, self.layer.bias.as_deref());
        match &self.own {
            Own::Convolution(plan) => plan.run(&input.data, &weight.data, bias),
            Own::Product => fully_connected(input, weight, bias),
        }
    }
}

impl Input {
    fn tensor(&self) -> Result<&Tensor, Fault> {
        match self {
            Self::Given(args) => args.float(0),
            Self::Reshaped(tensor) => Ok(tensor),
        }
    }
}

/// The outputs of a layer for the arguments of each run.
pub(super) fn run<'g>(
    node: &Node,
    all_args: Vec<Args>,
    prepare: impl Fn(Args) -> Result<Prepared<'g>, Fault>,
    hooks: &mut dyn Hooks,
) -> Result<Vec<Tensor>, ExecuteError> {
    let fail = |fault| node.execute_error(fault);
    let prepared = all_args.into_iter().map(prepare).collect::<Result<Vec<_>, _>>();
    let prepared = prepared.map_err(fail)?;
    let calls = prepared.iter().map(Prepared::call).collect::<Result<Vec<_>, _>>();
    let calls = calls.map_err(fail)?;
    let replacements = hooks.weighted_all(&calls).map_err(|source| ExecuteError::Hook {
        layer: calls
            .first()
            .map_or_else(String::new, |call| call.layer.name.clone()),
        source,
    })?;
    let replacements = replacements.into_iter().chain(std::iter::repeat_with(|| None));
    let outputs = prepared.into_iter().zip(replacements);
    outputs
        .map(|(prepared, replacement)| prepared.finish(node, replacement))
        .collect()
}
