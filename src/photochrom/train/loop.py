"""What every training loop here needs: the order of the data, the learning rate, the moving average, saving."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch


class Average:
    """Exponential moving average of a module's state."""

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        self.state = {k: v.clone() for k, v in module.state_dict().items()}
        self.decay = decay

    def update(self, module: torch.nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)


def rate(progress: float, most: float) -> float:
    if progress < 0.03:
        return most * max(progress / 0.03, 0.02)
    return most * max(0.5 * (1 + math.cos(math.pi * min(progress, 1.0))), 0.005)


def rows_of(step: int, batch: int, count: int, seed: int) -> np.ndarray:
    """The rows of one step: shuffled without repeats within an epoch, the same whenever the run is resumed."""
    steps = count // batch
    epoch, place = divmod(step, steps)
    return np.random.default_rng((seed, epoch)).permutation(count)[place * batch : (place + 1) * batch]


def save_whole(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint so that a kill in the middle leaves the one before."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.rename(path)
