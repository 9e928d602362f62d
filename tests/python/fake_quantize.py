"""Run a network with fake quantization in ONNX Runtime: every convolution but the first on codes that are held as floats.

usage: fake_quantize.py MODEL INPUT OUT
INPUT is a safetensors file with a tensor `input` of all images, OUT gets a tensor `output`. Written from the definitions
alone: activations are rounded to steps of max / 256, where max is the mean over
images of each image's largest value in FP32, weights to steps of 2 max|w| / 256 for each filter; sums of products are
multiplied with the step of the activations, then with that of the filter.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from safetensors.numpy import load_file, save_file


def run(model, images, names):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (source,) = session.get_inputs()
    return session.run(names, {source.name: images})


def activation_steps(model, images, convolutions):
    """The step of what each convolution reads."""
    names = [node.input[0] for node in convolutions]
    wider = onnx.ModelProto()
    wider.CopyFrom(model)
    known = {output.name for output in wider.graph.output}
    wider.graph.output.extend(
        helper.make_empty_tensor_value_info(name) for name in dict.fromkeys(names) if name not in known
    )
    values = run(wider, images, names)
    largest = [value.reshape(len(images), -1).max(axis=1).astype(np.float64).mean() for value in values]
    return [np.float32(np.float32(each) / np.float32(256)) for each in largest]


def quantized_weights(weights):
    largest = np.abs(weights).reshape(len(weights), -1).max(axis=1).reshape(-1, 1, 1, 1)
    step = (largest / np.float32(128)).astype(np.float32)
    return np.clip(np.rint(weights / step), -128, 127).astype(np.float32), step.reshape(1, -1, 1, 1)


def main():
    path, given, out = sys.argv[1:]
    model = onnx.load(path)
    images = load_file(given)["input"]
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"][1:]
    steps = activation_steps(model, images, convolutions)
    initializers = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = list(model.graph.node)
    for number, (node, step) in enumerate(zip(convolutions, steps)):
        parts = ["step", "low", "high", "code", "round", "clip", "w", "w_step", "sum", "scaled"]
        names = {part: f"fake.{number}.{part}" for part in parts}
        codes, weight_step = quantized_weights(numpy_helper.to_array(initializers[node.input[1]]))
        constants = {
            "step": step,
            "low": np.float32(0),
            "high": np.float32(255),
            "w": codes,
            "w_step": weight_step,
        }
        model.graph.initializer.extend(
            numpy_helper.from_array(np.asarray(value), names[part]) for part, value in constants.items()
        )
        place = nodes.index(node)
        nodes[place:place] = [
            helper.make_node("Div", [node.input[0], names["step"]], [names["code"]]),
            helper.make_node("Round", [names["code"]], [names["round"]]),
            helper.make_node("Clip", [names["round"], names["low"], names["high"]], [names["clip"]]),
        ]
        place = nodes.index(node)
        nodes[place + 1 : place + 1] = [
            helper.make_node("Mul", [names["sum"], names["step"]], [names["scaled"]]),
            helper.make_node("Mul", [names["scaled"], names["w_step"]], [node.output[0]]),
        ]
        assert len(node.input) == 2, "a bias would have to be added behind the steps"
        node.input[0] = names["clip"]
        node.input[1] = names["w"]
        node.output[0] = names["sum"]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    (output,) = run(model, images, [model.graph.output[0].name])
    save_file({"output": output}, out)


if __name__ == "__main__":
    main()
