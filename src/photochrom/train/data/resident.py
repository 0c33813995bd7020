"""All pictures of a set decoded once and kept as uint8 in the memory of the device that trains."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from photochrom.color.colorfulness import colorfulness
from photochrom.errors import PictureError
from photochrom.pictures.picture import Picture
from photochrom.train.data.left_out import Broken
from photochrom.train.data.pictures import View, ignore_signals

_PROBE = 64  # pictures after which it is known whether all will fit


@dataclass
class Resident:
    """pixels: all pictures' rows one after another, (P,C) uint8, C 3 or with pairs 6. start: (N,) where each begins.

    sizes: (N,2) w, h.
    """

    pixels: Tensor
    start: Tensor
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def to(self, device: torch.device) -> Resident:
        """On another device."""
        return Resident(self.pixels.to(device), self.start.to(device), self.sizes)

    def squares(self, view: View, epoch: int, indices: NDArray[np.int64]) -> Tensor:
        """uint8 (N,C,size,size) on the device, channels last in memory."""
        chosen = torch.from_numpy(indices).to(self.start.device)
        if not view.random:
            whole = self.pixels[: len(self) * view.size**2].view(-1, view.size, view.size, self.pixels.shape[1])
            return whole[chosen].permute(0, 3, 1, 2)
        sizes = self.sizes[indices]
        box = torch.from_numpy(view.boxes(sizes, epoch, indices)).float().to(chosen.device)
        wide, high = torch.from_numpy(sizes).to(chosen.device).unbind(1)
        steps = (torch.arange(view.size, device=chosen.device) + 0.5) / view.size
        x, x1, fx = _between(box[:, 0], box[:, 2], wide, steps)
        y, y1, fy = _between(box[:, 1], box[:, 2], high, steps)
        row = self.start[chosen][:, None] + y * wide[:, None]
        row1 = self.start[chosen][:, None] + y1 * wide[:, None]
        fx, fy = fx[:, None, :, None], fy[:, :, None, None]
        top = torch.lerp(self._at(row, x), self._at(row, x1), fx)
        bottom = torch.lerp(self._at(row1, x), self._at(row1, x1), fx)
        return torch.lerp(top, bottom, fy).round_().to(torch.uint8).permute(0, 3, 1, 2)

    def _at(self, row: Tensor, column: Tensor) -> Tensor:
        """(N,size,size,C) float"""
        return self.pixels[row[:, :, None] + column[:, None, :]].float()


def _between(corner: Tensor, side: Tensor, length: Tensor, steps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For each place of the square (N,size): the two pixels it lies between, and how far it is from the first."""
    place = (corner[:, None] + side[:, None] * steps - 0.5).clamp_(min=0)
    last = length[:, None] - 1
    first = torch.minimum(place.long(), last)
    return first, torch.minimum(first + 1, last), (place - first).clamp_(0, 1)


class _Whole(Dataset[tuple[NDArray[np.uint8] | None, list[Broken]]]):
    def __init__(self, pictures: Sequence[Picture], view: View, least_colorful: float) -> None:
        self.pictures, self.view, self.least_colorful = pictures, view, least_colorful

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8] | None, list[Broken]]:
        try:
            whole = self.view.whole(self.pictures[index])
        except PictureError as error:
            return None, [(self.pictures[index].where, str(error))]
        return (whole if self.least_colorful <= 0 or colorfulness(whole[..., :3]) >= self.least_colorful else None), []


def load_resident(
    pictures: Sequence[Picture],
    view: View,
    *,
    room: int,
    workers: int = 0,
    least_colorful: float = 0.0,
    report: Callable[[list[Broken]], None] = lambda broken: None,
    progress: Callable[[int], None] = lambda done: None,
) -> Resident | None:
    """Decode all pictures into at most `room` bytes; None, as soon as it is clear, if they don't fit.

    Pictures that can't be read, which `report` is told of, and those less colourful than asked for are left out.
    progress: told how many are done.
    """
    loader = DataLoader(
        _Whole(pictures, view, least_colorful),
        batch_size=None,
        num_workers=workers,
        worker_init_fn=ignore_signals,
        prefetch_factor=8 if workers else None,
    )
    waiting: list[Tensor] = []  # rows that aren't copied yet: all, until it is known how much memory to take
    pixels, starts, sizes, used = None, [], [], 0
    for done, (whole, broken) in enumerate(loader, start=1):
        report(broken)
        progress(done)
        if whole is not None:
            rows = torch.as_tensor(whole)
            starts.append(used)
            sizes.append((rows.shape[1], rows.shape[0]))
            used += rows.shape[0] * rows.shape[1]
            waiting.append(rows.view(-1, rows.shape[2]))
        if pixels is None and done in (_PROBE, len(pictures)):
            expected = used * len(pictures) // done
            channels = waiting[0].shape[1] if waiting else 3
            if channels * expected > room:
                return None
            pixels = _memory(min(room // channels, 2 * expected) if done < len(pictures) else used, channels)
        if pixels is not None and waiting:
            if used > len(pixels):
                return None
            torch.cat(waiting, out=pixels[used - sum(map(len, waiting)) : used])
            waiting = []
    assert pixels is not None
    return Resident(pixels[:used], torch.tensor(starts, dtype=torch.int64), np.array(sizes, np.int64).reshape(-1, 2))


def _memory(count: int, channels: int) -> Tensor:
    """(count,channels) uint8, zeros, that cost nothing until they are written to and are given back when done with.

    Not from malloc, which may be told to keep what is freed (photochrom.train.run.malloc).
    """
    return torch.frombuffer(mmap.mmap(-1, channels * max(1, count)), dtype=torch.uint8).view(-1, channels)[:count]


def free_memory() -> int:
    """Bytes of main memory that can be had; a guess of 4 GiB where the system doesn't say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        except (AttributeError, ValueError, OSError):
            return 4 << 30
