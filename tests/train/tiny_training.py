"""Drawn pictures and the smallest of methods, for tests of what is around a method: data, runs, faults."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.lab import rgb_to_lab
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import ColorMethod
from photochrom.train.recipe.sections import Recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train


def draw_pictures(folder: Path, count: int, size: tuple[int, int] = (48, 40), suffix: str = ".png") -> Path:
    """Smooth random colours, each picture another."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        colors = np.random.default_rng(i).integers(0, 256, (3, 4, 3)).astype(np.uint8)
        Image.fromarray(colors).resize(size, Image.Resampling.BICUBIC).save(folder / f"{i:03}{suffix}")
    return folder


def tiny_recipe(**sections: dict[str, Any]) -> Recipe:
    """32 px, batches of 4, everything as small as it goes."""
    values: dict[str, dict[str, Any]] = {
        "data": {"size": 32, "workers": 0, "validation": 0.25, "resident": "yes"},
        "train": {"batch": 4, "epochs": 2, "preview": 0},
        "optimiser": {"rate": 0.01},
    }
    for name, keys in sections.items():
        values[name] = values.get(name, {}) | keys
    return Recipe.from_dict({"name": "tiny", **values})


class TinyMethod(ColorMethod):
    """Two convolutions; noise on the input and dropout, so that its losses depend on chance."""

    noisy: ClassVar[bool] = True

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        norm, drop = (nn.BatchNorm2d(8), nn.Dropout(0.2)) if self.noisy else (nn.Identity(), nn.Identity())
        self.network = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), norm, nn.ReLU(), drop, nn.Conv2d(8, 2, 3, padding=1)
        )

    def on_after_batch_transfer(self, batch: dict[str, Tensor], dataloader_idx: int) -> dict[str, Tensor]:
        lab = rgb_to_lab(batch["rgb"].float() / 255)
        lightness = lab[:, :1]
        if self.training and self.noisy:
            lightness = lightness + torch.randn_like(lightness)
        return {**batch, "lightness": lightness, "ab": lab[:, 1:], "true_lightness": lab[:, :1]}

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.network(lightness / 50 - 1) * 110

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        loss = F.l1_loss(self.predict_ab(batch["lightness"]), batch["ab"]) / 110
        self.log("train/loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        loss = F.l1_loss(self.predict_ab(batch["lightness"]), batch["ab"]) / 110
        self.log("val/loss", loss, batch_size=len(batch["rgb"]), sync_dist=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), self.recipe.optimiser.rate)


class PlainMethod(TinyMethod):
    """Nothing left to chance, and no statistics of a batch."""

    noisy = False


class SlowMethod(TinyMethod):
    """A fifth of a second a batch."""

    def on_after_batch_transfer(self, batch: dict[str, Tensor], dataloader_idx: int) -> dict[str, Tensor]:
        time.sleep(0.2)
        return super().on_after_batch_transfer(batch, dataloader_idx)


class TinyGame(TinyMethod):
    """Two optimisers, one after the other, stepped by hand as a GAN's are."""

    alternating = True

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        self.automatic_optimization = False
        self.other = nn.Conv2d(2, 1, 1)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        first, second = self.optimizers()
        loss = super().training_step(batch, batch_idx)
        first.zero_grad()
        self.manual_backward(loss)
        first.step()
        judged = self.other(batch["ab"] / 110).square().mean()
        second.zero_grad()
        self.manual_backward(judged)
        second.step()

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return [torch.optim.Adam(part.parameters(), 0.01) for part in (self.network, self.other)]


def packed(**options: Any) -> dict[str, Any]:
    """Arguments for train(): those that are fields of RunOptions, as its `options`; the rest as they are."""
    own = {field.name for field in fields(RunOptions)}
    return {
        "options": RunOptions(**{name: value for name, value in options.items() if name in own}),
        **{name: value for name, value in options.items() if name not in own},
    }


def train_tiny(
    recipe: Recipe, data: Sequence[Path], out: Path, *, method: type[TinyMethod] = TinyMethod, **options: Any
) -> Path:
    """train(), with one of these methods and nothing on stderr."""
    return train(recipe, data, out, method=method, **packed(quiet=True, **options))


KINDS = {"method": TinyMethod, "plain": PlainMethod, "slow": SlowMethod, "game": TinyGame}


def main() -> None:
    """python tests/train/tiny_training.py METHOD DATA OUT [--resume] [key=value…]: one run, as a process of its own."""
    kind, data, out, *rest = sys.argv[1:]
    torch.set_num_threads(1)
    sections: dict[str, dict[str, Any]] = {}
    for key, value in (word.split("=") for word in rest if "=" in word):
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = int(value) if value.isdigit() else value
    recipe = tiny_recipe(**{"train": {"checkpoint_minutes": 0, "epochs": 3, **sections.pop("train", {})}, **sections})
    train_tiny(recipe, [Path(data)], Path(out), method=KINDS[kind], resume="--resume" in rest, device="cpu")


if __name__ == "__main__":
    main()
