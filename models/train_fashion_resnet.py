#!/usr/bin/env python3
"""Train a residual network for Fashion-MNIST and export it with batch norm unfolded.

    apt-get install -y --no-install-recommends dataset-fashion-mnist python3-torch python3-onnx
    /usr/bin/python3 models/train_fashion_resnet.py --out models/fashion-resnet8.onnx

Without options it makes the default network, a ResNet-8 of 16, 32 and 64 channels; `--depth` and
`--widths` make others (`fashion_resnet.py` defines them).

The seed is fixed and training runs on one thread; on the same build of PyTorch the exported bytes
repeat. Prints the top-1 accuracy on the 10 000 test images, and fails below `--require`.
"""

import argparse
import pathlib
import time

import onnx
import torch
from torch.nn import functional as F

from fashion_resnet import MEAN, N_STAGES, STD, ResNet, accuracy, load


def blocks_per_stage(text: str) -> int:
    """A depth counts the stem, two convolutions per block and the linear layer."""
    blocks, rest = divmod(int(text) - 2, 2 * N_STAGES) if text.isdecimal() else (0, 0)
    if blocks < 1 or rest != 0:
        raise argparse.ArgumentTypeError(f"`{text}` is not a depth; give 8, 14, 20, 26 and so on")
    return blocks


def channels(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != N_STAGES or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"`{text}` is not {N_STAGES} numbers of channels with commas, as in 16,32,64")
    return [int(part) for part in parts]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--depth", type=blocks_per_stage, default="8", dest="blocks", help="8, 14, 20, ...")
    parser.add_argument("--widths", type=channels, default="16,32,64", help="channels of the three stages")
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

    network = ResNet(options.blocks, options.widths)
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
