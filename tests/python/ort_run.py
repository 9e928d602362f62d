"""Run one model in ONNX Runtime, without optimisations.

usage: ort_run.py MODEL INPUT OUT
INPUT and OUT are safetensors files with a tensor `input` of all images, and a tensor for each output by its name.
"""

import sys

import onnxruntime
from safetensors.numpy import load_file, save_file


def main():
    model, images, out = sys.argv[1:]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    outputs = session.run(names, {source.name: load_file(images)["input"]})
    save_file(dict(zip(names, outputs)), out)


if __name__ == "__main__":
    main()
