#!/usr/bin/env python3
"""How much plain fake quantization costs the networks of this folder.

    /usr/bin/python3 models/fake_quantize.py models/fashion-resnet8.onnx

Prints top-1 on the 10 000 test images, in percent, for weights of X bits and activations of Y bits
(WXAY), as trained and after batch-norm recalibration. Weights are symmetric per output channel.
Activations are unsigned per layer; a range is the mean of the largest values of the calibration
batches. The first convolution and the linear layer stay FP32. Calibration and recalibration read
the first training images.
"""

import argparse
import copy
import pathlib

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from fashion_resnet import N_STAGES, ResNet, accuracy, load

BATCH, N_BATCHES = 128, 16
# Bits of weights and of activations.
WIDTHS = [(8, 8), (8, 4), (4, 8), (4, 4), (3, 3)]


def read_network(path: pathlib.Path) -> ResNet:
    """The network of a file that `train_fashion_resnet.py` wrote."""
    graph = onnx.load(str(path)).graph
    tensors = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    # The exporter stores equal tensors once and gives the others as identities.
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in tensors:
            tensors[node.output[0]] = tensors[node.input[0]]
    n_blocks = sum(name.startswith("block") and name.endswith(".conv1.weight") for name in tensors)
    blocks, rest = divmod(n_blocks, N_STAGES)
    if blocks < 1 or rest != 0:
        raise SystemExit(f"{path}: {n_blocks} residual blocks; not a network of train_fashion_resnet.py")
    widths = [len(tensors[f"block{stage * blocks + 1}.conv1.weight"]) for stage in range(N_STAGES)]
    network = ResNet(blocks, widths)
    missing, unexpected = network.load_state_dict(tensors, strict=False)
    # An exported network does not count its training batches.
    missing = [name for name in missing if not name.endswith(".num_batches_tracked")]
    if missing or unexpected:
        raise SystemExit(f"{path}: without {missing}, with unknown {unexpected}")
    return network.eval()


def quantized_convolutions(network: ResNet) -> list[nn.Conv2d]:
    return [module for module in network.modules() if isinstance(module, nn.Conv2d) and module is not network.stem]


def activation_ranges(network: ResNet, images: torch.Tensor) -> list[float]:
    """Mean over batches of the largest input, per quantized convolution."""
    layers = quantized_convolutions(network)
    totals = [0.0] * len(layers)

    def observer(layer: int):
        def observe(_module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            if float(inputs[0].min()) < 0.0:
                raise SystemExit(f"convolution {layer + 1} behind the stem reads negative values")
            totals[layer] += float(inputs[0].max())
        return observe

    hooks = [module.register_forward_pre_hook(observer(i)) for i, module in enumerate(layers)]
    with torch.no_grad():
        for batch in images.split(BATCH):
            network(batch)
    for hook in hooks:
        hook.remove()
    return [total / (len(images) // BATCH) for total in totals]


def fake_quantized(network: ResNet, ranges: list[float], weight_bits: int, activation_bits: int) -> ResNet:
    network = copy.deepcopy(network)
    top_weight, top_activation = 2 ** (weight_bits - 1) - 1, 2**activation_bits - 1
    for module, largest in zip(quantized_convolutions(network), ranges, strict=True):
        weight = module.weight.data
        step = weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12) / top_weight
        module.weight.data = torch.round(weight / step) * step

        def quantize(_module: nn.Module, inputs: tuple[torch.Tensor], step: float = largest / top_activation):
            return torch.clamp(torch.round(inputs[0] / step), 0, top_activation) * step

        module.register_forward_pre_hook(quantize)
    return network


def recalibrate(network: ResNet, images: torch.Tensor) -> None:
    """Replace the statistics of batch norm by their means over the batches of `images`."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    network.train()
    with torch.no_grad():
        for batch in images.split(BATCH):
            network(batch)
    network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=pathlib.Path, nargs="+", metavar="MODEL.onnx")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    calibration = load("train")[0][: BATCH * N_BATCHES]
    images, labels = load("t10k")
    print("| network | batch norm | FP32 | " + " | ".join(f"W{w}A{a}" for w, a in WIDTHS) + " |")
    print("|---" * (3 + len(WIDTHS)) + "|")
    for path in options.models:
        network = read_network(path)
        ranges = activation_ranges(network, calibration)
        trained, recalibrated = [accuracy(network, images, labels)], []
        for weight_bits, activation_bits in WIDTHS:
            quantized = fake_quantized(network, ranges, weight_bits, activation_bits)
            trained.append(accuracy(quantized, images, labels))
            recalibrate(quantized, calibration)
            recalibrated.append(accuracy(quantized, images, labels))
        cells = [f"{100 * top1:.2f}" for top1 in trained]
        print(f"| `{path.stem}` | as trained | {' | '.join(cells)} |", flush=True)
        cells = ["–"] + [f"{100 * top1:.2f}" for top1 in recalibrated]
        print(f"| `{path.stem}` | recalibrated | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
