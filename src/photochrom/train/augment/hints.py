"""Hints for training: colours of the truth at a few random places, as a person would give them.

After Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (SIGGRAPH 2017), section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor

MORE = 7 / 8  # chance of one more point: 7 on average
EVERYTHING = 0.01  # share of the pictures of which every colour is given
LARGEST = 28  # a point is a square of up to 1/28 of the side: 9 of 256 pixels


def random_hints(ab: Tensor) -> Tensor:
    """Truth (N,2,H,W) in ab units -> hints (N,3,H,W): a and b, 0 where nothing is given, and a mask of 0 and 1.

    Points lie around the middle (a normal distribution of a quarter of each side); each holds its square's mean.
    Draws from torch's CPU generator.
    """
    n, _, height, width = ab.shape
    hints = ab.new_zeros(n, 3, height, width)
    most = max(1, min(height, width) // LARGEST)
    for i, chance in enumerate(torch.rand(n).tolist()):
        if chance < EVERYTHING:
            hints[i, :2], hints[i, 2] = ab[i], 1
            continue
        points = int(torch.empty(()).geometric_(1 - MORE)) - 1
        places = (torch.randn(points, 2) / 4 + 0.5).clamp(0, 1).tolist()
        for (down, across), side in zip(places, torch.randint(1, most + 1, (points,)).tolist(), strict=True):
            y, x = round(down * (height - side)), round(across * (width - side))
            square = (i, slice(None, 2), slice(y, y + side), slice(x, x + side))
            hints[square] = ab[square].mean((1, 2), keepdim=True)
            hints[i, 2, y : y + side, x : x + side] = 1
    return hints
