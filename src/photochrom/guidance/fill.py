"""Hints are met: the asked colour fills the thing that the hint lies on, up to its edges.

A hint may be taken in two ways. A colour far from what the network expects there says something of that thing alone
(the tram was green): it fills the surface on which the hint lies, all places that can be reached without crossing an
edge, of the lightness or of what the network takes the picture for; where the surfaces of several hints meet, the
nearest counts. One that is near says something of the whole picture (the light was warm): the network, to which the
hints were shown, spreads it, and what is still missing from the asked colours (the residuals) is interpolated between
all hints by kriging, so that many points tell of the places between them. They also tell how lively the picture is:
what the network spreads is paled or strengthened by how the asked colours compare with those it expected. The two ways
are mixed by how far the colours are from the expected ones; of many hints less is asked, as many far ones mean that the
network is wrong about the picture.

The distances are geodesic: Bai and Sapiro, "Geodesic matting" (IJCV 2009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from photochrom.color.geodesic import Costs, distances, edge_costs
from photochrom.color.kriging import covariance, factor_of, solve
from photochrom.color.lab import Float
from photochrom.color.named import ab_of
from photochrom.color.resample import resize_planes
from photochrom.color.upsample import along_edges
from photochrom.guidance.hints import discs
from photochrom.settings import Hint

EDGE = 5.5  # units of L*: an edge of this height is as far as 1
OTHER = 0.5  # Hellinger distance of what the network says of two neighbours that is as far as 1
WAY = 0.003  # how far a step on even ground is, on a map of 256 px
INSIDE, OUTSIDE = 1.4, 1.8  # a thing reaches from its hint so far: wholly, and not any more
NEAREST = 0.02  # a distance below which two hints of one thing count alike
RANGE = 10.0  # distance at which what two places miss has exp(-1) in common,
ALIKE = 100.0, 1.2  # and units of L*, and Hellinger distance of what the network says of them, at which it has, too
EXPECTED = 20.0, 26.0  # ab units: so far from what was expected a single hint says all, and nothing, of the rest
GREY = 2.0  # ab units: a hint of less chroma says that there is no colour
PLANES = 8  # principal directions of what the network says, of which edges are made
_AT_ONCE = 32  # colours whose distances are held at once: 8 MB of 256 x 256 px


def meet_hints(plain: Float, hinted: Float, hints: Sequence[Hint], lightness: Float, *, beliefs: Float) -> Float:
    """The colours (H,W,2) float32, ab units, on the grid of `lightness`, with the hints met; a later one wins.

    plain, hinted: (h,w,2), what the network says without and with the hints. lightness: (H,W), L* 0..100. beliefs:
    (c,h,w), planes that differ where the network takes places for different things: see `beliefs_of`.
    """
    plain, hinted = along_edges(plain, lightness), along_edges(hinted, lightness)
    colors, covered = _by_color(hints, lightness.shape)
    costs = _costs(lightness, beliefs)
    reach = np.zeros(lightness.shape, np.float32)
    looks = _looks(lightness, beliefs)
    of_hints = np.stack([looks[:, places].mean(axis=1) for places in covered])
    between = np.linalg.norm(of_hints[:, None] - of_hints, axis=-1)
    for some, ways in _ways(covered, costs):
        reach = np.maximum(reach, _reach(ways).max(axis=0))
        between[some] += np.stack([ways[:, places].mean(axis=1) for places in covered], axis=1) / np.float32(RANGE)
    expected = np.stack([plain[places].mean(axis=0) for places in covered])
    beyond = _beyond(colors, expected)
    out = plain + (hinted * np.float32(factor_of(colors, expected, between)) - plain) * beyond
    asked = colors - np.stack([out[places].mean(axis=0) for places in covered])
    known = solve(asked, between)
    everywhere, inside = np.zeros_like(out), np.zeros_like(out)
    left, total = np.ones(lightness.shape, np.float32), np.full(lightness.shape, 1e-6, np.float32)
    for some, ways in _ways(covered, costs):
        apart = np.stack([np.linalg.norm(looks - own[:, None, None], axis=0) for own in of_hints[some]])
        near = covariance(ways / np.float32(RANGE) + apart)
        everywhere += np.tensordot(near, known.values[some], axes=(0, 0))
        left -= np.tensordot(near, known.ones[some], axes=(0, 0))
        weights = _reach(ways) / (ways + np.float32(NEAREST))
        inside += np.tensordot(weights, colors[some], axes=(0, 0))
        total += weights.sum(axis=0)
    holds = left * (reach + (1 - reach) * np.float32(known.trust))  # how much of the residuals' mean counts
    out += (everywhere + known.mean * holds[..., None]) * beyond
    out += (inside / total[..., None] - out) * (reach * (1 - beyond))[..., None]
    for color, places in zip(colors, covered, strict=True):
        out[places] = color
    return np.asarray(out, np.float32)


def _ways(covered: NDArray[np.bool_], costs: Costs) -> Iterator[tuple[slice, Float]]:
    """Distances (n,h,w) from the places of a few colours at once, and which of them these are."""
    for i in range(0, len(covered), _AT_ONCE):
        some = slice(i, i + _AT_ONCE)
        yield some, distances(covered[some], costs)


def _beyond(colors: Float, expected: Float) -> np.float32:
    """How much of what hints say counts beyond their things, 0..1, by how far (n,2) each is from what was expected.

    Grey is no light that a picture might be in: it always says something of its thing.
    """
    near, far = EXPECTED
    away = np.linalg.norm(colors - expected, axis=1)
    away[np.linalg.norm(colors, axis=1) < GREY] = far
    share = np.clip((far - float(away.mean()) / len(away) ** 0.5) / (far - near), 0, 1)
    return np.float32(share * share * (3 - 2 * share))


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


def _looks(lightness: Float, beliefs: Float) -> Float:
    """Planes (c,h,w) whose distance between two places says how little they look alike, beside their way."""
    height, width = lightness.shape
    light, other = (np.float32(1 / far) for far in ALIKE)
    return np.concatenate([lightness[None] * light, resize_planes(beliefs, (width, height)) * other])


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
