"""Run a network with fake quantization in NumPy: every convolution but the first multiplies codes.

usage: fake_quantize.py MODEL INPUT OUT SUMS
INPUT is a safetensors file with a tensor `input` of all images. OUT gets a tensor `output`, and `steps`, a step for
what each convolution but the first reads. Written from the definitions alone: activations are rounded to steps of
max / 256, where max is the mean over images of each image's largest value in FP32, weights to steps of 2 max|w| / 256
for each filter; sums of products are multiplied with the step of the activations, then with that of the filter.

What is FP32 is rounded to FP32 after every operation, in the order of `docs/model.md`. SUMS says how products of
several channels are added: `fused` rounds a product and its sum once, `separate` rounds both.
"""

import sys

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import helper, numpy_helper
from safetensors.numpy import load_file, save_file

# Terms that have a sum of their own.
BLOCK = 256
# Images that are summed together, so that NumPy has much to do at a time and memory stays small.
TOGETHER = 16


def fp32_products(columns, weights, sums):
    """[filters, n] of columns [k, n] and weights [filters, k], term by term."""
    total = np.zeros((len(weights), columns.shape[1]), np.float32)
    # A product of two floats is exact in FP64. Its sum is rounded twice, which matters once in some 2^29 times.
    wide_columns, wide_weights = columns.astype(np.float64), weights.astype(np.float64)
    for first in range(0, len(columns), BLOCK):
        own = np.zeros_like(total)
        for k in range(first, min(first + BLOCK, len(columns))):
            if sums == "fused":
                products = np.multiply.outer(wide_weights[:, k], wide_columns[k])
                np.add(own, products, out=own, dtype=np.float64, casting="same_kind")
            else:
                own += np.multiply.outer(weights[:, k], columns[k])
        total += own
    return total


def patches(images, node):
    """[images, channels × kernel, pixels], and the shape of the output's maps."""
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    assert attributes["group"] == 1 and attributes["dilations"] == [1, 1], node.name
    top, left, bottom, right = attributes["pads"]
    padded = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)))
    down, across = attributes["strides"]
    windows = sliding_window_view(padded, attributes["kernel_shape"], axis=(2, 3))[:, :, ::down, ::across]
    n_images, channels, rows, columns, *kernel = windows.shape
    shape = (n_images, channels * np.prod(kernel), rows * columns)
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(shape), (rows, columns)


def fp32_convolution(images, weights, node, sums):
    sums = "separate" if images.shape[1] == 1 else sums
    outputs = []
    for first in range(0, len(images), TOGETHER):
        some, shape = patches(images[first : first + TOGETHER], node)
        columns = some.transpose(1, 0, 2).reshape(some.shape[1], -1)
        output = fp32_products(columns, weights.reshape(len(weights), -1), sums)
        outputs.append(output.reshape(len(weights), len(some), *shape).swapaxes(0, 1))
    return np.concatenate(outputs)


def quantized_weights(weights):
    """Codes [filters, k] and a step for each filter."""
    weights = weights.reshape(len(weights), -1)
    steps = np.abs(weights).max(axis=1, keepdims=True) / np.float32(128)
    codes = np.rint(weights / np.where(steps == 0, np.float32(1), steps))
    return np.clip(codes, -128, 127), steps


def quantized_convolution(images, weights, node, step):
    codes = np.clip(np.rint(images / step), 0, 255)
    weight_codes, weight_steps = quantized_weights(weights)
    outputs = []
    for first in range(0, len(images), TOGETHER):
        columns, shape = patches(codes[first : first + TOGETHER], node)
        # Sums of whole numbers far below 2^53 are exact in any order.
        exact = weight_codes.astype(np.float64) @ columns.astype(np.float64)
        output = exact.astype(np.float32) * step * weight_steps
        outputs.append(output.reshape(*output.shape[:2], *shape))
    return np.concatenate(outputs)


def batch_norm(x, scale, shift, mean, variance, epsilon):
    factor = scale / np.sqrt(variance + np.float32(epsilon))
    summand = shift - mean * factor
    return x * factor.reshape(-1, 1, 1) + summand.reshape(-1, 1, 1)


def run(graph, images, sums, convolution):
    """The output; `convolution` of images, weights and node is what convolutions do."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values[graph.input[0].name] = images
    for node in graph.node:
        x, *others = (values[name] for name in node.input)
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        match node.op_type:
            case "Identity":
                y = x
            case "Conv":
                (weights,) = others
                y = convolution(x, weights, node)
            case "BatchNormalization":
                y = batch_norm(x, *others, attributes["epsilon"])
            case "Relu":
                y = np.maximum(x, np.float32(0))
            case "Add":
                y = x + others[0]
            case "GlobalAveragePool":
                y = x.mean(axis=(2, 3), keepdims=True, dtype=np.float64).astype(np.float32)
            case "Flatten":
                y = x.reshape(len(x), -1)
            case "Gemm":
                weights, bias = others
                assert attributes == {"alpha": 1, "beta": 1, "transB": 1}, node.name
                y = np.ascontiguousarray(fp32_products(x.T, weights, sums).T) + bias
            case other:
                raise NotImplementedError(other)
        assert y.dtype == np.float32, node.name
        values[node.output[0]] = y
    return values[graph.output[0].name]


def main():
    model, given, out, sums = sys.argv[1:]
    assert sums in ("fused", "separate"), sums
    graph = onnx.load(model).graph
    images = load_file(given)["input"]
    first, *simulated = (node.output[0] for node in graph.node if node.op_type == "Conv")
    steps = {}

    def calibrating(x, weights, node):
        largest = x.reshape(len(x), -1).max(axis=1)
        steps[node.output[0]] = np.float32(largest.mean(dtype=np.float64)) / np.float32(256)
        return fp32_convolution(x, weights, node, sums)

    def quantized(x, weights, node):
        if node.output[0] == first:
            return fp32_convolution(x, weights, node, sums)
        return quantized_convolution(x, weights, node, steps[node.output[0]])

    run(graph, images, sums, calibrating)
    output = run(graph, images, sums, quantized)
    save_file({"output": output, "steps": np.array([steps[name] for name in simulated])}, out)


if __name__ == "__main__":
    main()
