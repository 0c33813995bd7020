"""sRGB <-> CIE Lab (D65) for torch tensors, differentiable; the same constants and formulas as photochrom.color."""

from __future__ import annotations

import torch
from torch import Tensor

RGB_TO_XYZ = torch.tensor(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = RGB_TO_XYZ.sum(1)  # D65: what sRGB's own white has
_TO_LINEAR = torch.linalg.inv(RGB_TO_XYZ.double()).float()


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """(N,3,H,W) sRGB 0..1 -> Lab, L 0..100, a and b about -110..110."""
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055).clamp(min=1e-6) ** 2.4, rgb / 12.92)
    xyz = torch.einsum("dc,nchw->ndhw", RGB_TO_XYZ.to(rgb) / WHITE.to(rgb)[:, None], linear)
    f = torch.where(xyz > 0.008856, xyz.clamp(min=1e-6) ** (1 / 3), xyz * 7.787037 + 16 / 116)
    return torch.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """(N,3,H,W) Lab -> sRGB; clipped to 0..1 (out-of-gamut colours have no gradient in the clipped channel)."""
    fy = (lab[:, 0] + 16) / 116
    f = torch.stack([fy + lab[:, 1] / 500, fy, fy - lab[:, 2] / 200], dim=1)
    xyz = torch.where(f > 6 / 29, f**3, (f - 16 / 116) / 7.787037) * WHITE.to(lab)[:, None, None]
    linear = torch.einsum("dc,nchw->ndhw", _TO_LINEAR.to(lab), xyz).clamp(0, 1)
    return torch.where(linear > 0.0031308, 1.055 * linear.clamp(min=1e-5) ** (1 / 2.4) - 0.055, 12.92 * linear)
