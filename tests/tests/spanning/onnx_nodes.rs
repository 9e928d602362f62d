//! Every supported operator, on the tests that the onnx package has for it and on random ones by ONNX Runtime.
#![expect(
    clippy::print_stdout,
    reason = "how many tests ran is what a passing run has to show"
)]

use std::collections::BTreeMap;
use std::path::Path;

use crate::onnx::{Case, StoredTensor, cases};
use sim_net::graph::Graph;
use sim_net::network::NoHooks;
use sim_onnx::value::Value;

/// What the importer says it supports. A test belongs here if it needs nothing else.
const OPERATORS: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Ceil",
    "Celu",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvInteger",
    "ConvTranspose",
    "Cos",
    "Cosh",
    "CumSum",
    "DepthToSpace",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "DynamicQuantizeLinear",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "EyeLike",
    "Flatten",
    "Floor",
    "Gather",
    "GatherElements",
    "GatherND",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "GridSample",
    "GroupNormalization",
    "GRU",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "IsInf",
    "IsNaN",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "LogSoftmax",
    "LRN",
    "LSTM",
    "MatMul",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "NonZero",
    "Not",
    "Or",
    "Pad",
    "Pow",
    "PRelu",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "Range",
    "Reciprocal",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Resize",
    "ReverseSequence",
    "Round",
    "ScatterElements",
    "ScatterND",
    "Selu",
    "Shape",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Size",
    "Slice",
    "Softmax",
    "Softplus",
    "Softsign",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Tile",
    "TopK",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Upsample",
    "Where",
    "Xor",
    "com.microsoft.QGemm",
    "com.microsoft.QLinearAdd",
    "com.microsoft.QLinearAveragePool",
    "com.microsoft.QLinearConcat",
    "com.microsoft.QLinearGlobalAveragePool",
    "com.microsoft.QLinearLeakyRelu",
    "com.microsoft.QLinearMul",
    "com.microsoft.QLinearSigmoid",
    "com.microsoft.QLinearSoftmax",
];

/// Tests that are left out although their operators are supported: start of their names (all of it before `=`), and why. Each of them must
/// end in an error: a case that the importer computes belongs among those that are run.
const EXCLUDED: &[(&str, &str)] = &[
    ("test_add_uint64", TYPE),
    ("test_sub_uint64", TYPE),
    ("test_mul_uint64", TYPE),
    ("test_div_uint64", TYPE),
    ("test_equal_uint64", TYPE),
    ("test_equal_string", TYPE),
    ("test_greater_uint64", TYPE),
    ("test_greater_equal_uint64", TYPE),
    ("test_less_uint64", TYPE),
    ("test_less_equal_uint64", TYPE),
    ("test_max_uint64", TYPE),
    ("test_max_float16", TYPE),
    ("test_min_uint64", TYPE),
    ("test_min_float16", TYPE),
    ("test_mod_uint64", TYPE),
    ("test_mod_mixed_sign_float16", TYPE),
    ("test_mod_float16", TYPE),
    ("test_mod_float_edge_cases_fmod_0_float16", TYPE),
    ("test_pow_types_float32_uint64", TYPE),
    ("test_top_k_uint64", TYPE),
    ("test_einsum_batch_matmul_bfloat16", TYPE),
    ("test_einsum_sum_bfloat16", TYPE),
    ("test_einsum_transpose_bfloat16", TYPE),
    ("test_flexattention_fp16", TYPE),
    ("test_isinf_float16", TYPE),
    ("test_isnan_float16", TYPE),
    ("test_range_bfloat16", TYPE),
    ("test_range_float16", TYPE),
    ("test_reversesequence_bfloat16", TYPE),
    ("test_cast_BFLOAT16", TYPE),
    ("test_cast_DOUBLE_to_FLOAT16", TYPE),
    ("test_cast_FLOAT16", TYPE),
    ("test_cast_FLOAT4", TYPE),
    ("test_cast_FLOAT8", TYPE),
    ("test_cast_FLOAT_to_BFLOAT16", TYPE),
    ("test_cast_FLOAT_to_FLOAT", TYPE),
    ("test_cast_FLOAT_to_INT", TYPE),
    ("test_cast_FLOAT_to_UINT", TYPE),
    ("test_cast_INT", TYPE),
    ("test_cast_UINT", TYPE),
    ("test_cast_no_saturate", TYPE),
    ("test_cast_e8m0", TYPE),
    ("test_castlike_BFLOAT16", TYPE),
    ("test_castlike_DOUBLE_to_FLOAT16", TYPE),
    ("test_castlike_FLOAT16", TYPE),
    ("test_castlike_FLOAT4", TYPE),
    ("test_castlike_FLOAT8", TYPE),
    ("test_castlike_FLOAT_to_BFLOAT16", TYPE),
    ("test_castlike_FLOAT_to_FLOAT", TYPE),
    ("test_castlike_FLOAT_to_INT", TYPE),
    ("test_castlike_FLOAT_to_UINT", TYPE),
    ("test_castlike_INT", TYPE),
    ("test_castlike_UINT", TYPE),
    ("test_castlike_no_saturate", TYPE),
    ("test_dequantizelinear_e4m3fn", TYPE),
    ("test_dequantizelinear_e5m2", TYPE),
    ("test_dequantizelinear_float4e2m1", TYPE),
    ("test_dequantizelinear_int2", TYPE),
    ("test_dequantizelinear_int4", TYPE),
    ("test_dequantizelinear_uint2", TYPE),
    ("test_dequantizelinear_uint4", TYPE),
    ("test_dequantizelinear_blocked", BLOCKS),
    ("test_qlinearmatmul_2D_int8_float16", TYPE),
    ("test_qlinearmatmul_2D_uint8_float16", TYPE),
    ("test_qlinearmatmul_3D_int8_float16", TYPE),
    ("test_qlinearmatmul_3D_uint8_float16", TYPE),
    ("test_quantizelinear_e4m3fn", TYPE),
    ("test_quantizelinear_e5m2", TYPE),
    ("test_quantizelinear_float4e2m1", TYPE),
    ("test_quantizelinear_int2", TYPE),
    ("test_quantizelinear_int4", TYPE),
    ("test_quantizelinear_uint2", TYPE),
    ("test_quantizelinear_uint4", TYPE),
    ("test_quantizelinear_blocked", BLOCKS),
    ("test_celu_bfloat16", TYPE),
    ("test_celu_float16", TYPE),
    ("test_AvgPool3d", AXES),
    ("test_convtranspose_3d", AXES),
    ("test_Conv3d", AXES),
    ("test_MaxPool3d", AXES),
    ("test_averagepool_3d", AXES),
    ("test_maxpool_3d", AXES),
    ("test_edge_pad", INTEGERS),
    ("test_reflect_pad", INTEGERS),
    ("test_wrap_pad", INTEGERS),
    ("test_maxpool_with_argmax", POSITIONS),
    ("test_training_dropout_default", RANDOM),
    ("test_training_dropout_mask", RANDOM),
    ("test_training_dropout=", RANDOM),
    ("test_resize_downsample_scales_linear_antialias", FORM),
    ("test_resize_downsample_scales_cubic_antialias", FORM),
    ("test_resize_downsample_sizes_linear_antialias", FORM),
    ("test_resize_downsample_sizes_cubic_antialias", FORM),
    ("test_resize_tf_crop_and_resize", FORM),
    ("test_gridsample_bicubic", LIBRARY),
    ("test_gridsample_border", LIBRARY),
    ("test_gridsample_nearest", LIBRARY),
    ("test_gridsample_reflection", LIBRARY),
    ("test_gridsample_volumetric", LIBRARY),
    ("test_gru_batchwise", LIBRARY),
    ("test_gru_bidirectional", LIBRARY),
    ("test_gru_defaults", LIBRARY),
    ("test_gru_reverse", LIBRARY),
    ("test_gru_seq_length", LIBRARY),
    ("test_gru_with_initial_bias", LIBRARY),
    ("test_isinf_negative", LIBRARY),
    ("test_isinf_positive", LIBRARY),
    ("test_lstm_batchwise", LIBRARY),
    ("test_lstm_with_peepholes", LIBRARY),
    ("test_PReLU_1d_multiparam", LIBRARY),
    ("test_PReLU_2d_multiparam", LIBRARY),
    ("test_PReLU_3d_multiparam", LIBRARY),
];

/// Tests of which ONNX Runtime, as these networks, computes something else: it divides the new size, rounded down, by the
/// old one, where onnx's reference does not round.
const DISPUTED: &[&str] = &[
    "test_resize_downsample_scales_linear_align_corners",
    "test_resize_downsample_scales_cubic_align_corners",
];

const TYPE: &str = "a type that networks do not have";
const BLOCKS: &str = "blocks of elements with a Δ of their own";
const AXES: &str = "three axes to slide over";
const INTEGERS: &str = "padding of integers of more than 16 bits";
const POSITIONS: &str = "the second output of MaxPool, which only training needs";
const RANDOM: &str = "elements dropped at random, which only training does";
const FORM: &str = "a rare form of resizing";
const LIBRARY: &str = "a form that the library of operators refuses";

/// Fewer mean that the package or the selection lost some.
const LEAST_RUN: usize = 1_724;

/// As onnx's own runner has them.
const RELATIVE: f64 = 1e-3;
const ABSOLUTE: f64 = 1e-7;

#[test]
fn operators_compute_what_onnx_expects() {
    let all = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/onnx-cases"));
    let is_supported = |case: &Case| {
        case.operators()
            .iter()
            .all(|name| OPERATORS.contains(&name.as_str()))
    };
    let (selected, others): (Vec<&Case>, Vec<&Case>) = all.iter().partition(|case| is_supported(case));

    let mut n_of_operator: BTreeMap<String, usize> = BTreeMap::new();
    let mut n_excluded = vec![0_usize; EXCLUDED.len()];
    let mut n_run = 0;
    let mut n_disputed = 0;
    let mut wrong = Vec::new();
    for case in selected {
        let row = EXCLUDED
            .iter()
            .position(|(start, _)| format!("{}=", case.name).starts_with(start));
        match (row, check(case)) {
            (None, Err(Failure::Wrong(_))) if DISPUTED.contains(&case.name.as_str()) => n_disputed += 1,
            (Some(row), Err(Failure::Refused(_))) => n_excluded[row] += 1,
            (Some(_), Ok(())) => wrong.push(format!("{}: is excluded, but passes", case.name)),
            (_, Err(failure)) => wrong.push(format!("{}: {}", case.name, failure.text())),
            (None, Ok(())) => {
                n_run += 1;
                for name in case.operators() {
                    *n_of_operator.entry(name).or_default() += 1;
                }
            }
        }
    }

    let is_imported = |case: &&Case| {
        let graph = Graph::from_bytes(&case.model());
        graph.is_ok_and(|graph| graph.check_needed().is_ok())
    };
    let imported = others.iter().copied().filter(is_imported);
    wrong.extend(
        imported.map(|case| format!("{}: one of {:?} is not in the list", case.name, case.operators())),
    );

    println!(
        "{n_run} tests pass, {} with supported operators are left out, {} with others are refused",
        n_excluded.iter().sum::<usize>(),
        others.len()
    );
    for name in OPERATORS {
        println!("{:5} {name}", n_of_operator.get(*name).unwrap_or(&0));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    for ((start, reason), n_cases) in EXCLUDED.iter().zip(&n_excluded) {
        println!("{n_cases:5} left out: {start}…: {reason}");
        assert!(0 < *n_cases, "`{start}` excludes nothing");
    }
    assert_eq!(n_disputed, DISPUTED.len(), "tests that are disputed");
    assert!(LEAST_RUN <= n_run, "only {n_run} tests were run");
    let untested: Vec<&&str> = OPERATORS
        .iter()
        .filter(|name| !n_of_operator.contains_key(**name))
        .collect();
    assert!(untested.is_empty(), "no test of {untested:?}");
}

/// Why a case does not pass.
enum Failure {
    /// The importer or the executor says that it cannot.
    Refused(String),
    /// Another result than expected.
    Wrong(String),
}

impl Failure {
    fn text(&self) -> &str {
        match self {
            Self::Refused(text) | Self::Wrong(text) => text,
        }
    }
}

fn check(case: &Case) -> Result<(), Failure> {
    for data in case.data_sets() {
        let found = run(&case.model(), values(&case.inputs(&data))?)?;
        let want = values(&case.outputs(&data))?;
        if found.len() != want.len() {
            return Err(Failure::Wrong(format!(
                "{} outputs instead of {}",
                found.len(),
                want.len()
            )));
        }
        for (number, (found, want)) in found.iter().zip(&want).enumerate() {
            compare(found, want).map_err(|text| Failure::Wrong(format!("output {number}: {text}")))?;
        }
    }
    Ok(())
}

fn values(tensors: &[StoredTensor]) -> Result<Vec<Value>, Failure> {
    let value = |tensor: &StoredTensor| {
        tensor
            .value()
            .ok_or_else(|| refused("a type that networks do not have"))
    };
    tensors.iter().map(value).collect()
}

/// The outputs, of which the shapes are those that the graph infers where they do not depend on values of inputs.
fn run(model: &[u8], inputs: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let graph = Graph::from_bytes(model).map_err(refused)?;
    let shapes: Vec<Vec<usize>> = inputs.iter().map(|input| input.shape().to_vec()).collect();
    let outputs = graph.run(inputs, &mut NoHooks).map_err(refused)?;
    let outputs: Vec<Value> = outputs.into_iter().map(|(_, value)| value).collect();
    match graph.output_shapes(&shapes) {
        Ok(shapes) if outputs.iter().map(Value::shape).eq(&shapes) => Ok(outputs),
        Ok(shapes) => Err(Failure::Wrong(format!("shapes {shapes:?} are inferred"))),
        Err(error) if error.to_string().contains("depends on the values of input") => Ok(outputs),
        Err(error) => Err(Failure::Wrong(format!("shapes: {error}"))),
    }
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Refused(error.to_string())
}

fn compare(found: &Value, want: &Value) -> Result<(), String> {
    if found.shape() != want.shape() {
        return Err(format!("shape {:?} instead of {:?}", found.shape(), want.shape()));
    }
    match (found, want) {
        (Value::Float(found), Value::Float(want)) => {
            let pairs = found.data.iter().zip(&want.data);
            match pairs
                .enumerate()
                .find(|(_, (found, want))| !is_close(**found, **want))
            {
                None => Ok(()),
                Some((at, (found, want))) => Err(format!("{found} instead of {want} at {at}")),
            }
        }
        (Value::Int(found), Value::Int(want)) if found == want => Ok(()),
        (Value::Int(_), Value::Int(_)) => Err(format!("{found:?} instead of {want:?}")),
        (Value::Float(_), Value::Int(_)) | (Value::Int(_), Value::Float(_)) => {
            Err(format!("{} instead of {}", found.type_name(), want.type_name()))
        }
    }
}

fn is_close(found: f32, want: f32) -> bool {
    if found == want || found.is_nan() && want.is_nan() {
        return true;
    }
    let (found, want) = (f64::from(found), f64::from(want));
    (found - want).abs() <= ABSOLUTE + RELATIVE * want.abs()
}
