#!/usr/bin/env python3
"""Train the default network and export it with batch norm unfolded.

    apt-get install -y --no-install-recommends dataset-fashion-mnist python3-torch python3-onnx
    /usr/bin/python3 models/train_fashion_resnet8.py --out models/fashion-resnet8.onnx

A ResNet-8 for Fashion-MNIST: a 3x3 stem of 16 channels, three basic blocks of 16, 32 and 64
channels with strided 1x1 shortcuts, global average pooling and one linear layer. Every convolution
but the first reads the output of a ReLU, so its activations are unsigned.

The seed is fixed and training runs on one thread; on the same build of PyTorch the exported bytes
repeat. Prints the top-1 accuracy on the 10 000 test images, and fails below `--require`.
"""

import argparse
import gzip
import pathlib
import time

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
MEAN, STD = 0.2860, 0.3530


def read_idx(path: pathlib.Path) -> np.ndarray:
    raw = gzip.decompress(path.read_bytes())
    n_axes = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(n_axes)]
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def load(split: str) -> tuple[torch.Tensor, torch.Tensor]:
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


class ResNet8(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.block1 = Block(16, 16, 1)
        self.block2 = Block(16, 32, 2)
        self.block3 = Block(32, 64, 2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.bn(self.stem(x)))
        x = self.block3(self.block2(self.block1(x)))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def augment(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror half of the images and shift each by up to two pixels either way."""
    n, _, height, width = batch.shape
    flip = torch.rand(n, generator=generator) < 0.5
    batch = torch.where(flip[:, None, None, None], batch.flip(3), batch)
    black = -MEAN / STD
    padded = F.pad(batch, (2, 2, 2, 2), value=black)
    dy = torch.randint(0, 5, (n,), generator=generator)
    dx = torch.randint(0, 5, (n,), generator=generator)
    rows = dy[:, None] + torch.arange(height)[None]
    cols = dx[:, None] + torch.arange(width)[None]
    image = torch.arange(n)[:, None, None]
    return padded[image, 0, rows[:, :, None], cols[:, None, :]].unsqueeze(1)


def accuracy(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    network.eval()
    n_right = 0
    with torch.no_grad():
        for start in range(0, len(images), 1000):
            scores = network(images[start : start + 1000])
            n_right += int((scores.argmax(1) == labels[start : start + 1000]).sum())
    return n_right / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--require", type=float, default=0.91, help="least top-1 on the test images")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(options.seed)
    images, labels = load("train")
    test_images, test_labels = load("t10k")

    network = ResNet8()
    batch_size = 128
    n_batches = len(images) // batch_size
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=options.epochs * n_batches)
    began = time.process_time()
    for epoch in range(options.epochs):
        network.train()
        order = torch.randperm(len(images), generator=generator)
        total = 0.0
        for i in range(n_batches):
            picked = order[i * batch_size : (i + 1) * batch_size]
            loss = F.cross_entropy(network(augment(images[picked], generator)), labels[picked])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        top1 = accuracy(network, test_images, test_labels)
        print(f"epoch {epoch + 1}: loss {total / n_batches:.4f}, test top-1 {top1:.4f}, "
              f"{time.process_time() - began:.0f} CPU s", flush=True)

    top1 = accuracy(network, test_images, test_labels)
    n_parameters = sum(p.numel() for p in network.parameters())
    print(f"test top-1 {top1:.4f} on {len(test_images)} images, {n_parameters} parameters")
    if top1 < options.require:
        raise SystemExit(f"top-1 {top1:.4f} is below the required {options.require}")

    network.eval()
    torch.onnx.export(
        network,
        torch.zeros(1, 1, 28, 28),
        str(options.out),
        input_names=["image"],
        output_names=["scores"],
        dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}},
        opset_version=13,
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
    )
    model = onnx.load(str(options.out))
    onnx.checker.check_model(model)
    operators = [node.op_type for node in model.graph.node]
    print(f"{options.out}: {operators.count('Conv')} Conv, {operators.count('BatchNormalization')} "
          f"BatchNormalization, {len(operators)} nodes, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
