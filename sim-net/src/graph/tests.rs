//! What a file becomes, and what is said of files that become nothing.

use sim_core::tensor::Tensor;
use sim_onnx::proto::TensorProto;

use crate::execute::hooks::{BatchNormCall, HookError, HookPoint, Hooks, NoHooks, WeightedCall};
use crate::graph::layer::{InputSign, Statistics};
use crate::graph::model_builder::{Builder, tensor};
use crate::network::{Network, floats};

fn external() -> TensorProto {
    TensorProto {
        dims: vec![1],
        data_type: Some(1),
        name: Some("w".to_owned()),
        data_location: Some(1),
        ..TensorProto::default()
    }
}

#[test]
fn a_file_that_is_no_network_is_named_with_its_fault() {
    let x = || Builder::new(&[1, 2]);
    x().node("DeformConv", &["x"], "y", &[])
        .check_error("y", "this operator is not supported here: DeformConv (node `y`)");
    x().node("Add", &["x", "b"], "a", &[])
        .node("Relu", &["a"], "b", &[])
        .check_error("b", "node `a` (Add) depends on its own output");
    x().node("Relu", &["z"], "y", &[]).check_error(
        "y",
        "node `y` (Relu) reads `z`, which no node, input or initializer provides",
    );
    x().node("Relu", &["x"], "x", &[])
        .check_error("x", "value `x` is assigned twice; each name may be assigned once");
    x().check_error("y", "output `y` is not produced by any node");
    x().node("Relu", &["x"], "y", &[]).opset(6).check_error(
        "y",
        "operator set 6 is not supported, only 7 to 28 are; convert the model",
    );
    x().node("Conv", &["x"], "y", &[("strides", &[0, 1])])
        .check_error(
            "y",
            "this operator is not supported here: Conv (node `y`: strides = 0 is not supported)",
        );
    x().node("Concat", &["x"], "y", &[]).check_error(
        "y",
        "this operator is not supported here: Concat (node `y`: attribute axis is missing)",
    );
    x().node("Mul", &["x", "w"], "y", &[])
        .stored(external())
        .check_error(
            "y",
            "initializer `w`: its data is in another file; save the model with its weights inside",
        );
    let text = TensorProto {
        data_type: Some(8),
        data_location: None,
        ..external()
    };
    x().node("Mul", &["x", "w"], "y", &[]).stored(text).check_error(
        "y",
        "this operator is not supported here: Mul (node `y`: it reads a constant of the model: data type string is not \
         supported: only floats of 16, 32 and 64 bits, integers but uint64, and bool are)",
    );
    x().node("Mul", &["x", "w"], "y", &[])
        .floats("w", &[2, 2], &[1.0])
        .check_error("y", "initializer `w`: 1 elements do not fill the shape [2, 2]");
}

#[test]
fn sizes_of_a_damaged_file_allocate_nothing() {
    let huge = [1 << 40, 1 << 40];
    Builder::new(&[1, 2])
        .floats("w", &huge, &[])
        .node("Mul", &["x", "w"], "y", &[])
        .check_error(
            "y",
            "initializer `w`: shape [1099511627776, 1099511627776] has more than 268435456 elements",
        );
    Builder::new(&[1, 2]).ints("s", &huge).node("ConstantOfShape", &["s"], "y", &[]).check_error(
        "y",
        "this operator is not supported here: ConstantOfShape (node `y`: shape [1099511627776, 1099511627776] has more than \
         268435456 elements)",
    );
    let padded = Builder::new(&[1, 1, 4, 4])
        .node(
            "MaxPool",
            &["x"],
            "y",
            &[("kernel_shape", &[1, 1]), ("pads", &[1 << 40; 4])],
        )
        .network("y");
    let error = padded
        .run(&tensor(&[1, 1, 4, 4], &[0.0; 16]), &mut NoHooks)
        .expect_err("too large");
    assert!(error.to_string().starts_with("node `y` (MaxPool): "), "{error}");
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error_and_no_panic() {
    let whole = convolution().bytes("n");
    assert!(Network::from_bytes(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(
            Network::from_bytes(&whole[..length]).is_err(),
            "{length} of {} bytes",
            whole.len()
        );
    }
}

/// A convolution of two channels, a batch norm, a ReLU and a product.
fn convolution() -> Builder {
    Builder::new(&[0, 1, 1, 3])
        .floats("w", &[2, 1, 1, 2], &[1.0, 2.0, -1.0, 0.0])
        .floats("b", &[2], &[0.5, 0.0])
        .floats("scale", &[2], &[2.0, 1.0])
        .floats("shift", &[2], &[0.0, 1.0])
        .floats("mean", &[2], &[1.0, 0.0])
        .floats("variance", &[2], &[4.0, 1.0])
        .node("Conv", &["x", "w", "b"], "c", &[])
        .node(
            "BatchNormalization",
            &["c", "scale", "shift", "mean", "variance"],
            "n",
            &[],
        )
}

#[test]
fn layers_know_what_the_graph_says_of_them() {
    let network = convolution()
        .node("Relu", &["n"], "r", &[])
        .ints("shape", &[0, -1])
        .node("Reshape", &["r", "shape"], "f", &[])
        .floats(
            "v",
            &[4, 3],
            &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0],
        )
        .node("MatMul", &["f", "v"], "y", &[])
        .network("y");
    let [first, last] = network.layers() else {
        panic!("{:?}", network.layers())
    };
    assert_eq!(
        (first.name.as_str(), first.node, first.batch_norm),
        ("c", 0, Some(0))
    );
    assert_eq!((last.name.as_str(), last.node, last.batch_norm), ("y", 4, None));
    assert_eq!(
        (first.input_sign, last.input_sign),
        (InputSign::Any, InputSign::NonNegative)
    );
    assert_eq!(
        (first.weight_shape(), last.weight_shape()),
        ([2, 1, 1, 2], [3, 4, 1, 1])
    );
    // One filter per output: the product is transposed.
    assert_eq!(last.weight.data[..4], [0.0, 3.0, 6.0, 9.0]);
    assert_eq!(network.batch_norms()[0].statistics.mean, [1.0, 0.0]);
    let shapes: Vec<_> = network.inputs().map(|input| input.shape.clone()).collect();
    assert_eq!(shapes, [[None, Some(1), Some(1), Some(3)]]);
    let shapes = network.layer_shapes(&[5, 1, 1, 3]).expect("shapes");
    assert_eq!(
        (&shapes[0].output[..], &shapes[1].input[..]),
        (&[5, 2, 1, 2][..], &[5, 4][..])
    );
}

#[test]
fn signs_follow_the_graph() {
    #[track_caller]
    fn check(build: impl FnOnce(Builder) -> Builder, want: InputSign) {
        let builder = build(Builder::new(&[1, 1, 4, 4])).floats("w", &[1, 1, 1, 1], &[1.0]);
        let network = builder.node("Conv", &["v", "w"], "y", &[]).network("y");
        assert_eq!(network.layers()[0].input_sign, want);
    }
    let relu = |builder: Builder| builder.node("Relu", &["x"], "r", &[]);
    let number = |builder: Builder, value| builder.floats("k", &[], &[value]);
    check(|b| b.node("Identity", &["x"], "v", &[]), InputSign::Any);
    check(|b| b.node("Sigmoid", &["x"], "v", &[]), InputSign::NonNegative);
    check(|b| b.node("Tanh", &["x"], "v", &[]), InputSign::Any);
    check(|b| relu(b).node("Tanh", &["r"], "v", &[]), InputSign::NonNegative);
    check(
        |b| number(b, 0.0).node("Clip", &["x", "k"], "v", &[]),
        InputSign::NonNegative,
    );
    check(
        |b| number(b, -1.0).node("Clip", &["x", "k"], "v", &[]),
        InputSign::Any,
    );
    // An upper limit below zero makes everything negative.
    check(
        |b| relu(number(b, -1.0)).node("Clip", &["r", "", "k"], "v", &[]),
        InputSign::Any,
    );
    check(|b| relu(b).node("Add", &["r", "x"], "v", &[]), InputSign::Any);
    check(
        |b| relu(number(b, 2.0)).node("Mul", &["r", "k"], "v", &[]),
        InputSign::NonNegative,
    );
    check(
        |b| relu(number(b, -2.0)).node("Mul", &["r", "k"], "v", &[]),
        InputSign::Any,
    );
    check(|b| relu(b).node("Sub", &["r", "r"], "v", &[]), InputSign::Any);
    check(
        |b| {
            relu(b).node(
                "MaxPool",
                &["r"],
                "v",
                &[("kernel_shape", &[2, 2]), ("pads", &[1, 1, 1, 1])],
            )
        },
        InputSign::NonNegative,
    );
    check(
        |b| relu(b).node("Concat", &["r", "r"], "v", &[("axis", &[2])]),
        InputSign::NonNegative,
    );
}

/// Replaces the output of layers and the statistics of batch norms.
struct Replace {
    output: Option<Tensor>,
    statistics: Option<Statistics>,
    inputs: Vec<Tensor>,
}

impl Hooks for Replace {
    fn weighted(&mut self, call: &WeightedCall<'_>) -> Result<Option<Tensor>, HookError> {
        self.inputs.push(call.input.clone());
        Ok(self.output.clone())
    }

    fn batch_norm(&mut self, call: &BatchNormCall<'_>) -> Result<Option<Statistics>, HookError> {
        self.inputs.push(call.input.clone());
        Ok(self.statistics.clone())
    }
}

#[test]
fn hooks_see_inputs_and_replace_what_follows() {
    let network = convolution().network("n");
    let x = tensor(&[1, 1, 1, 3], &[1.0, 2.0, 3.0]);
    let run = |hooks: &mut Replace| network.run(&x, hooks).map(|mut outputs| outputs.remove(0).1.data);
    let close = |found: &[f32], want: &[f32]| {
        assert!(
            found.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-4),
            "{found:?} {want:?}"
        );
    };

    let mut hooks = Replace {
        output: None,
        statistics: None,
        inputs: Vec::new(),
    };
    // (5.5, 8.5) and (-1, -2), then (x - 1) / 2 · 2 and x + 1.
    close(&run(&mut hooks).expect("outputs"), &[4.5, 7.5, 0.0, -1.0]);
    assert_eq!(hooks.inputs[0], x);
    assert_eq!(hooks.inputs[1].data, [5.5, 8.5, -1.0, -2.0]);

    hooks.output = Some(tensor(&[1, 2, 1, 2], &[3.0, 5.0, 0.0, 1.0]));
    close(&run(&mut hooks).expect("outputs"), &[2.0, 4.0, 1.0, 2.0]);
    hooks.statistics = Some(Statistics {
        mean: vec![3.0, 0.0],
        variance: vec![1.0, 1.0],
    });
    close(&run(&mut hooks).expect("outputs"), &[0.0, 4.0, 1.0, 2.0]);

    hooks.output = Some(tensor(&[2, 2], &[0.0; 4]));
    let error = run(&mut hooks).expect_err("another shape");
    assert_eq!(
        error.to_string(),
        "layer `c`: a hook returned shape [2, 2] instead of [1, 2, 1, 2]"
    );
}

#[test]
fn an_input_must_be_as_declared() {
    let network = convolution().network("n");
    let error = network
        .run(&tensor(&[1, 1, 1, 4], &[0.0; 4]), &mut NoHooks)
        .expect_err("another shape");
    assert_eq!(
        error.to_string(),
        "input `x` has shape [1, 1, 1, 4], but the model declares [?, 1, 1, 3]"
    );
}

#[test]
fn runs_side_by_side_are_the_runs() {
    let network = convolution().network("n");
    let inputs = [[1.0, 2.0, 3.0], [-1.0, 0.5, 8.0]].map(|values| tensor(&[1, 1, 1, 3], &values));
    let mut start = network.start(inputs.to_vec()).expect("starts");
    let is_batch_norm = |point| matches!(point, HookPoint::BatchNorm(_));
    start.advance(is_batch_norm, &mut NoHooks).expect("has a layer");
    // A copy goes on by itself, with hooks of its own.
    let mut hooks = Replace {
        output: None,
        statistics: Some(Statistics {
            mean: vec![3.0, 0.0],
            variance: vec![1.0, 1.0],
        }),
        inputs: Vec::new(),
    };
    let all: [&mut dyn Hooks; 2] = [&mut hooks, &mut NoHooks];
    for other in all {
        let found = start.clone().finish(&mut *other).expect("outputs");
        let found: Vec<_> = found.into_iter().map(floats).collect();
        let want = inputs.iter().map(|input| network.run(input, &mut *other));
        for (found, want) in found.into_iter().zip(want) {
            assert_eq!(found.expect("floats"), want.expect("outputs"));
        }
    }
    // Both inputs in each of the copy and the runs; the layer only in the runs.
    assert_eq!(hooks.inputs.len(), 2 + 4);
}
