"""What users compare with, loaded and warm: NumPy's FP32 product and ONNX Runtime, timed one round at a time.

One request per line on stdin, one answer per line on stdout, both JSON objects:
{"do": "versions"}                                          names and versions
{"do": "load", "name", "activations", "weights"}            .npy files of a product, as FP32
{"do": "multiply", "name"}                                  one product, the faster of two layouts
{"do": "drop", "name"}                                      forget a product
{"do": "network", "model", "photos"}                        an ONNX network and its first photo
{"do": "infer"}                                             one image
{"do": "classifier", "model", "preprocessing", "images"}    an ONNX network, its TOML file and an IDX file for it
{"do": "classify", "batch"}                                 all these images, so many at a time, on two threads

All that run something answer with {"wall_seconds", "cpu_seconds"}.
"""

import ctypes
import gzip
import json
import pathlib
import platform
import sys
import time
import tomllib

import numpy
import onnxruntime
from PIL import Image

BGR_MEAN = numpy.array([104, 117, 123], numpy.float32)

products = {}
network = None
classifier = None


def openblas():
    """Configuration and kernels of the OpenBLAS in NumPy's wheel."""
    folder = pathlib.Path(numpy.__file__).parent.parent / "numpy.libs"
    for path in folder.glob("lib*openblas*"):
        library = ctypes.CDLL(str(path))
        texts = []
        for name in ("config", "corename"):
            function = getattr(library, f"scipy_openblas_get_{name}64_", None)
            if function is not None:
                function.restype = ctypes.c_char_p
                texts.append(function().decode().strip())
        if texts:
            return ", kernels ".join(texts)
    return "no OpenBLAS found in NumPy's wheel"


def versions(_):
    return {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "openblas": openblas(),
        "onnxruntime": onnxruntime.__version__,
    }


def load(request):
    activations = numpy.load(request["activations"]).astype(numpy.float32)
    weights = numpy.load(request["weights"]).astype(numpy.float32)
    # BLAS reads a transposed view in place; a copy in the other order is another path through its packing.
    products[request["name"]] = activations, (weights.T, numpy.ascontiguousarray(weights.T))
    return multiply(request)


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall_seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}


def multiply(request):
    activations, layouts = products[request["name"]]
    costs = [timed(lambda: numpy.matmul(activations, weights)) for weights in layouts]
    return {key: min(cost[key] for cost in costs) for key in costs[0]}


def drop(request):
    del products[request["name"]]
    return {}


def session_of(model, n_threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def load_network(request):
    global network
    session = session_of(request["model"], 1)
    photo = sorted(pathlib.Path(request["photos"]).glob("*.jpg"))[0]
    pixels = Image.open(photo).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    image = (numpy.asarray(pixels, numpy.float32)[:, :, ::-1] - BGR_MEAN)[None]
    (source,) = session.get_inputs()
    network = session, {source.name: numpy.ascontiguousarray(image)}
    for _ in range(3):
        answer = infer(request)
    return answer


def infer(_):
    session, inputs = network
    return timed(lambda: session.run(None, inputs))


def load_classifier(request):
    global classifier
    declared = tomllib.loads(pathlib.Path(request["preprocessing"]).read_text())
    with gzip.open(request["images"]) as file:
        _, n_images, rows, columns = numpy.frombuffer(file.read(16), ">i4")
        pixels = numpy.frombuffer(file.read(), numpy.uint8).reshape(n_images, 1, rows, columns)
    scale, mean, std = (numpy.float32(declared[key]) for key in ("scale", "mean", "std"))
    classifier = session_of(request["model"], 2), (pixels.astype(numpy.float32) * scale - mean) / std
    return {}


def classify(request):
    session, images = classifier
    (source,) = session.get_inputs()
    batch = request["batch"]

    def run():
        for first in range(0, len(images), batch):
            session.run(None, {source.name: images[first:first + batch]})

    return timed(run)


CHORES = {
    "versions": versions,
    "load": load,
    "multiply": multiply,
    "drop": drop,
    "network": load_network,
    "infer": infer,
    "classifier": load_classifier,
    "classify": classify,
}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(CHORES[asked["do"]](asked)), flush=True)
