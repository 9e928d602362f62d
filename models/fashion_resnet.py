"""The residual networks of this folder and the images they are trained on.

A network has a 3x3 stem, three stages of basic blocks with strided 1x1 shortcuts, global average
pooling and one linear layer. Every convolution but the first reads the output of a ReLU, so its
activations are unsigned.
"""

import gzip
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
MEAN, STD = 0.2860, 0.3530
N_STAGES = 3


def read_idx(path: pathlib.Path) -> np.ndarray:
    raw = gzip.decompress(path.read_bytes())
    n_axes = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(n_axes)]
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def load(split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [N,1,28,28], normalized, and labels [N] of `train` or `t10k`."""
    images = read_idx(DATA / f"{split}-images-idx3-ubyte.gz")
    labels = read_idx(DATA / f"{split}-labels-idx1-ubyte.gz")
    pixels = torch.from_numpy(images.astype(np.float32) / 255.0).unsqueeze(1)
    return (pixels - MEAN) / STD, torch.from_numpy(labels.astype(np.int64))


class Block(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, 0, bias=False),
                nn.BatchNorm2d(channels_out),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """`widths` are the channels of the three stages; each has `blocks_per_stage` blocks."""

    def __init__(self, blocks_per_stage: int, widths: list[int]):
        super().__init__()
        self.stem = nn.Conv2d(1, widths[0], 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(widths[0])
        # Numbered through all stages and registered one by one, since modules name the nodes of
        # the exported file.
        self.n_blocks = 0
        channels = widths[0]
        for stage, width in enumerate(widths):
            for position in range(blocks_per_stage):
                stride = 2 if stage > 0 and position == 0 else 1
                self.n_blocks += 1
                self.add_module(f"block{self.n_blocks}", Block(channels, width, stride))
                channels = width
        self.fc = nn.Linear(channels, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn(self.stem(x)))
        for i in range(self.n_blocks):
            x = self.get_submodule(f"block{i + 1}")(x)
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def accuracy(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Top-1 with the running statistics of batch norm, 0 to 1."""
    network.eval()
    n_right = 0
    with torch.no_grad():
        for start in range(0, len(images), 1000):
            scores = network(images[start : start + 1000])
            n_right += int((scores.argmax(1) == labels[start : start + 1000]).sum())
    return n_right / len(images)
