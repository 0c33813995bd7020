"""How fast a recipe trains: pictures a second of the data alone, of the model alone, and of both in a real run.

    python scripts/bench_training.py cifar10-cnn --data CIFAR10_FOLDER
    python scripts/bench_training.py unet-cgan --data FOLDER --set network.pretrained=false data.size=128

For pictures kept in memory as uint8 and for pictures decoded by workers; the best of some rounds. Both together should
reach 85 % of the slower of the two: then the data path doesn't starve the device. The exit code is 1 where they don't.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lightning
import torch

from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import split
from photochrom.train.data.counting import count_bins
from photochrom.train.data.module import PictureData
from photochrom.train.methods import METHODS, build_method
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.devices import trainer_devices
from photochrom.train.run.malloc import keep_memory
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train
from photochrom.train.run.trainer import without_known_warnings

WARM = 5  # batches before the clock starts
ENOUGH = 0.85


class Meter(lightning.Callback):
    """Stops a run after some seconds; pictures a second since the first batches."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.steps, self.rate = seconds, 0, 0.0
        self._start = 0.0

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count a step, and stop the run when the time is up."""
        self.steps += 1
        if self.steps <= WARM:
            _wait(pl_module.device)
            self._start = time.perf_counter()
            return
        if time.perf_counter() - self._start > self.seconds:
            _wait(pl_module.device)
            self.rate = (self.steps - WARM) * len(batch["rgb"]) / (time.perf_counter() - self._start)
            trainer.should_stop = True


class OneBatch(PictureData):
    """The same batch again and again, on the device from the start."""

    def setup(self, stage: str) -> None:
        """Draw the batch on the trainer's device."""
        size, count = self.recipe.data.size, self.recipe.train.batch
        device = self.trainer.strategy.root_device
        self.batch = {"rgb": torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, device=device)}

    def train_dataloader(self) -> Any:
        """The batch without end."""
        return itertools.repeat(self.batch)

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Nothing was broken, and chance goes on."""
        return dict(batch)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    pictures = find_pictures(args.data)
    enough = True
    print(f"{'pictures are':<22}{'data alone':>12}{'model alone':>13}{'both':>10}{'share of the slower':>21}")
    for resident in ("yes", "no"):
        settings = [f"data.resident={resident}", "train.epochs=1000000", "train.preview=0", "data.validation=0"]
        recipe = load_recipe(args.recipe, [*args.set, *settings])
        rounds = [
            (
                data_alone(recipe, pictures, args.device, args.seconds / 2),
                model_alone(recipe, pictures, args.device, args.seconds),
                both_together(recipe, args.data, args.device, args.seconds),
            )
            for _ in range(args.rounds)
        ]
        data, model, both = map(max, zip(*rounds, strict=True))
        share = both / min(data, model)
        enough &= share >= ENOUGH
        words = "kept in memory" if resident == "yes" else f"decoded by {recipe.data.workers}"
        print(f"{words:<22}{data:>12,.0f}{model:>13,.1f}{both:>10,.1f}{share:>21.0%}", flush=True)
    return 0 if enough else 1


def data_alone(recipe: Recipe, pictures: list[Any], device: str, seconds: float) -> float:
    """Squares a second that reach the device as uint8."""
    data = PictureData(recipe, split(pictures, 0.0, recipe.data.limit))
    places = trainer_devices(device, recipe.train.precision, alternating=False)
    data.trainer = lightning.Trainer(**places, **_SILENT)  # which `data` asks for the device, and how far the run is
    target = data.trainer.strategy.root_device
    data.setup("fit")
    loader = data.train_dataloader()
    batches = itertools.chain.from_iterable(itertools.repeat(loader))  # workers are kept from round to round
    for batch in itertools.islice(batches, WARM):
        _ready(data, batch, target)
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        count += _ready(data, next(batches), target)
    _wait(target)
    return count / spent


def model_alone(recipe: Recipe, pictures: list[Any], device: str, seconds: float) -> float:
    """Pictures a second through training steps on one batch that is on the device already."""
    keep_memory()
    parts = split(pictures, 0.0, recipe.data.limit)
    bins = count_bins(parts.train, recipe) if METHODS[recipe.method].needs_bins else None
    method, meter = build_method(recipe, bins), Meter(seconds)
    places = trainer_devices(device, recipe.train.precision, alternating=method.alternating)
    clip = {} if not method.automatic_optimization else {"gradient_clip_val": recipe.optimiser.clip or None}
    with without_known_warnings():
        trainer = lightning.Trainer(**places, **clip, **_SILENT, max_epochs=1, callbacks=[meter])
        if trainer.strategy.root_device.type == "cuda":
            torch.set_float32_matmul_precision("high")
            method.to(memory_format=torch.channels_last)
        trainer.fit(method, datamodule=OneBatch(recipe, parts))
    return meter.rate


def both_together(recipe: Recipe, data: list[str], device: str, seconds: float) -> float:
    """Pictures a second of photochrom train, with its curves and checkpoints."""
    meter = Meter(seconds)
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, data, Path(folder, "run"), options=RunOptions(device=device, quiet=True), callbacks=[meter])
    return meter.rate


def _ready(data: PictureData, batch: Any, device: torch.device) -> int:
    return len(data.transfer_batch_to_device(data.on_before_batch_transfer(batch, 0), device, 0)["rgb"])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


_SILENT: dict[str, Any] = {
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "limit_val_batches": 0,
}


if __name__ == "__main__":
    sys.exit(main())
