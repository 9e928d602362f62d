#!/usr/bin/env python3
"""Make a layer trace of operands from elsewhere, with nothing but the ordinary packages.

    python3 -m pip install safetensors numpy
    python3 examples/write_trace.py mine.safetensors

docs/trace.md describes the format. Here, two layers with random codes: a convolution of four
images and a fully connected layer, which is a 1×1 convolution over a 1×1 map.
"""

import json
import sys

import numpy as np
from safetensors.numpy import save_file


def main(path: str) -> None:
    rng = np.random.default_rng(1)

    def layer(index: int, inputs: tuple, weights: tuple) -> dict:
        return {
            f"layers.{index}.input": rng.integers(0, 256, inputs, dtype=np.uint8),
            f"layers.{index}.weight": rng.integers(-128, 128, weights, dtype=np.int8),
            f"layers.{index}.input_scale": np.array([0.02], np.float32),
            f"layers.{index}.weight_scale": np.full(weights[0], 0.01, np.float32),
        }

    def described(name: str, kind: str, stride: int, padding: int) -> dict:
        geometry = {"stride": [stride] * 2, "padding": [padding] * 4, "dilation": [1, 1], "groups": 1}
        return {"name": name, "kind": kind, "geometry": geometry}

    tensors = layer(0, (4, 3, 8, 8), (5, 3, 3, 3)) | layer(1, (4, 20, 1, 1), (10, 20, 1, 1))
    description = {
        "version": 1,
        "layers": [
            described("conv1", "convolution", stride=2, padding=1),
            described("fc", "fully-connected", stride=1, padding=0),
        ],
    }
    save_file(tensors, path, metadata={"sysmt": json.dumps(description)})


if __name__ == "__main__":
    main(*sys.argv[1:])
