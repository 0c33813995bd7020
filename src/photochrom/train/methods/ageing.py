"""Ageing a batch of inputs on the device: what photochrom.train.data.ageing does to one picture with Pillow."""

from __future__ import annotations

import torch
from kornia.augmentation import RandomGaussianBlur, RandomJPEG
from torch import Tensor

from photochrom.train.color import rgb_to_lab


def aged_lightness(rgb: Tensor, share: float) -> Tensor:
    """sRGB (N,3,H,W) 0..1 -> lightness (N,1,H,W) 0..100; a `share` of the pictures as an old camera saw them."""
    clean = rgb_to_lab(rgb)[:, :1]
    n = len(rgb)
    old = torch.rand(n, device=rgb.device) < share
    if not bool(old.any()):
        return clean

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, 1, 1, 1, device=rgb.device) * (high - low) + low

    def half(changed: Tensor, same: Tensor) -> Tensor:
        return torch.where(torch.rand(n, 1, 1, 1, device=rgb.device) < 0.5, changed, same)

    # Film weighs the primaries unlike the eye does; orthochromatic plates hardly saw red. (A Dirichlet of 3, 6, 2.)
    gamma = torch._standard_gamma(torch.tensor([3.0, 6.0, 2.0], device=rgb.device).expand(n, 3))
    grey = (rgb * (gamma / gamma.sum(1, keepdim=True))[..., None, None]).sum(1, keepdim=True)
    black, white = uniform(0, 50 / 255), uniform(190 / 255, 1)
    grey = half(black + grey * (white - black), grey)  # fading
    grey = grey.clamp(1e-4, 1) ** torch.exp(0.15 * torch.randn(n, 1, 1, 1, device=rgb.device))
    grey = RandomGaussianBlur((5, 5), (0.3, 1.3), p=0.5)(grey)
    grey = half(grey + uniform(2 / 255, 14 / 255) * torch.randn_like(grey), grey).clamp(0, 1)  # grain
    if grey.shape[2] % 16 == 0 and grey.shape[3] % 16 == 0:  # what kornia's JPEG takes
        grey = RandomJPEG((25.0, 85.0), p=0.5)(grey.expand(-1, 3, -1, -1))[:, :1]
    aged = rgb_to_lab(grey.clamp(0, 1).expand(-1, 3, -1, -1))[:, :1]
    return torch.where(old[:, None, None, None], aged, clean)
