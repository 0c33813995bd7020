"""Other exposures, contrasts and grains of a network's input, in domains where brightness says little of itself."""

from __future__ import annotations

import torch
from torch import Tensor

CURVE, GAIN, OFFSET, GRAIN = 0.7, 0.35, 15.0, 4.0  # at a strength of 1: exponents, factor, and units of L*


def varied_intensity(plane: Tensor, strength: float) -> Tensor:
    """A plane (N,1,H,W) 0..100 -> the same, each picture through a curve of its own, and with grain, 0..100.

    strength: 0..1. Draws from the global generators of torch.
    """
    if not strength:
        return plane

    def spread() -> Tensor:
        return strength * (2 * torch.rand(len(plane), 1, 1, 1, device=plane.device) - 1)

    curved = (plane / 100).clamp(1e-4, 1) ** torch.exp(CURVE * spread()) * 100
    changed = (curved - 50) * (1 + GAIN * spread()) + 50 + OFFSET * spread()
    return (changed + GRAIN * spread().abs() * torch.randn_like(plane)).clamp(0, 100)
