"""What the published size of each recipe costs: measured seconds of one core for a picture, counted operations, sums.

    python scripts/recipe_costs.py [NAME ...]

A few steps at the published size on drawn pictures, with small batches, since the time for a picture hardly depends on
them. "GPU" is arithmetic, not a run: the operations by 10 TFLOP/s, about what a mid-range one sustains on such nets.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from photochrom.train.recipe import load_recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train

# Pictures that are learned from in all, epochs counted, and the batch that is tried here.
PASSES = {
    "cifar10-cnn": (50_000 * 30, 64),
    "cifar10-cnn-augmented": (50_000 * 30, 64),
    "eccv16": (450_000 * 40, 2),  # iterations of 40 pictures in the paper
    "resnet50-frozen": (10_000 * 20, 4),  # for every 10,000 pictures
    "unet-cgan": (4_000 * 65, 4),
    "unet-cgan-coco": (8_000 * 120, 4),
    "unet-cgan-plain": (4_000 * 45, 4),
    "cyclegan": (1_067 * 200, 1),  # horse2zebra's
    "cyclegan-small": (1_000, 1),  # for every 1,000 pictures
}
SUSTAINED = 1e13  # operations a second
STEPS = 3


class Costs(lightning.Callback):
    """Seconds of the processor for each step, and the operations of the first."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.operations = 0
        self._counter = FlopCounterMode(display=False)

    def on_train_batch_start(self, *_: Any) -> None:
        """Count, or begin to time."""
        if not self.operations:
            self._counter.__enter__()
        self._began = time.process_time()

    def on_train_batch_end(self, *_: Any) -> None:
        """Keep what it took."""
        if not self.operations:
            self._counter.__exit__(None, None, None)
            self.operations = self._counter.get_total_flops()
        else:
            self.seconds.append(time.process_time() - self._began)


def measured(name: str, batch: int, folder: Path) -> Costs:
    settings = ["data.workers=0", "data.limit=0", "data.validation=0.2", "train.preview=0", f"train.batch={batch}"]
    settings += ["train.pretrain_epochs=0"]  # the steps with a discriminator are the dear ones
    if load_recipe(name).network.kind in ("unet-timm", "resnet50-frozen"):
        settings.append("network.pretrained=false")
    count = batch * (STEPS + 1) * 2
    pictures = folder / f"pictures-{name}"
    pictures.mkdir()
    for i in range(count):
        colors = np.random.default_rng(i).integers(0, 256, (4, 4, 3)).astype(np.uint8)
        Image.fromarray(colors).resize((300, 300)).save(pictures / f"{i}.png")
    costs = Costs()
    options = RunOptions(max_steps=STEPS, device="cpu", quiet=True)
    train(load_recipe(name, settings), [pictures], folder / name, options=options, callbacks=[costs])
    return costs


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or PASSES:
            passes, batch = PASSES[name]
            costs = measured(name, batch, Path(folder))
            each, operations = min(costs.seconds) / batch, costs.operations / batch
            cores, gpu = passes * each / 2 / 3600, passes * operations / SUSTAINED / 3600
            print(
                f"{name}: {each:.3f} s of a core and {operations / 1e9:.1f} GFLOP a picture; {passes:,} pictures: "
                f"{cores:,.1f} hours on two cores, {gpu:,.2f} hours on a GPU",
                flush=True,
            )


if __name__ == "__main__":
    main()
