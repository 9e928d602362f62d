//! Layers of operators that multiply integer codes.

use std::sync::Arc;

use sim_core::tensor::Tensor;
use sim_onnx::value::{IntKind, IntTensor, Value};

use crate::graph::layer::{InputSign, StoredInput, StoredWeights, WeightedLayer};
use crate::graph::{Graph, Node};
use crate::ops::args::Args;
use crate::ops::axes;
use crate::ops::fault::Fault;
use crate::ops::integer::requantize::Requantized;
use crate::ops::integer::sums::{self, Sums};
use crate::ops::integer::{Places, Scales};
use crate::ops::number::{float_of_int, int64_of_float};

/// How a layer computes with codes.
///
/// Hooks see its input and give its output as what the codes stand for; the layer itself adds up integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OnCodes {
    /// Δ and zero point of the input.
    scale: f32,
    zero_point: i64,
    /// Δ of the weights of each filter.
    weight_scales: Vec<f32>,
    /// In units of a sum, per filter.
    bias: Option<Vec<i64>>,
    output: Output,
}

/// What sums become.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Output {
    Sums,
    Codes { scale: f32, codes: Requantized },
}

/// Where the filters of a product are in its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterAxis {
    /// Images, filters, and then the pixels of a map.
    Second,
    Last,
}

/// What a node says beside the weights themselves.
pub(super) struct Parameters {
    pub(super) on_codes: OnCodes,
    /// The bias, as the sums stand for it.
    pub(super) bias: Option<Vec<f32>>,
    pub(super) stored: StoredInput,
}

/// What is known of codes that a node reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct CodesRead {
    pub(super) kind: Option<IntKind>,
    /// Of what they were made of, where their zero point is computed for each image.
    pub(super) sign: Option<InputSign>,
}

/// The weights less their zero points as whole numbers, and as they are stored: `[filters, …]`, or `[k, filters]` of a
/// product of matrices.
pub(super) struct Weights {
    pub(super) integers: Tensor,
    /// Δ of each filter.
    scales: Vec<f32>,
}

/// The only one of some values.
pub(super) fn only<T: Copy>(values: &[T]) -> Option<T> {
    match values {
        &[value] => Some(value),
        _ => None,
    }
}

/// The constant weights of a node; `None` where they, their zero points or their Δ are computed in the network.
pub(super) fn weights(graph: &Graph, node: &Node, places: &Places) -> Option<Weights> {
    let codes = graph.integer_constant(node, places.right)?;
    let zeros = if node.input(places.right_zero).is_none() {
        &[0][..]
    } else {
        &graph.integer_constant(node, places.right_zero)?.data
    };
    let scales = match &places.scales {
        Some(scales) => graph.float_constant(node, scales.right)?.data.clone(),
        None => vec![1.0],
    };
    if codes.shape.is_empty() {
        return None;
    }
    let (_, n_filters, run) = axes::around(&codes.shape, places.filter_axis(codes.shape.len()));
    if [zeros.len(), scales.len()]
        .iter()
        .any(|&len| len != 1 && len != n_filters)
    {
        return None;
    }
    let scales = match scales[..] {
        [scale] => vec![scale; n_filters],
        _ => scales,
    };
    let zero = |index: usize| zeros[index / run.max(1) % n_filters.max(1) % zeros.len()];
    let integers = codes.data.iter().enumerate();
    let integers = integers.map(|(index, &code)| float_of_int(code - zero(index)));
    Some(Weights {
        integers: Tensor::new(codes.shape.clone(), integers.collect()).ok()?,
        scales,
    })
}

impl Weights {
    /// What a layer is told of its weights, which it holds as integers so far; from then on it holds what they stand for.
    pub(super) fn store(self, layer: &mut WeightedLayer) {
        let scales = self.scales;
        let n_filters = scales.len();
        let per_filter = (layer.weight.data.len() / n_filters.max(1)).max(1);
        let mut codes = Ok(Vec::with_capacity(layer.weight.data.len()));
        for (filter, &scale) in layer.weight.data.chunks_mut(per_filter).zip(&scales) {
            for weight in filter {
                if let Ok(all) = &mut codes {
                    match StoredWeights::code(int64_of_float(*weight)) {
                        Ok(code) => all.push(code),
                        Err(reason) => codes = Err(reason),
                    }
                }
                *weight *= scale;
            }
        }
        layer.stored.weights = Some(codes.map(|codes| StoredWeights { codes, scales }));
    }
}

/// What a node says of its input, its bias and its output; `None` where that is computed in the network.
///
/// `read` is known of its input.
pub(super) fn parameters(
    graph: &Graph,
    node: &Node,
    places: &Places,
    read: CodesRead,
    weights: &Weights,
) -> Option<Parameters> {
    let zero_point = match graph.integer_constant(node, places.left_zero) {
        Some(zero) => only(&zero.data)?,
        None if node.input(places.left_zero).is_none() => 0,
        // Of values none of which is below zero.
        None if read.sign == Some(InputSign::NonNegative) => 0,
        None => return None,
    };
    let kind = read.kind?;
    let scale = match &places.scales {
        Some(scales) => only(&graph.float_constant(node, scales.left)?.data)?,
        None => 1.0,
    };
    let stored = StoredInput::of_codes(scale, zero_point, kind)?;
    let output = match &places.scales {
        None => Output::Sums,
        Some(scales) => {
            let zero = graph.integer_constant(node, scales.output_zero)?;
            Output::Codes {
                scale: only(&graph.float_constant(node, scales.output)?.data)?,
                codes: Requantized {
                    zero_point: only(&zero.data)?,
                    kind: zero.kind,
                },
            }
        }
    };
    let bias = match places.scales {
        Some(Scales { bias: Some(bias), .. }) if node.input(bias).is_some() => {
            Some(graph.integer_constant(node, bias)?.data.clone())
        }
        Some(_) | None => None,
    };
    let weight_scales = &weights.scales;
    if bias
        .as_ref()
        .is_some_and(|bias| bias.len() != weight_scales.len())
    {
        return None;
    }
    let values = bias.as_ref().map(|bias| {
        let values = bias.iter().zip(weight_scales);
        values.map(|(&b, &w)| float_of_int(b) * (scale * w)).collect()
    });
    Some(Parameters {
        on_codes: OnCodes {
            scale,
            zero_point,
            weight_scales: weight_scales.clone(),
            bias,
            output,
        },
        bias: values,
        stored,
    })
}

impl OnCodes {
    /// Of a layer that is given floats which codes stand for, and whose sums become codes with Δ `output`.
    pub(super) const fn fused(
        scale: f32,
        weight_scales: Vec<f32>,
        bias: Option<Vec<i64>>,
        output: f32,
        codes: Requantized,
    ) -> Self {
        Self {
            scale,
            zero_point: 0,
            weight_scales,
            bias,
            output: Output::Codes { scale: output, codes },
        }
    }

    /// What integers of the output are.
    pub(crate) const fn kind(&self) -> IntKind {
        match self.output {
            Output::Sums => IntKind::Int32,
            Output::Codes { codes, .. } => codes.kind,
        }
    }

    /// What a node reads, or what the codes that it reads stand for.
    pub(crate) fn read(&self, args: Args) -> Result<Args, Fault> {
        let Value::Int(codes) = args.value(0)? else {
            return Ok(args);
        };
        let value = |&code: &i64| float_of_int(code - self.zero_point) * self.scale;
        let tensor = Tensor::new(codes.shape.clone(), codes.data.iter().map(value).collect())?;
        Ok(Args(vec![Some(Arc::new(tensor.into()))]))
    }

    /// The sums of a layer over its input, by a `product` of input and weights.
    pub(crate) fn sums(
        &self,
        input: &Tensor,
        weight: &Tensor,
        product: impl Fn(&Tensor, &Tensor) -> Result<Tensor, Fault>,
    ) -> Result<Sums, Fault> {
        let whole = |x: f32, scale: f32| {
            if scale == 0.0 {
                0.0
            } else {
                (x / scale).round_ties_even()
            }
        };
        let codes = input.data.iter().map(|&x| whole(x, self.scale)).collect();
        let input = Tensor::new(input.shape.clone(), codes)?;
        let per_filter = (weight.data.len() / self.weight_scales.len().max(1)).max(1);
        let filters = weight.data.chunks(per_filter).zip(&self.weight_scales);
        let codes = filters.flat_map(|(filter, &scale)| filter.iter().map(move |&w| whole(w, scale)));
        let weight = Tensor::new(weight.shape.clone(), codes.collect())?;
        let largest = weight
            .data
            .chunks(per_filter)
            .map(sums::magnitude)
            .fold(0.0, f32::max);
        sums::exact(&input, largest, |digit| product(&digit, &weight))
    }

    /// The output for sums without a bias.
    pub(crate) fn output_of_sums(&self, mut sums: Sums, axis: FilterAxis) -> Result<IntTensor, Fault> {
        if let Some(bias) = &self.bias {
            self.each_filter(&sums.shape, &mut sums.data, axis, |filter, sum| {
                *sum += bias[filter]
            });
        }
        self.output(sums, axis)
    }

    /// The output for values that sums stand for, bias included.
    pub(crate) fn output_of_values(&self, values: Tensor, axis: FilterAxis) -> Result<IntTensor, Fault> {
        let mut data: Vec<(f32, i64)> = values.data.iter().map(|&value| (value, 0)).collect();
        self.each_filter(&values.shape, &mut data, axis, |filter, (value, sum)| {
            let step = self.scale * self.weight_scales[filter];
            if step != 0.0 {
                *sum = int64_of_float((*value / step).round_ties_even());
            }
        });
        let data = data.into_iter().map(|(_, sum)| sum).collect();
        let sums = Sums {
            shape: values.shape,
            data,
        };
        self.output(sums, axis)
    }

    fn output(&self, mut sums: Sums, axis: FilterAxis) -> Result<IntTensor, Fault> {
        match self.output {
            Output::Sums => sums.into_int32(),
            Output::Codes { scale, codes } => {
                self.each_filter(&sums.shape, &mut sums.data, axis, |filter, sum| {
                    let multiplier = self.scale * self.weight_scales[filter] / scale;
                    *sum = codes.code(*sum, multiplier);
                });
                Ok(IntTensor::new(sums.shape, sums.data, codes.kind)?)
            }
        }
    }

    /// Each element of an output of `shape` with its filter.
    fn each_filter<T>(
        &self,
        shape: &[usize],
        data: &mut [T],
        axis: FilterAxis,
        mut each: impl FnMut(usize, &mut T),
    ) {
        let run: usize = match axis {
            FilterAxis::Second => shape[2..].iter().product(),
            FilterAxis::Last => 1,
        };
        let n_filters = self.weight_scales.len().max(1);
        for (index, run) in data.chunks_mut(run.max(1)).enumerate() {
            run.iter_mut()
                .for_each(|element| each(index % n_filters, element));
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_onnx::proto::TensorProto;

    use super::*;
    use crate::execute::hooks::{HookError, Hooks, NoHooks, WeightedCall};
    use crate::graph::model_builder::{Builder, tensor};
    use crate::network::Network;
    use crate::ops::matmul::fully_connected;

    /// Integers of a type that ONNX has a number for.
    fn stored(builder: Builder, name: &str, data_type: i32, dims: &[i64], data: &[i32]) -> Builder {
        builder.stored(TensorProto {
            dims: dims.to_vec(),
            data_type: Some(data_type),
            int32_data: data.to_vec(),
            name: Some(name.to_owned()),
            ..TensorProto::default()
        })
    }

    const UINT8: i32 = 2;
    const INT8: i32 = 3;

    /// `x` of three elements as codes, times two filters.
    fn product() -> Builder {
        let builder = Builder::new(&[1, 3])
            .floats("xs", &[], &[0.5])
            .floats("ws", &[2], &[0.25, 2.0])
            .floats("ys", &[], &[1.5]);
        let builder = stored(builder, "xz", UINT8, &[], &[10]);
        let builder = stored(builder, "w", INT8, &[3, 2], &[1, -7, 100, 3, -128, 0]);
        let builder = stored(builder, "wz", INT8, &[2], &[0, 0]);
        let builder = stored(builder, "yz", UINT8, &[], &[90]);
        builder
            .node("QuantizeLinear", &["x", "xs", "xz"], "q", &[])
            .node(
                "QLinearMatMul",
                &["q", "xs", "xz", "w", "ws", "wz", "ys", "yz"],
                "p",
                &[],
            )
            .node("DequantizeLinear", &["p", "ys", "yz"], "y", &[])
    }

    /// The FP32 product in place of the layer's own.
    struct Fp32;

    impl Hooks for Fp32 {
        fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
            Ok(Some(fully_connected(call.input, &call.layer.weight, None)?))
        }
    }

    fn run(network: &Network, hooks: &mut dyn Hooks) -> Vec<f32> {
        let input = tensor(&[1, 3], &[1.0, -3.0, 4.26]);
        let outputs = network.run(&input, hooks).expect("an output");
        outputs[0].1.data.clone()
    }

    #[test]
    fn a_layer_on_codes_adds_up_integers_and_hooks_see_values() {
        let mut network = product().network("y");
        // Codes less zero: 2, -6, 9; sums -1750 and -32, of which codes are -146 + 90, below 0, and -21 + 90.
        let want = vec![-90.0 * 1.5, -21.0 * 1.5];
        assert_eq!(run(&network, &mut NoHooks), want);
        assert_eq!(run(&network, &mut Fp32), want);
        let layer = &network.layers()[0];
        assert_eq!(layer.weight.data, [0.25, 25.0, -32.0, -14.0, 6.0, 0.0]);
        let want = StoredWeights {
            codes: vec![1, 100, -128, -7, 3, 0],
            scales: vec![0.25, 2.0],
        };
        assert_eq!(layer.stored.weights, Some(Ok(want)));
        let pruned = tensor(&layer.weight.shape, &[0.25, 0.0, 0.0, -14.0, 0.0, 0.0]);
        network.set_weight(0, pruned).expect("of the same shape");
        // Sums 2 and -14: codes 90 and 90 - 9.
        assert_eq!(run(&network, &mut NoHooks), [0.0, -9.0 * 1.5]);
    }

    #[test]
    fn what_is_not_a_layer_says_why() {
        #[track_caller]
        fn check(builder: Builder, want: &str) {
            let network = builder.network("y");
            assert_eq!(network.layers(), []);
            assert_eq!(network.others()[0].reason, want);
        }
        let dynamic = |builder: Builder| {
            let mut builder = builder.node("DynamicQuantizeLinear", &["x"], "q", &[]);
            builder.graph.node[0].output = ["q", "s", "z"].map(str::to_owned).to_vec();
            stored(builder, "w", INT8, &[2, 1], &[1, 2])
        };
        check(
            dynamic(Builder::new(&[1, 2])).node("MatMulInteger", &["q", "w", "z"], "y", &[]),
            "the zero point of its input is computed anew for every image",
        );
        check(
            dynamic(Builder::new(&[2, 2])).node("MatMulInteger", &["q", "q", "z", "z"], "y", &[]),
            "it multiplies two activations",
        );
    }

    #[test]
    fn weights_that_are_moved_about_keep_their_codes() {
        let builder = Builder::new(&[1, 3]).floats("s", &[2], &[0.5, 2.0]);
        let network = stored(builder, "w", INT8, &[2, 3], &[1, 2, 3, -4, -5, -6])
            .node("DequantizeLinear", &["w", "s"], "f", &[("axis", &[0])])
            .node("Identity", &["f"], "g", &[])
            .node("Transpose", &["g"], "t", &[("perm", &[1, 0])])
            .node("MatMul", &["x", "t"], "y", &[])
            .network("y");
        let want = StoredWeights {
            codes: vec![1, 2, 3, -4, -5, -6],
            scales: vec![0.5, 2.0],
        };
        assert_eq!(network.layers()[0].stored.weights, Some(Ok(want)));
    }

    #[test]
    fn a_layer_between_codes_gives_the_codes_that_the_file_asks_for() {
        let between = |ints: &[(&str, &[i64])]| {
            let builder = Builder::new(&[1, 3])
                .floats("s", &[], &[0.5])
                .floats("ws", &[], &[0.25])
                .floats("ys", &[], &[2.0])
                .opset(21);
            stored(builder, "w", INT8, &[3, 2], &[1, -7, 100, 3, -128, 0])
                .node("QuantizeLinear", &["x", "s"], "q", &[])
                .node("DequantizeLinear", &["q", "s"], "f", &[])
                .node("DequantizeLinear", &["w", "ws"], "v", &[])
                .node("MatMul", &["f", "v"], "p", &[])
                .node("QuantizeLinear", &["p", "ys"], "c", ints)
                .node("DequantizeLinear", &["c", "ys"], "y", &[])
        };
        // Codes 2, 0 and 9; sums -1150 and -14, times 0.5 · 0.25 / 2.
        let int8: &[(&str, &[i64])] = &[("output_dtype", &[3])];
        let network = between(int8).network("y");
        assert!(network.graph.on_codes.contains_key(&0));
        assert_eq!(run(&network, &mut NoHooks), [-144.0, -2.0]);
        // Bytes, where the file says nothing.
        assert_eq!(run(&between(&[]).network("y"), &mut NoHooks), [0.0, 0.0]);
        // Of what something else reads, sums are FP32.
        let network = between(int8).node("Add", &["y", "p"], "z", &[]).network("z");
        assert!(network.graph.on_codes.is_empty());
        assert_eq!(run(&network, &mut NoHooks), [-144.0 - 143.75, -2.0 - 1.75]);
    }
}
