"""Random tests of single operators, with the outputs that ONNX Runtime computes. `onnx_cases.py` writes them."""

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper

SEED = 20
N_WINDOWS = 60  # per operator
TYPES = {
    "float32": (TensorProto.FLOAT, numpy.float32),
    "int32": (TensorProto.INT32, numpy.int32),
    "int64": (TensorProto.INT64, numpy.int64),
    "bool": (TensorProto.BOOL, numpy.bool_),
}


def case(name, version, operator, inputs, n_outputs=1, stored=(), **attributes):
    """The test of one node; inputs at the positions `stored` are constants of the model."""
    inputs = [None if value is None else numpy.asarray(value) for value in inputs]
    names = [f"x{i}" for i in range(len(inputs))]
    outputs = [f"y{i}" for i in range(n_outputs)]
    there = [(name, value) for name, value in zip(names, inputs) if value is not None]
    constants = {names[position] for position in stored}
    given = [(name, value) for name, value in there if name not in constants]
    read = [name if value is not None else "" for name, value in zip(names, inputs)]
    domain, _, kind = operator.rpartition(".")
    node = helper.make_node(kind, read, outputs, domain=domain, **attributes)
    graph = helper.make_graph(
        [node],
        name,
        [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for name, v in given],
        [onnx.ValueInfoProto(name=output) for output in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in there if name in constants],
    )
    opsets = [helper.make_opsetid("", version), *([helper.make_opsetid(domain, 1)] if domain else [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=7)
    model = onnx.shape_inference.infer_shapes(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    yield name, model, [value for _, value in given], session.run(outputs, dict(given))


def floats(random, *shape):
    return random.standard_normal(shape).astype(numpy.float32)


def ints(*values):
    return numpy.array(values, numpy.int64)


def window(random, n_axes, is_pool):
    """Kernel and attributes; padding stays below the kernel, as pools need it."""
    kernel = random.integers(1, 5, n_axes).tolist()
    attributes = {"strides": random.integers(1, 4, n_axes).tolist()}
    auto_pad = random.choice(["NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if auto_pad == "NOTSET":
        attributes["pads"] = [int(random.integers(0, size)) for size in kernel * 2]
        attributes["dilations"] = random.integers(1, 3, n_axes).tolist()
    else:
        attributes["auto_pad"] = str(auto_pad)
        # ONNX Runtime pads by less than nothing where steps are longer than the kernel.
        attributes["strides"] = [min(pair) for pair in zip(attributes["strides"], kernel)]
    if is_pool:
        attributes["kernel_shape"] = kernel
        attributes["ceil_mode"] = int(random.integers(0, 2))
    return kernel, attributes


def windows(random):
    for number in range(N_WINDOWS):
        n_axes = 1 if number % 5 == 0 else 2
        size = random.integers(7, 14, n_axes).tolist()  # no dilated kernel is larger
        kernel, attributes = window(random, n_axes, is_pool=False)
        groups = int(random.choice([1, 1, 2, 3, 4]))
        channels, filters = groups * int(random.integers(1, 4)), groups * int(random.integers(1, 4))
        weights = floats(random, filters, channels // groups, *kernel)
        bias = [floats(random, filters)] if number % 2 else []
        image = floats(random, 2, channels, *size)
        yield from case(f"conv_{number}", 11, "Conv", [image, weights, *bias], group=groups, **attributes)
        _, attributes = window(random, n_axes, is_pool=True)
        yield from case(f"maxpool_{number}", 12, "MaxPool", [image], **attributes)
        _, attributes = window(random, n_axes, is_pool=True)
        include = int(random.integers(0, 2))
        yield from case(f"averagepool_{number}", 19, "AveragePool", [image], count_include_pad=include, **attributes)


def conversions(random):
    for source, (_, source_type) in TYPES.items():
        for target, (number, _) in TYPES.items():
            values = numpy.array([-3, -1, 0, 1, 2, 100, 70000, 1 << 24], numpy.float64)
            if source == "float32":
                values = values + [0.5, -0.75, 0.25, 0, 0.9, 0, 0, 0]
            yield from case(f"cast_{source}_{target}", 13, "Cast", [values.astype(source_type)], to=number)


def old_operator_sets(random):
    x = floats(random, 2, 3, 4, 5)
    for axis in (0, 1, 2, 3, -1):
        for opset in (7, 11, 13):
            yield from case(f"softmax_{opset}_{axis}", opset, "Softmax", [x], axis=axis)
        yield from case(f"reducemean_11_{axis}", 11, "ReduceMean", [x], axes=[axis], keepdims=axis % 2)
        yield from case(f"unsqueeze_11_{axis}", 11, "Unsqueeze", [x], axes=[axis])
        yield from case(f"split_11_{axis}", 11, "Split", [x], 2, axis=axis, split=[1, x.shape[axis] - 1])
        yield from case(f"gather_11_{axis}", 11, "Gather", [x, ints(1, 0, -1, 0)], axis=axis)
        yield from case(f"concat_7_{axis}", 7, "Concat", [x, x[::-1].copy(), x], axis=axis)
        yield from case(f"flatten_9_{axis}", 9, "Flatten", [x], axis=max(axis, 0))
    for low, high in ((-0.5, 0.5), (0.0, 6.0), (0.25, 3.0)):
        yield from case(f"clip_7_{low}", 7, "Clip", [x], min=low, max=high)
        yield from case(f"clip_11_{low}", 11, "Clip", [x, None, numpy.float32(high)])
    yield from case("squeeze_11", 11, "Squeeze", [x[:1, :, :1]], axes=[0, 2])
    yield from case("squeeze_11_all", 11, "Squeeze", [x[:1, :, :1]])
    yield from case("slice_9", 9, "Slice", [x], starts=[0, -2, 1], ends=[1, 99, -1], axes=[0, 2, 3])
    yield from case("slice_10", 10, "Slice", [x, ints(-1, 0), ints(-99, 9), ints(3, 1), ints(-2, 2)])
    yield from case("reshape_7", 7, "Reshape", [x, ints(0, -1, 2)])
    yield from case("transpose_7", 7, "Transpose", [x], perm=[2, 0, 3, 1])
    for epsilon in (1e-5, 1e-2):
        parameters = [floats(random, 3), floats(random, 3), floats(random, 3), abs(floats(random, 3)) + 0.1]
        yield from case(f"batchnorm_9_{epsilon}", 9, "BatchNormalization", [x, *parameters], epsilon=epsilon)
    for size in (1, 3, 5):
        yield from case(f"lrn_7_{size}", 7, "LRN", [x], size=size, alpha=0.02, beta=0.7, bias=1.5)


def pads(random):
    x = floats(random, 1, 2, 4, 5)
    for mode in ("constant", "reflect", "edge"):
        for number in range(6):
            sizes = [0, 0, *random.integers(0, 4, 2), 0, 0, *random.integers(0, 4, 2)]
            yield from case(f"pad_9_{mode}_{number}", 9, "Pad", [x], mode=mode, pads=[int(n) for n in sizes])
            cut = [0, 0, *random.integers(-1, 3, 2), 0, 1 if mode == "edge" else 0, *random.integers(-1, 3, 2)]
            yield from case(f"pad_13_{mode}_{number}", 13, "Pad", [x, ints(*cut), numpy.float32(1.5)], mode=mode)


def products(random):
    for number in range(16):
        m, k, n = random.integers(1, 40, 3).tolist()
        flip_a, flip_b = number & 1, number >> 1 & 1
        a = floats(random, *((k, m) if flip_a else (m, k)))
        b = floats(random, *((n, k) if flip_b else (k, n)))
        c = [[], [floats(random, n)], [floats(random, m, 1)], [floats(random, 1, n)]][number >> 2]
        scales = {"alpha": 0.5, "beta": 2.0} if number % 3 else {}
        yield from case(f"gemm_{number}", 11, "Gemm", [a, b, *c], transA=flip_a, transB=flip_b, **scales)
    for left, right in (((2, 1, 3, 4), (5, 4, 2)), ((4,), (3, 4, 2)), ((3, 2, 4), (4,)), ((70, 300), (300, 33))):
        name = "x".join(map(str, left))
        yield from case(f"matmul_{name}", 9, "MatMul", [floats(random, *left), floats(random, *right)])


def arithmetic(random):
    shapes = (((2, 3, 4), (3, 1)), ((1,), (2, 2)), ((), (3,)), ((4, 1), (1, 5)), ((0, 3), (1, 3)))
    for operator in ("Add", "Sub", "Mul", "Div"):
        for number, (left, right) in enumerate(shapes):
            a, b = numpy.asarray(floats(random, *left)), numpy.asarray(floats(random, *right)) + numpy.float32(4)
            yield from case(f"{operator.lower()}_{number}", 7, operator, [a, b])
            for kind in (numpy.int32, numpy.int64):
                whole = [(a * 9).astype(kind), (b * 2).astype(kind)]
                yield from case(f"{operator.lower()}_{number}_{kind.__name__}", 7, operator, whole)


def activations(random):
    x = numpy.concatenate([floats(random, 40) * 4, numpy.float32([0, -0.0, 90, -90, 3e38, -3e38, numpy.inf, -numpy.inf])])
    for operator in ("Relu", "Sigmoid", "Tanh", "HardSigmoid", "LeakyRelu", "HardSwish"):
        # ONNX Runtime's HardSwish multiplies infinity by zero.
        values = x[:-2] if operator == "HardSwish" else x
        yield from case(f"{operator.lower()}_wide", 14, operator, [values])


def recurrences(random):
    n_steps, n_rows, n_inputs, n_hidden = 5, 2, 3, 4
    for operator, n_gates, attributes in (("LSTM", 4, {}), ("GRU", 3, {"linear_before_reset": 1})):
        for direction, n_directions in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
            inputs = [
                floats(random, n_steps, n_rows, n_inputs),
                floats(random, n_directions, n_gates * n_hidden, n_inputs),
                floats(random, n_directions, n_gates * n_hidden, n_hidden),
                floats(random, n_directions, 2 * n_gates * n_hidden),
            ]
            name = f"{operator.lower()}_{direction}"
            yield from case(name, 14, operator, inputs, 2, hidden_size=n_hidden, direction=direction, **attributes)


def resizings(random):
    places = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    for number, place in enumerate(places * 3):
        x = floats(random, 1, 2, *random.integers(1, 9, 2).tolist())
        sizes = ints(1, 2, *random.integers(1, 17, 2).tolist())
        mode = ("nearest", "linear", "cubic")[number % 3]
        shared = {"mode": mode, "coordinate_transformation_mode": place}
        if mode == "nearest":
            shared["nearest_mode"] = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")[number % 4]
        yield from case(f"resize_sizes_{number}", 13, "Resize", [x, None, None, sizes], **shared)
        scales = numpy.float32([1, 1, 2, (0.5, 1.5, 3)[number % 3]])
        if x.shape[3] > 1:
            yield from case(f"resize_scales_{number}", 13, "Resize", [x, None, scales], **shared)
    x = floats(random, 1, 2, 3, 4)
    for mode in ("nearest", "linear"):
        yield from case(f"resize_10_{mode}", 10, "Resize", [x, numpy.float32([1, 1, 2, 1.5])], mode=mode)
        yield from case(f"upsample_9_{mode}", 9, "Upsample", [x, numpy.float32([1, 1, 2, 3])], mode=mode)
        yield from case(f"upsample_7_{mode}", 7, "Upsample", [x], mode=mode, scales=[1.0, 1.0, 2.0, 2.0])


def transposed_convolutions(random):
    for number in range(16):
        n_axes = 1 if number % 4 == 3 else 2
        groups = (1, 1, 2)[number % 3]
        sizes = random.integers(1, 6, n_axes).tolist()
        kernel = random.integers(1, 5, n_axes).tolist()
        strides = random.integers(1, 4, n_axes).tolist()
        dilations = random.integers(1, 3, n_axes).tolist()
        attributes = {"strides": strides, "dilations": dilations, "group": groups}
        if number % 5 == 1:
            attributes["output_padding"] = [stride - 1 for stride in strides]
        if number % 5 == 2:
            attributes["auto_pad"] = "SAME_UPPER"
        elif number % 2:
            # At least one element has to be left.
            attributes["pads"] = [int(size > 2 and extent > 1) for size, extent in zip(sizes, kernel)] * 2
        image = floats(random, 2, 4, *sizes)
        weights = floats(random, 4, 3, *kernel)
        bias = [floats(random, 3 * groups)] if number % 3 else []
        yield from case(f"convtranspose_{number}", 11, "ConvTranspose", [image, weights, *bias], **attributes)


def normalizations(random):
    x = floats(random, 2, 6, 3, 5)
    each = [floats(random, 6), floats(random, 6)]
    yield from case("instancenorm", 6 + 1, "InstanceNormalization", [x, *each], epsilon=1e-3)
    yield from case("layernorm_map", 17, "LayerNormalization", [x, floats(random, 3, 5), floats(random, 3, 5)], axis=2)
    yield from case("layernorm_row", 17, "LayerNormalization", [x, floats(random, 5)])
    for n_groups in (1, 2, 3, 6):
        yield from case(f"groupnorm_{n_groups}", 21, "GroupNormalization", [x, *each], num_groups=n_groups)


def bytes_of(random, kind, *shape):
    limits = numpy.iinfo(kind)
    return random.integers(limits.min, limits.max + 1, shape).astype(kind)


def both_ways(name, operator, inputs, weights, **attributes):
    """With everything given, and with everything but the activations stored, which makes the node a layer."""
    yield from case(f"{name}_given", 10, operator, inputs, **attributes)
    stored = [position for position, value in enumerate(inputs) if value is not None and position]
    yield from case(f"{name}_layer", 10, operator, inputs, stored=stored, **attributes)
    yield from case(f"{name}_weights", 10, operator, inputs, stored=[weights], **attributes)


def codes(random):
    """Products of codes. ONNX Runtime takes signed activations with unsigned weights in two of the four operators."""
    unsigned, signed = numpy.uint8, numpy.int8
    number = 0
    for x, w in ((unsigned, unsigned), (unsigned, signed), (signed, signed), (signed, unsigned)) * 5:
        number += 1
        n_axes = 1 + number % 2
        kernel, attributes = window(random, n_axes, is_pool=False)
        groups = (1, 1, 2)[number % 3]
        channels, filters = groups * int(random.integers(1, 40)), groups * int(random.integers(1, 4))
        image = bytes_of(random, x, 2, channels, *random.integers(7, 14, n_axes))
        weights = bytes_of(random, w, filters, channels // groups, *kernel)
        zeros = [bytes_of(random, x), bytes_of(random, w)][: number % 3]
        shared = {"group": groups, **attributes}
        yield from both_ways(f"convinteger_{number}", "ConvInteger", [image, weights, *zeros], 1, **shared)

        m, k, n = random.integers(1, 300, 3).tolist()
        a, b = bytes_of(random, x, *[(m, k), (2, m, k)][number % 2]), bytes_of(random, w, k, n)
        zeros = [bytes_of(random, x), bytes_of(random, w, *[(), (n,)][number % 2])][: number % 3]
        yield from both_ways(f"matmulinteger_{number}", "MatMulInteger", [a, b, *zeros], 1)

        if (x, w) == (signed, unsigned):
            continue
        is_per_filter = number % 2
        scale, output = numpy.float32(random.uniform(0.01, 0.1, 2))
        scales = numpy.float32(random.uniform(0.01, 0.1, filters if is_per_filter else ()))
        # ONNX Runtime has one zero point for all filters.
        weight_zero = numpy.full(filters, bytes_of(random, w), w) if is_per_filter else bytes_of(random, w)
        bias = [random.integers(-20_000, 20_000, filters).astype(numpy.int32)] if number % 3 else []
        to = [numpy.float32(output * 300), bytes_of(random, x)]
        inputs = [image, scale, bytes_of(random, x), weights, scales, weight_zero, *to, *bias]
        yield from both_ways(f"qlinearconv_{number}", "QLinearConv", inputs, 3, **shared)
        if is_per_filter:
            scales, weight_zero = numpy.float32(random.uniform(0.01, 0.1, n)), bytes_of(random, w, n)
        inputs = [a, scale, bytes_of(random, x), b, scales, weight_zero, *to]
        yield from both_ways(f"qlinearmatmul_{number}", "QLinearMatMul", inputs, 3)


def between_codes(random):
    """Operators of ONNX Runtime between codes."""
    for number in range(6):
        kind = (numpy.uint8, numpy.int8)[number % 2]

        def operand(*shape):
            return [bytes_of(random, kind, *shape), numpy.float32(random.uniform(0.02, 0.2)), bytes_of(random, kind)]

        maps = operand(2, 4, 5, 6)
        _, *to = operand()
        for name, other in (("Add", (2, 4, 5, 6)), ("Mul", (1, 4, 1, 1))):
            inputs = [*maps, *operand(*other), *to]
            yield from case(f"qlinear{name.lower()}_{number}", 10, f"com.microsoft.QLinear{name}", inputs)
        for name, attributes in (
            ("GlobalAveragePool", {}),
            ("AveragePool", {"kernel_shape": [2, 3], "pads": [0, 1, 1, 0]}),
            ("LeakyRelu", {"alpha": 0.1}),
            ("Sigmoid", {}),
            ("Softmax", {"axis": -1, "opset": 13}),
        ):
            # Of what is between 0 and 1.
            fine = [numpy.float32(1 / 256), numpy.array((0, -128)[number % 2], kind)]
            inputs = [*maps, *(fine if name in ("Sigmoid", "Softmax") else to)]
            yield from case(f"qlinear{name.lower()}_{number}", 10, f"com.microsoft.QLinear{name}", inputs, **attributes)
        inputs = [*to, *operand(2, 3, 2), *operand(2, 5, 2)]
        yield from case(f"qlinearconcat_{number}", 10, "com.microsoft.QLinearConcat", inputs, axis=1)
        m, k, n = random.integers(1, 40, 3).tolist()
        a, b = operand(m, k), operand(n, k) if number % 3 else operand(k, n)
        bias = random.integers(-20_000, 20_000, n).astype(numpy.int32) if number % 2 else None
        inputs = [*a, *b, bias, numpy.float32(20), to[1]]
        yield from case(f"qgemm_{number}", 10, "com.microsoft.QGemm", inputs, transB=int(number % 3 > 0))
        stored = [place for place, value in enumerate(inputs) if place and value is not None]
        attributes = {"transB": int(number % 3 > 0)}
        yield from case(f"qgemm_{number}_layer", 10, "com.microsoft.QGemm", inputs, stored=stored, **attributes)


# Behind the others, so that those stay as they are.
NEWER = (recurrences, resizings, transposed_convolutions, normalizations, codes, between_codes)


def cases():
    random = numpy.random.default_rng(SEED)
    for family in (windows, conversions, old_operator_sets, pads, products, arithmetic, activations, *NEWER):
        for name, *rest in family(random):
            yield (f"random_{name}", *rest)
