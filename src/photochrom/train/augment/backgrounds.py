"""Plain backgrounds for training: the middle of a photograph set before even white, grey or black.

As in product pictures and studio portraits. Natural photographs hardly have such backgrounds, and a network that never
saw one puts halos of colour round what stands before it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def before_plain(rgb: Tensor, share: float) -> Tensor:
    """sRGB (N,3,H,W) 0..1 -> the same; of a `share` of the pictures only a rounded shape is left, on a neutral ground.

    Its edge is sharp or runs out softly. Draws from torch's generators.
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
    soft = uniform(0.015, 0.3)
    inside = ((1 - distance) / soft + 0.5).clamp(0, 1)
    kind = uniform(0, 1)
    tone = torch.where(kind < 0.6, uniform(0.93, 1.0), torch.where(kind < 0.85, uniform(0.3, 0.9), uniform(0.0, 0.08)))
    ground = (tone + uniform(-0.06, 0.06) * down.view(1, 1, -1, 1)).clamp(0, 1)
    made = rgb.clone()
    made[chosen] = ground + inside * (cut - ground)
    return made
