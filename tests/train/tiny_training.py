"""Drawn pictures and the smallest of methods, for tests of what is around a method: data, runs, faults."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.lab import rgb_to_lab
from photochrom.train.recipe.sections import Recipe


def draw_pictures(folder: Path, count: int, size: tuple[int, int] = (48, 40), suffix: str = ".png") -> Path:
    """Smooth random colours, each picture another."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        colours = np.random.default_rng(i).integers(0, 256, (3, 4, 3)).astype(np.uint8)
        Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC).save(folder / f"{i:03}{suffix}")
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


class TinyMethod(lightning.LightningModule):
    """Two convolutions; noise on the input and dropout, so that its losses depend on chance."""

    def __init__(self, recipe: Recipe, bins: Any = None) -> None:
        super().__init__()
        self.save_hyperparameters({"recipe": recipe.to_dict()}, logger=False)
        self.recipe = recipe
        norm = nn.Identity() if recipe.network.kind == "plain" else nn.BatchNorm2d(8)
        drop = nn.Identity() if recipe.network.kind == "plain" else nn.Dropout(0.2)
        self.network = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), norm, nn.ReLU(), drop, nn.Conv2d(8, 2, 3, padding=1)
        )

    def on_after_batch_transfer(self, batch: dict[str, Tensor], dataloader_idx: int) -> dict[str, Tensor]:
        lab = rgb_to_lab(batch["rgb"].float() / 255)
        lightness = lab[:, :1]
        if self.training and self.recipe.network.kind != "plain":
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


class TinyGame(TinyMethod):
    """Two optimisers that take turns, stepped by hand as a GAN's are."""

    def __init__(self, recipe: Recipe, bins: Any = None) -> None:
        super().__init__(recipe)
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


def use(method: type[TinyMethod]) -> None:
    """Have train() build this method, and nothing else."""
    sys.modules["photochrom.train.methods"] = SimpleNamespace(  # type: ignore[assignment]
        build_method=method, load_method=lambda path: load(method, path)
    )


def load(method: type[TinyMethod], path: Path) -> TinyMethod:
    saved = torch.load(path, weights_only=True)
    made = method(Recipe.from_dict(saved["hyper_parameters"]["recipe"]))
    made.load_state_dict(saved["state_dict"])
    return made


def main() -> None:
    """python tests/train/tiny_training.py METHOD DATA OUT [--resume] [key=value…]: one run, as a process of its own."""
    from photochrom.train.run.run import train

    method, data, out, *rest = sys.argv[1:]
    torch.set_num_threads(1)
    use({"method": TinyMethod, "game": TinyGame}[method])
    sections: dict[str, dict[str, Any]] = {}
    for key, value in (word.split("=") for word in rest if "=" in word):
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = int(value) if value.isdigit() else value
    if delay := float(os.environ.get("TINY_DELAY", 0)):
        import time

        before = TinyMethod.on_after_batch_transfer

        def slowly(self: TinyMethod, *args: Any) -> Any:
            time.sleep(delay)
            return before(self, *args)

        TinyMethod.on_after_batch_transfer = slowly  # type: ignore[method-assign]
    recipe = tiny_recipe(**{"train": {"checkpoint_minutes": 0, "epochs": 3, **sections.pop("train", {})}, **sections})
    train(recipe, [Path(data)], Path(out), resume="--resume" in rest, quiet=True, device="cpu")


if __name__ == "__main__":
    main()
