"""Write networks that ONNX Runtime quantized, and the integers that it computes in them, for tests to compare with.

usage: ort_quantized.py MODEL IMAGES OUT
OUT/images.npz, OUT/NAME.onnx and OUT/NAME.safetensors: `input`, `output`, and for every layer whose weights are codes `codes/LAYER`,
what it reads, and `sums/LAYER`, its accumulators of 32 bits without a bias. LAYER is the node's name.
"""

import pathlib
import sys

import numpy
import onnx
from onnx import helper, numpy_helper
from onnxruntime import GraphOptimizationLevel
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from ort_reference import garments, run
from safetensors.numpy import save_file

N_IMAGES = 4
# Which input of an operator are the codes of weights, and those of the zero points of activations and weights.
PLACES = {
    "ConvInteger": (1, 2, 3),
    "MatMulInteger": (1, 2, 3),
    "QLinearConv": (3, 2, 5),
    "QLinearMatMul": (3, 2, 5),
    "QGemm": (3, 2, 5),
}


class Batches(CalibrationDataReader):
    def __init__(self, name, images):
        self.left = iter([{name: images[at : at + 8]} for at in range(0, len(images), 8)])

    def get_next(self):
        return next(self.left, None)


class Quantized:
    """A quantized network and what ONNX Runtime computes for some images."""

    def __init__(self, model, images):
        self.model, self.images = model, images
        self.stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.makers = {name: node for node in model.graph.node for name in node.output}
        self.given = {value.name for value in model.graph.input}

    def constant(self, name):
        """A stored value, also where it is passed on unchanged."""
        while name in self.makers and self.makers[name].op_type == "Identity":
            (name,) = self.makers[name].input
        return self.stored.get(name)

    def zero(self, node, place):
        names = node.input[place : place + 1]
        return names[0] if names and names[0] else None

    def operands(self, node):
        """Names of the codes that a layer reads and of their zero point, weights and their zero point."""
        if node.op_type in PLACES:
            weights, zero, weight_zero = PLACES[node.op_type]
            name = self.zero(node, weight_zero)
            weight_zeros = None if name is None else self.constant(name)
            return node.input[0], self.zero(node, zero), self.constant(node.input[weights]), weight_zeros
        if node.op_type in ("Conv", "Gemm", "MatMul"):
            reads, weights = (self.makers.get(name) for name in node.input[:2])
            if reads is None or weights is None or {reads.op_type, weights.op_type} != {"DequantizeLinear"}:
                return None
            name = self.zero(weights, 2)
            zeros = None if name is None else self.constant(name)
            return reads.input[0], self.zero(reads, 2), self.constant(weights.input[0]), zeros
        return None

    def sums(self, node, codes, zero, weights, weight_zeros):
        """Accumulators of 32 bits, by ONNX Runtime's own operators."""
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        weights = weights.astype(numpy.int32)
        if weight_zeros is not None:
            axis = 0 if weights.ndim == 4 or attributes.get("transB") else 1
            shape = [-1 if place == axis else 1 for place in range(weights.ndim)]
            weights = weights - weight_zeros.astype(numpy.int32).reshape(shape)
        # Weights less their zero point are codes, of which the tests want no others.
        if not -128 <= weights.min() <= weights.max() <= 127:
            return None
        is_map = weights.ndim == 4
        if attributes.pop("transB", 0):
            weights = weights.T
        for name in ("alpha", "beta", "transA"):
            attributes.pop(name, None)
        product = helper.make_node("ConvInteger" if is_map else "MatMulInteger", ["x", "w", "z"], ["y"], **attributes)
        kind = helper.np_dtype_to_tensor_dtype(codes.dtype)
        graph = helper.make_graph(
            [product],
            "sums",
            [helper.make_tensor_value_info("x", kind, [None, *codes.shape[1:]])],
            [onnx.ValueInfoProto(name="y")],
            [numpy_helper.from_array(weights.astype(numpy.int8), "w"), numpy_helper.from_array(zero, "z")],
        )
        opsets = [helper.make_opsetid("", 13)]
        return run(helper.make_model(graph, opset_imports=opsets, ir_version=7), codes)["y"]

    def tensors(self):
        layers = [(node, *found) for node in self.model.graph.node if (found := self.operands(node))]
        probed = {name for _, codes, zero, *_ in layers for name in (codes, zero) if name}
        probed -= self.given | self.stored.keys()
        (output,) = (value.name for value in self.model.graph.output)
        extended = onnx.ModelProto()
        extended.CopyFrom(self.model)
        extended.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in sorted(probed))
        # Image by image, as zero points of images are numbers of their own.
        # Only with optimizations are layers between codes computed with integers.
        level = GraphOptimizationLevel.ORT_ENABLE_ALL
        values = [run(extended, self.images[i : i + 1], level) for i in range(len(self.images))]
        tensors = {"input": self.images, "output": numpy.concatenate([one[output] for one in values])}
        for node, name, zero_name, weights, weight_zeros in layers:
            codes = numpy.concatenate([one[name] for one in values])
            zeros = [one.get(zero_name, self.constant(zero_name)) for one in values] if zero_name else [0]
            zeros = {numpy.ravel(zero)[0] for zero in zeros}
            if len(zeros) != 1:
                print(f"  {node.name}: {len(zeros)} zero points for {len(values)} images")
                continue
            zero = numpy.array(zeros.pop(), codes.dtype)
            sums = self.sums(node, codes, zero, weights, weight_zeros)
            if sums is None:
                print(f"  {node.name}: weights beyond 8 bits")
                continue
            tensors[f"codes/{node.name}"] = codes
            tensors[f"sums/{node.name}"] = sums
        return tensors


def main():
    model, images, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    images = garments(images)
    name = onnx.load(model).graph.input[0].name
    unsigned, signed = QuantType.QUInt8, QuantType.QInt8
    for kind in (QuantFormat.QOperator, QuantFormat.QDQ):
        for activations, is_per_channel in ((unsigned, True), (signed, False)):
            quantize_static(
                model,
                out / f"{kind.name.lower()}-{activations.name[1:].lower()}.onnx",
                Batches(name, images),
                quant_format=kind,
                per_channel=is_per_channel,
                activation_type=activations,
                weight_type=signed,
            )
    quantize_dynamic(model, out / "dynamic-int8.onnx", weight_type=signed)
    numpy.savez(out / "images.npz", images=images[:N_IMAGES])
    for path in sorted(out.glob("*.onnx")):
        tensors = Quantized(onnx.load(path), images[:N_IMAGES]).tensors()
        save_file({key: numpy.ascontiguousarray(tensor) for key, tensor in tensors.items()}, path.with_suffix(".safetensors"))
        print(f"{path.name}: {sum(key.startswith('sums/') for key in tensors)} layers")


if __name__ == "__main__":
    main()
