"""What a network says of each place, smoothed within even ground and not across an edge of the lightness.

A network gives one wall two colours, and lets the colour of a plant leak into the white paper behind it. Places with
hardly a step between them should agree: exponential filters along rows and columns whose steps count the edges of L*,
as in Gastal and Oliveira, "Domain Transform for Edge-Aware Image and Video Processing" (SIGGRAPH 2011), over the
logits, or over what these are a linear map of: many places that are sure outvote a few. Each filter is a matrix
product, so that it runs in the exported file.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

EDGE = 3  # units of L*: so high a step divides two places like the whole reach
ROUNDS = 3  # across and down, each of half the reach of the one before
A_HINT = 1000  # places that a given colour outvotes on even ground
FARTHEST = 20  # e-folds: far enough to count for nothing, even four times as far no denormal number, which are slow


def trust_of(hints: Tensor, stride: int) -> Tensor:
    """For smooth(): places (N,1,H/stride,W/stride) with a given colour outvote what is around them.  hints: (N,3,H,W)
    as PhotoNet takes them."""
    return 1 + A_HINT * F.max_pool2d(hints[:, 2:], stride)


def smooth(planes: Tensor, lightness: Tensor, reach: float, trust: Tensor | None = None) -> Tensor:
    """Planes (N,C,h,w) as weighted means of what even ground says; the same shape comes back.

    lightness: (N,1,h,w) 0..100. reach: above 0, standard deviation on even ground as a share of the short side.
    trust: (N,1,h,w), above 0, how much each place counts; None for all alike.
    """
    if trust is not None:
        planes = torch.cat([planes * trust, trust], dim=1)
    light = lightness[:, 0]
    short = torch.minimum(torch.ones_like(light[0, :, 0]).sum(), torch.ones_like(light[0, 0]).sum())  # stays dynamic
    near = [_near(lines, 1 / (reach * short)) for lines in (light, light.transpose(1, 2))]
    out = planes.permute(0, 2, 3, 1)
    for _ in range(ROUNDS):
        for i in range(2):
            out = (near[i] / near[i].sum(dim=-1, keepdim=True) @ out).transpose(1, 2)
            near[i] = near[i] ** 2  # half the reach
    if trust is not None:
        out = out[..., :-1] / out[..., -1:]
    # Flat: onnxruntime joins a permute with the transpose before it, and the two in one take several times as long.
    return out.flatten(1, 2).transpose(1, 2).reshape(out.shape[0], -1, *out.shape[1:3])


def _near(light: Tensor, step: Tensor) -> Tensor:
    """How much places (N,lines,n) of a line count for each other in the first round, (N,lines,n,n) up to 1.

    They lie apart, in reaches, a step for each place and the edges between.
    """
    edges = (light[..., 1:] - light[..., :-1]).abs()
    along = F.pad(torch.cumsum(step + edges / EDGE, dim=-1), (1, 0))
    share = 3**0.5 * 2 ** (ROUNDS - 1) / (4**ROUNDS - 1) ** 0.5  # of the reach, so that all rounds add up to it
    apart = (along.unsqueeze(-1) - along.unsqueeze(-2)).abs() * (2**0.5 / share)
    return torch.exp(-apart.clamp(max=FARTHEST))
