"""Ageing of the network's *input*, on the device: a clean modern picture made to look like a scan of an old one.

Orthochromatic film, fading, stains, a vignette, a soft lens, grain, scratches, dust, JPEG. The target colours stay
those of the clean picture. Lengths are in pixels or in shares of the picture's side, as each function says.
"""

from __future__ import annotations

import torch
from kornia.augmentation import RandomGaussianBlur, RandomJPEG
from torch import Tensor
from torch.nn import functional as F

from photochrom.train.lab import rgb_to_lab

MAX_SCRATCHES, MAX_SPECKS = 5, 12  # on one picture


def aged_lightness(rgb: Tensor, lightness: Tensor, share: float) -> Tensor:
    """sRGB (N,3,H,W) 0..1 and its lightness (N,1,H,W) 0..100 -> lightness, that of a `share` of the pictures aged.

    Draws from the global generators of torch.
    """
    chosen = torch.rand(len(rgb), device=rgb.device) < share
    if share > 0 and bool(chosen.any()):
        lightness = lightness.clone()
        lightness[chosen] = rgb_to_lab(aged(rgb[chosen]).expand(-1, 3, -1, -1))[:, :1]
    return lightness


def aged(rgb: Tensor) -> Tensor:
    """sRGB (N,3,H,W) 0..1 -> grey sRGB values (N,1,H,W) 0..1 of an old photograph; the faults are drawn per picture."""
    n = len(rgb)
    # Film weighs red, green and blue differently from the eye; orthochromatic plates hardly respond to red. The weights
    # are drawn from a Dirichlet distribution with the parameters 3, 6, 2.
    gamma = torch._standard_gamma(rgb.new_tensor([3.0, 6.0, 2.0]).expand(n, 3))
    grey = (rgb * (gamma / gamma.sum(1, keepdim=True))[..., None, None]).sum(1, keepdim=True)
    black, white = _uniform(grey, 0, 50 / 255), _uniform(grey, 190 / 255, 1)
    grey = _some(0.5, black + grey * (white - black), grey)  # fading
    grey = _some(0.25, grey + 0.12 * _stains(grey), grey)
    grey = _some(0.25, grey * vignette(grey), grey)
    grey = grey.clamp(1e-4, 1) ** torch.exp(0.15 * torch.randn_like(black))
    grey = RandomGaussianBlur((5, 5), (0.3, 1.3), p=0.5)(grey)
    grey = _some(0.5, grey + _uniform(grey, 2 / 255, 14 / 255) * torch.randn_like(grey), grey)  # grain
    grey = _some(0.25, scratched(grey), grey)
    grey = _some(0.25, dusty(grey), grey).clamp(0, 1)
    if grey.shape[2] % 16 == 0 and grey.shape[3] % 16 == 0:  # what kornia's JPEG takes
        grey = RandomJPEG((25.0, 85.0), p=0.5)(grey.expand(-1, 3, -1, -1))[:, :1]
    return grey.clamp(0, 1)


def _uniform(like: Tensor, low: float, high: float, count: int = 1) -> Tensor:
    """Uniform random numbers (N,count,1,1), N as in `like`."""
    return torch.rand(len(like), count, 1, 1, device=like.device) * (high - low) + low


def _some(share: float, changed: Tensor, same: Tensor) -> Tensor:
    """Each picture from `changed` with a probability of `share`, else from `same`."""
    return torch.where(_uniform(same, 0, 1) < share, changed, same)


def _places(like: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates of the pixels, -1..1 down and across: (1,1,H,1) and (1,1,1,W)."""
    down, across = (torch.linspace(-1, 1, side, device=like.device) for side in like.shape[2:])
    return down.view(1, 1, -1, 1), across.view(1, 1, 1, -1)


def _stains(grey: Tensor) -> Tensor:
    """Uneven fading of a print: 4x4 random values around 0, enlarged to broad light and dark patches."""
    few = torch.randn(len(grey), 1, 4, 4, device=grey.device)
    return F.interpolate(few, size=grey.shape[2:], mode="bicubic", align_corners=False)


def vignette(grey: Tensor) -> Tensor:
    """Fall-off of a simple lens: a factor of 1 in the middle, 0.4 to 0.8 in the corners."""
    down, across = _places(grey)
    return 1 - _uniform(grey, 0.2, 0.6) * ((down**2 + across**2) / 2) ** _uniform(grey, 0.8, 2.0)


def scratched(grey: Tensor) -> Tensor:
    """Scratches: up to MAX_SCRATCHES thin, nearly vertical lines over part of the height, nearly white or black."""
    down, across = _places(grey)
    slope, place = 0.15 * torch.randn_like(_uniform(grey, 0, 1, MAX_SCRATCHES)), _uniform(grey, -1, 1, MAX_SCRATCHES)
    # Lines are 0.3 to 1.2 px wide; in these coordinates a pixel is 2 / W wide.
    half_width = _uniform(grey, 0.3, 1.2, MAX_SCRATCHES) / grey.shape[3]
    middle, length = _uniform(grey, -1, 1, MAX_SCRATCHES), _uniform(grey, 0.2, 1.5, MAX_SCRATCHES)
    near = ((half_width - (across - place - slope * down).abs()) * grey.shape[3] / 2 + 0.5).clamp(0, 1)
    return _covered(grey, near * ((down - middle).abs() < length))


def dusty(grey: Tensor) -> Tensor:
    """Dust: up to MAX_SPECKS discs with a radius of 0.25 to 1.6 % of the side."""
    down, across = _places(grey)
    y, x = _uniform(grey, -1, 1, MAX_SPECKS), _uniform(grey, -1, 1, MAX_SPECKS)
    radius = _uniform(grey, 0.005, 0.032, MAX_SPECKS)
    distance = ((down - y) ** 2 + (across - x) ** 2).sqrt()
    return _covered(grey, ((radius - distance) * grey.shape[3] / 2 + 0.5).clamp(0, 1))


def _covered(grey: Tensor, marks: Tensor) -> Tensor:
    """The picture under a random number of the marks, opacities (N,K,H,W) 0..1, each nearly white or black."""
    marks = marks * (_uniform(grey, 0, 1, marks.shape[1]) < _uniform(grey, 0.2, 1))
    tone = (_uniform(grey, 0, 1, marks.shape[1]) < 0.65).float() * 0.9 + 0.05
    alpha, which = marks.max(1, keepdim=True)
    return grey + alpha * (tone.expand_as(marks).gather(1, which) - grey)
