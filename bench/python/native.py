"""What users compare with, loaded and warm: NumPy's FP32 product and ONNX Runtime, timed one round at a time.

One request per line on stdin, one answer per line on stdout, both JSON objects:
{"do": "versions"}                                          names and versions
{"do": "load", "name", "activations", "weights"}            .npy files of a product, as FP32
{"do": "multiply", "name"}                                  one product, the faster of two layouts
{"do": "drop", "name"}                                      forget a product
{"do": "network", "model", "photos"}                        an ONNX network and its first photo
{"do": "infer"}                                             one image

The last two answer with {"wall_seconds", "cpu_seconds"}.
"""

import ctypes
import json
import pathlib
import platform
import sys
import time

import numpy
import onnxruntime
from PIL import Image

BGR_MEAN = numpy.array([104, 117, 123], numpy.float32)

products = {}
network = None


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


def load_network(request):
    global network
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
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


CHORES = {
    "versions": versions,
    "load": load,
    "multiply": multiply,
    "drop": drop,
    "network": load_network,
    "infer": infer,
}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(CHORES[asked["do"]](asked)), flush=True)
