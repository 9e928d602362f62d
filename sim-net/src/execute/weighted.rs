//! Layers with weights, and the hooks around them.

use sim_core::convolution::Geometry;
use sim_core::shape::checked_product;
use sim_core::tensor::Tensor;
use sim_onnx::value::{IntTensor, Value};

use crate::execute::error::ExecuteError;
use crate::execute::hooks::{Hooks, WeightedCall};
use crate::graph::layer::WeightedLayer;
use crate::graph::on_codes::{FilterAxis, OnCodes};
use crate::graph::{Graph, Node};
use crate::ops::args::Args;
use crate::ops::conv::{Conv, ConvPlan};
use crate::ops::conv_transpose::{ConvTransposeLayer, ConvTransposePlan};
use crate::ops::fault::Fault;
use crate::ops::matmul::{Stored, fully_connected};

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

/// The sizes of an array whose last two axes are exchanged where `stored` says so.
pub(crate) fn swapped(stored: Stored, mut shape: Vec<usize>) -> Vec<usize> {
    if let (Stored::Transposed, [.., rows, columns]) = (stored, &mut shape[..]) {
        std::mem::swap(rows, columns);
    }
    shape
}

/// `tensor` with its last two axes exchanged where `stored` says so.
fn swap(stored: Stored, tensor: Tensor) -> Tensor {
    match (stored, &tensor.shape[..]) {
        (Stored::Transposed, &[.., rows, columns]) => {
            let matrices = tensor.data.chunks_exact((rows * columns).max(1));
            let data = matrices.flat_map(|matrix| transposed(matrix, columns)).collect();
            Tensor {
                shape: swapped(stored, tensor.shape),
                data,
            }
        }
        _ => tensor,
    }
}

/// The columns of a matrix, one after the other.
fn transposed(matrix: &[f32], n_columns: usize) -> impl Iterator<Item = f32> + '_ {
    (0..n_columns).flat_map(move |column| matrix[column..].iter().step_by(n_columns.max(1)).copied())
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
    own: Own<'g>,
    codes: Option<&'g OnCodes>,
}

/// What a layer reads.
enum Input {
    /// As it is.
    Given(Args),
    /// In the shape that hooks see.
    Reshaped(Tensor),
    /// Rows that are not images: hooks see them as pixels of one image.
    Rows { rows: Tensor, pixels: Tensor },
}

/// What runs where no hook does, and what becomes of its result.
enum Own<'g> {
    Convolution(ConvPlan),
    Transposed {
        plan: ConvTransposePlan,
        bias: Option<&'g [f32]>,
    },
    Product {
        output: Stored,
    },
}

/// What a layer reads as floats, and how it computes with codes where the node is given those.
fn values(graph: &Graph, layer: usize, args: Args) -> Result<(Option<&OnCodes>, Args), Fault> {
    match graph.on_codes.get(&layer) {
        None => Ok((None, args)),
        Some(codes) => Ok((Some(codes), codes.read(args)?)),
    }
}

impl<'g> Prepared<'g> {
    pub(super) fn convolution(
        graph: &'g Graph,
        conv: &Conv,
        index: usize,
        args: Args,
    ) -> Result<Self, Fault> {
        let layer = &graph.layers[index];
        let (codes, args) = values(graph, index, args)?;
        let plan = conv_plan(conv, layer, &args.float(0)?.shape)?;
        let shape = plan.output.clone();
        let [rows, columns] = plan.window.output;
        Ok(Self {
            index,
            layer,
            input: Input::map(args)?,
            geometry: plan.geometry(),
            want: vec![shape[0], shape[1], rows, columns],
            shape,
            own: Own::Convolution(plan),
            codes,
        })
    }

    pub(super) fn transposed(
        graph: &'g Graph,
        transposed: &'g ConvTransposeLayer,
        index: usize,
        args: Args,
    ) -> Result<Self, Fault> {
        let plan = transposed.plan(&args.float(0)?.shape)?;
        Ok(Self {
            index,
            layer: &graph.layers[index],
            input: Input::map(args)?,
            geometry: plan.product.geometry(),
            want: plan.product.output.clone(),
            shape: plan.output.clone(),
            own: Own::Transposed {
                plan,
                bias: transposed.bias.as_deref(),
            },
            codes: None,
        })
    }

    /// A product of the rows of an input; `n_images` are the images of the run.
    pub(super) fn product(
        graph: &'g Graph,
        index: usize,
        n_images: usize,
        [input, output]: [Stored; 2],
        args: Args,
    ) -> Result<Self, Fault> {
        let layer = &graph.layers[index];
        let (codes, mut args) = values(graph, index, args)?;
        let given = swapped(input, args.float(0)?.shape.clone());
        let (rows, shape) = product_shape(layer, &given)?;
        let [n_filters, k, ..] = layer.weight_shape();
        let (input, want) = if rows == n_images {
            let input = if given.len() == 2 && input == Stored::AsIs {
                Input::Given(args)
            } else {
                let mut tensor = swap(input, args.take_float(0)?);
                tensor.shape = vec![rows, k];
                Input::Reshaped(tensor)
            };
            (input, vec![rows, n_filters])
        } else {
            let mut rows_of = swap(input, args.take_float(0)?);
            rows_of.shape = vec![rows, k];
            let pixels = Tensor::new(vec![1, k, rows, 1], transposed(&rows_of.data, k).collect())?;
            let input = Input::Rows {
                rows: rows_of,
                pixels,
            };
            (input, vec![1, n_filters, rows, 1])
        };
        Ok(Self {
            index,
            layer,
            input,
            geometry: ROW_GEOMETRY,
            want,
            shape,
            own: Own::Product { output },
            codes,
        })
    }

    fn call(&self) -> Result<WeightedCall<'_>, Fault> {
        Ok(WeightedCall {
            index: self.index,
            layer: self.layer,
            input: self.input.seen()?,
            geometry: self.geometry,
        })
    }

    /// The output, `replacement` where a hook gave one.
    fn finish(self, node: &Node, replacement: Option<Tensor>) -> Result<Value, ExecuteError> {
        if let Some(output) = &replacement
            && (output.shape != self.want || checked_product(&self.want) != Some(output.data.len()))
        {
            return Err(ExecuteError::HookShape {
                layer: self.layer.name.clone(),
                found: output.shape.clone(),
                want: self.want,
            });
        }
        let replacement = replacement.map(|output| self.rows_of(output));
        let made = match self.codes {
            None => match replacement {
                Some(output) => Ok(output),
                None => self.run(),
            }
            .and_then(|made| self.placed(made))
            .map(Value::from),
            Some(codes) => self.on_codes(codes, replacement).map(Value::from),
        };
        made.map_err(|fault| node.execute_error(fault))
    }

    fn on_codes(&self, codes: &OnCodes, replacement: Option<Tensor>) -> Result<IntTensor, Fault> {
        let axis = match self.own {
            Own::Convolution(_) | Own::Transposed { .. } => FilterAxis::Second,
            Own::Product { .. } => FilterAxis::Last,
        };
        let mut output = match replacement {
            Some(values) => codes.output_of_values(values, axis)?,
            None => {
                let product = |input: &Tensor, weight: &Tensor| self.product_of(input, weight, None);
                let sums = codes.sums(self.input.own()?, &self.layer.weight, product)?;
                codes.output_of_sums(sums, axis)?
            }
        };
        output.shape.clone_from(&self.shape);
        Ok(output)
    }

    /// What a hook made, as the layer itself makes it.
    fn rows_of(&self, output: Tensor) -> Tensor {
        match &self.input {
            Input::Given(_) | Input::Reshaped(_) => output,
            Input::Rows { rows, .. } => {
                let n_rows = rows.shape[0];
                Tensor {
                    shape: vec![n_rows, output.data.len() / n_rows.max(1)],
                    data: transposed(&output.data, n_rows).collect(),
                }
            }
        }
    }

    fn run(&self) -> Result<Tensor, Fault> {
        let layer = self.layer;
        self.product_of(self.input.own()?, &layer.weight, layer.bias.as_deref())
    }

    fn product_of(&self, input: &Tensor, weight: &Tensor, bias: Option<&[f32]>) -> Result<Tensor, Fault> {
        match &self.own {
            Own::Convolution(plan) => plan.run(&input.data, &weight.data, bias),
            Own::Transposed { plan, .. } => plan.product.run(&input.data, &weight.data, None),
            Own::Product { .. } => fully_connected(input, weight, bias),
        }
    }

    /// The output of the node.
    fn placed(self, mut made: Tensor) -> Result<Tensor, Fault> {
        match self.own {
            Own::Transposed { plan, bias } => plan.fold(&made.data, bias),
            Own::Convolution(_) => {
                made.shape = self.shape;
                Ok(made)
            }
            Own::Product { output } => {
                made.shape = self.shape;
                Ok(swap(output, made))
            }
        }
    }
}

impl Input {
    /// A map of one or two axes; hooks see one of a single axis as one row.
    fn map(mut args: Args) -> Result<Self, Fault> {
        if args.float(0)?.shape.len() != 3 {
            return Ok(Self::Given(args));
        }
        let mut tensor = args.take_float(0)?;
        tensor.shape.insert(2, 1);
        Ok(Self::Reshaped(tensor))
    }

    /// What hooks see.
    fn seen(&self) -> Result<&Tensor, Fault> {
        match self {
            Self::Given(args) => args.float(0),
            Self::Reshaped(tensor) => Ok(tensor),
            Self::Rows { pixels, .. } => Ok(pixels),
        }
    }

    /// What the layer itself reads.
    fn own(&self) -> Result<&Tensor, Fault> {
        match self {
            Self::Given(args) => args.float(0),
            Self::Reshaped(tensor) => Ok(tensor),
            Self::Rows { rows, .. } => Ok(rows),
        }
    }
}

/// The outputs of a layer for the arguments of each run.
pub(super) fn run<'g>(
    node: &Node,
    all_args: Vec<Args>,
    prepare: impl Fn(Args) -> Result<Prepared<'g>, Fault>,
    hooks: &mut dyn Hooks,
) -> Result<Vec<Value>, ExecuteError> {
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
