"""Simulated user hints for training: the true colours of a few random squares.

After Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (SIGGRAPH 2017), section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor

MEAN_POINTS = 7  # squares on a picture; their number follows a geometric distribution
FULL_SHARE = 0.01  # share of the pictures whose every pixel is a hint
LARGEST = 28  # a square's side is up to 1/28 of the picture's: 9 of 256 px


def random_hints(ab: Tensor) -> Tensor:
    """True colours (N,2,H,W) in ab units -> hints (N,3,H,W): a and b, 0 where there is no hint, and a mask of 0 and 1.

    The squares lie around the middle (a normal distribution with a standard deviation of a quarter of each side); each
    holds the mean of its true colours. Draws from torch's global CPU generator.
    """
    n, _, height, width = ab.shape
    hints = ab.new_zeros(n, 3, height, width)
    largest = max(1, min(height, width) // LARGEST)
    for i, chance in enumerate(torch.rand(n).tolist()):
        if chance < FULL_SHARE:
            hints[i, :2], hints[i, 2] = ab[i], 1
            continue
        points = int(torch.empty(()).geometric_(1 / (MEAN_POINTS + 1))) - 1
        places = (torch.randn(points, 2) / 4 + 0.5).clamp(0, 1).tolist()
        for (down, across), side in zip(places, torch.randint(1, largest + 1, (points,)).tolist(), strict=True):
            y, x = round(down * (height - side)), round(across * (width - side))
            square = (i, slice(None, 2), slice(y, y + side), slice(x, x + side))
            hints[square] = ab[square].mean((1, 2), keepdim=True)
            hints[i, 2, y : y + side, x : x + side] = 1
    return hints
