"""Small maps at another size.  numpy only.

Each axis is resampled by itself, as products with weight matrices.  A matrix covers a run of neighbouring output
places and only the input places that these need, so that it stays small, whatever the picture's size.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float
from photochrom.color.product import product

Kind = Literal["area", "line", "spline"]  # area mean, for fewer places; straight lines or a cubic B-spline, for more
_RUN, _SOURCE = 64, 512  # output and input places of one matrix at most, which would be larger mostly zeros
_THIN = 1024  # times as many input as output places, which only pictures like a thread have


class Run(NamedTuple):
    """Output places `target` from input places `source`: weights (outputs, inputs), float32; each row sums to 1.

    across: the same (inputs, outputs), which products with columns take half as long with as with weights.T.
    """

    target: slice
    source: slice
    weights: Float
    across: Float


def run_of(n_in: int, n_out: int, first: int, last: int, kind: Kind) -> Run:
    """The output places first..last (not included) of an axis that goes from n_in to n_out places."""
    if kind == "area":
        edges = np.arange(first, last + 1) * (n_in / n_out)
        low, high = int(edges[0]), max(int(edges[0]) + 1, min(n_in, int(np.ceil(edges[-1] - 1e-9))))
        inputs = np.arange(low, high)
        weights = np.minimum(edges[1:, None], inputs + 1) - np.maximum(edges[:-1, None], inputs)
        weights = np.maximum(weights, 0) / (n_in / n_out)
    else:
        index, taps = _taps(n_in, n_out, first, last, kind)
        low, high = int(index.min()), int(index.max()) + 1
        weights = np.zeros((last - first, high - low))
        np.add.at(weights, (np.arange(last - first)[:, None], index - low), taps)
    weights = weights.astype(np.float32)
    return Run(slice(first, last), slice(low, high), weights, np.ascontiguousarray(weights.T))


def _taps(n_in: int, n_out: int, first: int, last: int, kind: Kind) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Which input places (n, taps) an output place is made of, the border repeated, and their weights (n, taps)."""
    at = (np.arange(first, last) + 0.5) * (n_in / n_out) - 0.5
    i = np.floor(at)
    t = at - i
    if kind == "line":
        weights, offsets = np.stack([1 - t, t], axis=1), np.arange(2)
    else:  # never negative, so no colour beyond the neighbours' appears
        weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (t + t**2 - t**3) + 1, t**3], axis=1) / 6
        offsets = np.arange(-1, 3)
    return np.clip(i.astype(np.intp)[:, None] + offsets, 0, n_in - 1), weights


@lru_cache(maxsize=64)
def runs_of(n_in: int, n_out: int, kind: Kind, step: int = _RUN) -> tuple[Run, ...]:
    """All output places of an axis, `step` at a time."""
    return tuple(run_of(n_in, n_out, i, min(i + step, n_out), kind) for i in range(0, n_out, step))


def _runs(n_in: int, n_out: int, kind: Kind) -> Iterable[Run]:
    """The same, fewer at a time where a matrix of many places would be mostly zeros, and huge."""
    if n_in <= _THIN * n_out:
        return runs_of(n_in, n_out, kind, max(1, min(_RUN, _SOURCE * n_out // n_in)))
    return (run_of(n_in, n_out, i, i + 1, kind) for i in range(n_out))


def resize_planes(x: Float, size: tuple[int, int]) -> Float:
    """Maps (...,h,w) at size (w,h), float32: area mean along an axis that shrinks, straight lines where it grows."""
    for axis, n in ((-2, size[1]), (-1, size[0])):
        old = x.shape[axis]
        if n == old:
            continue
        out = np.empty((*x.shape[:-2], n, x.shape[-1]) if axis == -2 else (*x.shape[:-1], n), np.float32)
        for run in _runs(old, n, "area" if n < old else "line"):
            if axis == -2:
                product(run.weights, x[..., run.source, :], out[..., run.target, :])
            else:
                product(x[..., run.source], run.across, out[..., run.target])
        x = out
    return x


def mean3(x: Float) -> Float:
    """Maps (...,h,w), each place the mean of the 3 x 3 around it, the border repeated."""
    for axis in (-1, -2):
        y, total = x.swapaxes(axis, -1), x.copy()
        t = total.swapaxes(axis, -1)
        t[..., 1:] += y[..., :-1]
        t[..., :-1] += y[..., 1:]
        t[..., 0] += y[..., 0]
        t[..., -1] += y[..., -1]
        x = total
    x *= np.float32(1 / 9)
    return x


def resize(x: Float, size: tuple[int, int]) -> Float:
    """A small float map (h,w) or (h,w,c) at size (w,h), float32: area mean where it shrinks, straight lines where it
    grows."""
    x = np.asarray(x, np.float32)
    if x.ndim == 2:
        return np.ascontiguousarray(resize_planes(x, size))
    planes = np.ascontiguousarray(x.transpose(2, 0, 1))
    return np.ascontiguousarray(resize_planes(planes, size).transpose(1, 2, 0))
