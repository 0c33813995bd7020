"""Plain backgrounds for training: the middle of a photograph, cut out and laid on even white, grey or black.

Product pictures and studio portraits have such backgrounds, everyday photographs hardly ever. A network that was never
trained on one paints a halo of colour around the subject.
"""

from __future__ import annotations

import torch
from torch import Tensor


def on_plain_background(rgb: Tensor, share: float) -> Tensor:
    """sRGB (N,3,H,W) 0..1 -> the same, a `share` of the pictures cut out in a rounded shape, on a neutral background.

    The edge of the shape is sharp or soft. Draws from the global generators of torch.
    """
    chosen = torch.rand(len(rgb), device=rgb.device) < share
    if share <= 0 or not bool(chosen.any()):
        return rgb
    cut = rgb[chosen]

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(len(cut), 1, 1, 1, device=rgb.device) * (high - low) + low

    down, across = (torch.linspace(-1, 1, side, device=rgb.device) for side in rgb.shape[2:])
    y = (down.view(1, 1, -1, 1) - uniform(-0.15, 0.15)) / uniform(0.55, 0.95)
    x = (across.view(1, 1, 1, -1) - uniform(-0.15, 0.15)) / uniform(0.55, 0.95)
    roundness = uniform(2, 6)  # 2 is an ellipse, more is nearer to a rectangle
    distance = (y.abs() ** roundness + x.abs() ** roundness) ** (1 / roundness)
    softness = uniform(0.015, 0.3)  # width of the edge, as a share of the shape's radius
    inside = ((1 - distance) / softness + 0.5).clamp(0, 1)
    kind = uniform(0, 1)
    tone = torch.where(kind < 0.6, uniform(0.93, 1.0), torch.where(kind < 0.85, uniform(0.3, 0.9), uniform(0.0, 0.08)))
    background = (tone + uniform(-0.06, 0.06) * down.view(1, 1, -1, 1)).clamp(0, 1)
    result = rgb.clone()
    result[chosen] = background + inside * (cut - background)
    return result
