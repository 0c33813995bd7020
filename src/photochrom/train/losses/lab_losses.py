"""Losses of networks that predict lightness too: what is compared is L*, a* and b*, and the pictures that they make."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.train.networks.blocks import resized

# As in photochrom.color.repaint: L* to a unit of the guide where nothing is known of it, and the variance of the guide,
# units of L* squared, below which that is so.
USUAL, EVEN = 0.7, 30.0


def chroma_strength(ab: Tensor) -> Tensor:
    """(N,2,h,w) ab units -> (N,): how strong and how varied the colours are, after Hasler and Suesstrunk (2003)."""
    spread = ab.flatten(2).var(2, unbiased=False).sum(1)
    return torch.sqrt(spread + 1) + 0.3 * torch.sqrt(ab.mean((2, 3)).square().sum(1) + 1)


def chroma_loss(guess: Tensor, truth: Tensor) -> Tensor:
    """How far the pictures' chroma_strength is from the truth's, as a share of it."""
    wanted = chroma_strength(truth)
    return ((chroma_strength(guess) - wanted).abs() / (wanted + 5)).mean()


def carried_over(lightness: Tensor, guide: Tensor) -> Tensor:
    """A small lightness (N,1,h,w) at the size of its guide (N,1,H,W), with the guide's detail.

    Within a small window one is a straight line of the other (He and Sun, "Fast guided filter", 2015), as in the
    product's own upsampling; so the losses see what a person will see.
    """
    small = F.avg_pool2d(guide, guide.shape[2] // lightness.shape[2])
    mean_guide, mean = _mean3(small), _mean3(lightness)
    variance = (_mean3(small * small) - mean_guide * mean_guide).clamp(min=0)
    slope = _mean3((_mean3(small * lightness) - mean_guide * mean + EVEN * USUAL) / (variance + EVEN))
    offset = lightness - slope * small
    return resized(slope, guide.shape[2:]) * guide + resized(offset, guide.shape[2:])


def _mean3(planes: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(planes, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
