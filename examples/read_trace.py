#!/usr/bin/env python3
"""Print what a layer trace holds, with nothing but the ordinary packages.

    python3 -m pip install safetensors numpy
    python3 examples/read_trace.py traces/data/fashion-resnet8.safetensors

Per layer: its shapes, how many of its activation and weight codes are zero, and how many
activations are wide (above 15, so that they do not fit four bits). Codes stand for
(code - zero_point) * input_scale and code * weight_scale[output channel].
"""

import argparse
import json

import numpy as np
from safetensors import safe_open


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace")
    path = parser.parse_args().trace

    with safe_open(path, framework="numpy") as file:
        description = json.loads(file.metadata()["sysmt"])
        if description["version"] != 1:
            raise SystemExit(f"{path}: format version {description['version']}, this script reads 1")
        origin = description["origin"]
        print(f"{origin['model']}, {len(origin['images'])} images, {len(origin['calibration'])} for calibration")
        for index, layer in enumerate(description["layers"]):
            inputs = file.get_tensor(f"layers.{index}.input")
            weights = file.get_tensor(f"layers.{index}.weight")
            geometry = layer["geometry"]
            print(
                f"{index:3} {layer['name']}: input {inputs.shape} {inputs.dtype}, weight {weights.shape}, "
                f"stride {geometry['stride']}, padding {geometry['padding']}, groups {geometry['groups']}"
            )
            print(
                f"    zeros: {np.mean(inputs == 0):.1%} of activations, {np.mean(weights == 0):.1%} of weights; "
                f"wide: {np.mean(inputs > 15):.1%} of activations"
            )
            if f"layers.{index}.wide_counts" in file.keys():
                counts = file.get_tensor(f"layers.{index}.wide_counts")
                print(f"    wide in calibration, per K column: {counts.min()} to {counts.max()}")
        for layer in description["unsimulated"]:
            print(f"  - {layer['name']}: {layer['reason']}")


if __name__ == "__main__":
    main()
