"""Edge-aware smoothing of a network's output: within even areas of the lightness, not across its edges.

A network gives one wall two colours, and lets the colour of a plant leak into the white paper behind it. Places with
hardly a step of lightness between them should agree. Exponential filters along rows and columns, in which edges of L*
count as distance, average the logits (or features of which these are a linear map), so that many confident places
outweigh a few: Gastal and Oliveira, "Domain Transform for Edge-Aware Image and Video Processing" (SIGGRAPH 2011). Each
filter is a matrix product, so that it runs in the exported file.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

EDGE = 3  # units of L*: a step of this height separates two places as far as one whole reach does
ROUNDS = 3  # passes along rows and columns, each with half the reach of the one before
HINT_WEIGHT = 1000  # of a place with a user's colour, beside 1 for any other
MAX_EXPONENT = 20  # weights are at least exp(-20), negligible, and after squaring twice no slow denormal number


def hint_weights(hints: Tensor, stride: int) -> Tensor:
    """Weights for smooth() that let a user's colours dominate their area.

    hints: (N,3,H,W) as PhotoNet takes them -> (N,1,H/stride,W/stride).
    """
    return 1 + HINT_WEIGHT * F.max_pool2d(hints[:, 2:], stride)


def smooth(planes: Tensor, lightness: Tensor, reach: float, weights: Tensor | None = None) -> Tensor:
    """Planes (N,C,h,w) averaged within even areas; the same shape comes back.

    lightness: (N,1,h,w) 0..100. reach: above 0, standard deviation on an even area as a share of the short side.
    weights: (N,1,h,w), above 0, of each place in the means; None for all alike.
    """
    if weights is not None:
        planes = torch.cat([planes * weights, weights], dim=1)
    light = lightness[:, 0]
    # Counted, not read from the shape, so that the exported graph takes any size.
    short = torch.minimum(torch.ones_like(light[0, :, 0]).sum(), torch.ones_like(light[0, 0]).sum())
    kernels = [_kernel(lines, 1 / (reach * short)) for lines in (light, light.transpose(1, 2))]
    out = planes.permute(0, 2, 3, 1)
    for _ in range(ROUNDS):
        for i in range(2):
            out = (kernels[i] / kernels[i].sum(dim=-1, keepdim=True) @ out).transpose(1, 2)
            kernels[i] = kernels[i] ** 2  # half the reach
    if weights is not None:
        out = out[..., :-1] / out[..., -1:]
    # Flattened, since onnxruntime fuses a permute with the transpose before it into one that is several times slower.
    return out.flatten(1, 2).transpose(1, 2).reshape(out.shape[0], -1, *out.shape[1:3])


def _kernel(light: Tensor, step: Tensor) -> Tensor:
    """Weights (N,lines,n,n), up to 1, of the places of each line (N,lines,n) for each other in the first round.

    step: distance between neighbours, in reaches; edges of the lightness add to it.
    """
    edges = (light[..., 1:] - light[..., :-1]).abs()
    position = F.pad(torch.cumsum(step + edges / EDGE, dim=-1), (1, 0))
    share = 3**0.5 * 2 ** (ROUNDS - 1) / (4**ROUNDS - 1) ** 0.5  # of the reach, so that all rounds add up to it
    distance = (position.unsqueeze(-1) - position.unsqueeze(-2)).abs() * (2**0.5 / share)
    return torch.exp(-distance.clamp(max=MAX_EXPONENT))
