"""Hints are met: the asked colour fills the thing that the hint lies on, up to its edges.

Two things spread a hint. The network itself, to which the hint was shown, changes what it says of places that look
alike, anywhere. And here what is still missing from the asked colour (the residual) is carried along the surface on
which the hint lies: to all places that can be reached without crossing an edge, of the lightness or of what the network
takes the picture for. Where the surfaces of several hints meet, the nearest counts.

A colour that the network finds unlikely for the place says something of that thing alone (the tram was green); one that
it finds likely says something of the whole picture (the light was warm). So the further the asked colour is from what
was expected, the less of the network's own spreading is let through beyond the thing.

The distances are geodesic: Bai and Sapiro, "Geodesic matting" (IJCV 2009).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.color.geodesic import Costs, distances, edge_costs
from photochrom.color.lab import Float
from photochrom.color.named import ab_of
from photochrom.color.resample import resize_planes
from photochrom.color.upsample import along_edges
from photochrom.guidance.hints import discs
from photochrom.settings import Hint

EDGE = 5.5  # units of L*: an edge of this height is as far as 1
OTHER = 0.5  # Hellinger distance of what the network says of two neighbours that is as far as 1
ALIKE = 0.2  # Hellinger distance within which the network takes places for the same: there its spreading is let through
AS_LIGHT = 6.0  # units of L*: and of the same lightness within about this
WAY = 0.003  # how far a step on even ground is, on a map of 256 px
INSIDE, OUTSIDE = 1.5, 3.0  # a thing reaches from its hint so far: wholly, and not any more
NEAREST = 0.02  # a distance below which two hints count alike
PLANES = 8  # principal directions of what the network says, of which edges are made
EXPECTED = 20.0  # ab units: an asked colour is expected when as much of the distribution lies so near to it
_AT_ONCE = 32  # colours whose distances are held at once: 8 MB of 256 x 256 px


def meet_hints(
    plain: Float, hinted: Float, hints: Sequence[Hint], lightness: Float, *, likely: float, beliefs: Float
) -> Float:
    """The colours (H,W,2) float32, ab units, on the grid of `lightness`, with the hints met; a later one wins.

    plain, hinted: (h,w,2), what the network says without and with the hints. lightness: (H,W), L* 0..100. likely: how
    likely the asked colours are, 0..1. beliefs: (c,h,w), planes that differ where the network takes places for
    different things: see `beliefs_of`.
    """
    plain, hinted = along_edges(plain, lightness), along_edges(hinted, lightness)
    colors, covered = _by_color(hints, lightness.shape)
    costs = _costs(lightness, beliefs)
    steps = range(0, len(colors), _AT_ONCE)
    reach = np.zeros(lightness.shape, np.float32)
    for i in steps:
        reach = np.maximum(reach, _reach(distances(covered[i : i + _AT_ONCE], costs)).max(axis=0))
    alike = np.maximum(_likeness(beliefs, hints, lightness), np.float32(likely * (1 - 1 / len(colors))))
    share = np.maximum(reach, alike)[..., None]
    out = plain + (hinted - plain) * share
    missing = colors - np.stack([out[places].mean(axis=0) for places in covered])
    change, total = np.zeros_like(out), np.full(lightness.shape, 1e-6, np.float32)
    for i in steps:
        ways = distances(covered[i : i + _AT_ONCE], costs)
        weights = _reach(ways) / (np.maximum(ways, 0) + np.float32(NEAREST))
        total += weights.sum(axis=0)
        change += np.tensordot(weights, missing[i : i + _AT_ONCE], axes=(0, 0))
    out += change * (reach / total)[..., None]
    for color, places in zip(colors, covered, strict=True):
        out[places] = color
    return np.asarray(out, np.float32)


def beliefs_of(logits: Float) -> Float:
    """Planes (c,h,w) float32 of a distribution's logits (Q,h,w): distances between them are Hellinger's, nearly.

    The square roots of the probabilities, in their principal directions.
    """
    bins, height, width = logits.shape
    roots = np.exp((logits - logits.max(axis=0)) / 2).reshape(bins, -1)
    roots /= np.sqrt((roots * roots).sum(axis=0))
    roots -= roots.mean(axis=1, keepdims=True)
    _, directions = np.linalg.eigh(roots @ roots.T)
    planes = directions[:, : -PLANES - 1 : -1].T @ roots
    return np.ascontiguousarray(planes.reshape(-1, height, width), np.float32)


def likelihood(logits: Float, centres: Float, hints: Sequence[Hint]) -> float:
    """How likely the hints' colours are where they lie, 0..1: the probability of colours near them, beside that of
    colours near the expected one; the mean over the hints. logits: (Q,h,w), without hints; centres: (Q,2)."""
    found = []
    for hint, disc in zip(hints, discs(hints, logits.shape[:0:-1], logits.shape[1:]), strict=True):
        mass = np.exp(logits[:, disc] - logits[:, disc].max(axis=0))
        mass = (mass / mass.sum(axis=0)).mean(axis=1)
        near, usual = (
            float(mass[np.hypot(*(centres - color).T) <= EXPECTED].sum())
            for color in (np.array(ab_of(hint.color)), mass @ centres)
        )
        found.append(min(1.0, near / max(usual, 1e-6)))
    return float(np.mean(found))


def _by_color(hints: Sequence[Hint], shape: tuple[int, ...]) -> tuple[Float, NDArray[np.bool_]]:
    """The different colours (n,2) in ab units, and the places (n,h,w) that each is asked for; no place twice."""
    height, width = shape
    masks: dict[tuple[float, float], NDArray[np.bool_]] = {}
    for hint in hints:
        (disc,) = discs([hint], (width, height), (height, width))
        for mask in masks.values():
            mask[disc] = False
        color = ab_of(hint.color)
        masks[color] = masks.get(color, np.zeros((height, width), bool)) | disc
    left = {color: mask for color, mask in masks.items() if mask.any()}
    return np.array(list(left), np.float32).reshape(-1, 2), np.stack(list(left.values()))


def _likeness(beliefs: Float, hints: Sequence[Hint], lightness: Float) -> Float:
    """How much each place of a lightness (H,W) looks like that of a hint to the network and is as light, 0..1."""
    _, height, width = beliefs.shape
    light = resize_planes(lightness, (width, height)) * np.float32(1 / AS_LIGHT)
    looks = np.concatenate([beliefs * np.float32(1 / ALIKE), light[None]])
    nearest = np.full((height, width), np.inf, np.float32)
    for disc in discs(hints, (width, height), (height, width)):
        gap = looks - looks[:, disc].mean(axis=1)[:, None, None]
        np.minimum(nearest, (gap * gap).sum(axis=0), out=nearest)
    return resize_planes(np.exp(nearest * np.float32(-0.5)), (lightness.shape[1], lightness.shape[0]))


def _reach(ways: Float) -> Float:
    """1 on the thing, 0 beyond its edges, by the distance from the hint."""
    near = np.clip((OUTSIDE - ways) / np.float32(OUTSIDE - INSIDE), 0, 1)
    return np.asarray(near * near * (3 - 2 * near), np.float32)


def _costs(lightness: Float, beliefs: Float) -> Costs:
    """What the way between neighbours costs."""
    height, width = lightness.shape
    steps = edge_costs(lightness[None] / np.float32(EDGE), WAY * 256 / min(height, width), even=True)
    turns = edge_costs(resize_planes(beliefs, (width, height)) / np.float32(OTHER), 0)
    return Costs(*(step + np.sqrt(turn) for step, turn in zip(steps, turns, strict=True)))
