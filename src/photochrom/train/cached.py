"""Batches of cached encoder features, with the colours to learn (see scripts/cache_features.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photochrom.train.color import rgb_to_lab

FEATURES = ("f4", "f8", "f16", "f32")


class Cache:
    """The arrays that cache_features.py wrote; batches of views by index."""

    def __init__(self, folder: Path) -> None:
        self.arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in (*FEATURES, "rgb", "grey")}
        self.count = len(self.arrays["rgb"])
        target = folder / "ab.npy"  # the true ab at stride 4, made once
        if not target.exists():
            side = self.arrays["rgb"].shape[1] // 4
            ab = np.lib.format.open_memmap(folder / "ab.part", "w+", np.float16, (self.count, 2, side, side))
            for i in range(0, self.count, 64):
                lab = rgb_to_lab(self.rgb(np.arange(i, min(i + 64, self.count))))
                ab[i : i + 64] = torch.nn.functional.avg_pool2d(lab[:, 1:], 4).numpy()
            ab.flush()
            (folder / "ab.part").rename(target)
        self.arrays["ab"] = np.load(target, mmap_mode="r")

    def take(self, name: str, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(self.arrays[name][np.sort(rows)].astype(np.float32))

    def rgb(self, rows: np.ndarray) -> Tensor:
        """sRGB (N,3,160,160), 0..1"""
        return (self.take("rgb", rows) / 255).permute(0, 3, 1, 2).contiguous()

    def lightness(self, rows: np.ndarray) -> Tensor:
        """The lightness that the encoder saw (aged or not), (N,1,160,160), 0..100."""
        grey = torch.arange(256.0).div(255).view(1, 1, 1, 256).expand(1, 3, 1, 256)
        table = rgb_to_lab(grey)[0, 0, 0]
        return table[torch.from_numpy(self.arrays["grey"][np.sort(rows)].astype(np.int64))][:, None]

    def batch(self, rows: np.ndarray) -> tuple[list[Tensor], Tensor, Tensor]:
        return [self.take(name, rows) for name in FEATURES], self.lightness(rows), self.take("ab", rows)
