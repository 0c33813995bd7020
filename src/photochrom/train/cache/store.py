"""A frozen encoder's features of every training picture, kept on disk: what lets two cores train the decoder.

For V = views x pictures of side S, in a folder:

    rgb.npy (V,S,S,3) uint8             the clean crop
    grey.npy (V,S,S) uint8              the grey sRGB values that the encoder saw: aged in some views, else exact
    f4, f8, f16, f32.npy (V,C,S/4..)    float16, its features at strides 4, 8, 16, 32
    ab.npy (V,2,S/4,S/4) float16        the true ab, averaged over 4x4 pixels
    cache.json                          what it was made of, and how much of it is there
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from photochrom.atomic import atomic_write
from photochrom.errors import UsageError
from photochrom.train.lab import rgb_to_lab

FEATURES = ("f4", "f8", "f16", "f32")

Arrays: TypeAlias = dict[str, NDArray[Any]]


class State(TypedDict):
    """cache.json. of: what the cache is made of. done, total: views that are there, and that there are to be."""

    of: dict[str, Any]
    done: int
    total: int


def shapes(size: int, channels: Sequence[int]) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    """Shape and type of one view in each array; channels: of the encoder's features."""
    features = zip(FEATURES, channels, (4, 8, 16, 32), strict=True)
    return {
        "rgb": ((size, size, 3), np.uint8),
        "grey": ((size, size), np.uint8),
        **{name: ((width, size // stride, size // stride), np.float16) for name, width, stride in features},
        "ab": ((2, size // 4, size // 4), np.float16),
    }


class Cache:
    """The arrays of a cache folder that is complete."""

    def __init__(self, folder: Path) -> None:
        state = read_state(folder)
        if state is None or state["done"] < state["total"]:
            raise UsageError(f"the cache {folder} is not complete: run the command again to finish it")
        self.count: int = state["total"]
        self.arrays: Arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("rgb", "grey", *FEATURES, "ab")
        }
        grey = torch.arange(256.0).div(255).view(1, 1, 1, 256).expand(1, 3, 1, 256)
        self._lightness = rgb_to_lab(grey)[0, 0, 0]  # (256,), of each grey value

    def batch(self, rows: Sequence[int], names: Sequence[str] = (*FEATURES, "grey", "ab")) -> dict[str, Tensor]:
        """The arrays of these views as float32; `lightness` (N,1,S,S) 0..100 is what the encoder saw, `rgb` uint8 NCHW.

        Views come in the order of the file, which is quicker to read; in a batch no order means anything.
        """
        sorted_rows = np.sort(np.asarray(rows))
        out: dict[str, Tensor] = {}
        for name in names:
            values = torch.from_numpy(self.arrays[name][sorted_rows])
            if name == "grey":
                out["lightness"] = self._lightness[values.long()][:, None]
            elif name == "rgb":
                out["rgb"] = values.permute(0, 3, 1, 2)
            else:
                out[name] = values.float()
        return out


class CachedViews(Dataset[dict[str, Tensor]]):
    """The views of a cache for a DataLoader, which asks for a whole batch of (epoch, row) at a time."""

    def __init__(self, cache: Cache, names: Sequence[str]) -> None:
        self.cache, self.names = cache, tuple(names)

    def __len__(self) -> int:
        return self.cache.count

    def __getitems__(self, picks: list[tuple[int, int]]) -> dict[str, Tensor]:
        """The batch that stands for these views, as Cache.batch() gives it."""
        return self.cache.batch([row for _, row in picks], self.names)


def read_state(folder: Path) -> State | None:
    """The folder's cache.json, None where there is none."""
    try:
        state: State = json.loads((folder / "cache.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return state


def open_arrays(
    folder: Path, size: int, channels: Sequence[int], made_of: Mapping[str, Any], total: int
) -> tuple[Arrays, int]:
    """The arrays to write to, and the number of views that are there already.

    Raises UsageError where the folder holds the cache of other pictures or settings.
    """
    state = read_state(folder)
    if state is not None and (state["of"] != dict(made_of) or state["total"] != total):
        raise UsageError(f"the cache {folder} is of other pictures or settings: delete it or set network.cache_folder")
    folder.mkdir(parents=True, exist_ok=True)
    if state is not None:
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in shapes(size, channels)}, state["done"]
    arrays: Arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", kind, (total, *shape))
        for name, (shape, kind) in shapes(size, channels).items()
    }
    write_state(folder, made_of, 0, total)
    return arrays, 0


def write_state(folder: Path, made_of: Mapping[str, Any], done: int, total: int) -> None:
    """Write the folder's cache.json, whole or not at all."""
    state: State = {"of": dict(made_of), "done": done, "total": total}
    with atomic_write(folder / "cache.json", overwrite=True) as stream:
        stream.write(json.dumps(state).encode())
