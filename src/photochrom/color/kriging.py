"""Simple kriging: what is known at some points, estimated for places in between, by how much they have in common.

Matheron, "Principles of geostatistics" (Economic Geology 1963); the same as the mean of a Gaussian process. A place has
the covariance exp(-d) with a point that lies d away; any measure of distance will do, as what it makes negative is cut
off. The points share an unknown mean besides, which counts far from all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float

NUGGET = 0.02  # variance of a point's own error, in that of what is estimated: near points that differ are averaged
MEAN = 0.05  # variance of the mean, the same
SPREAD = 20.0  # ab units: standard deviation of what is estimated, about an expectation times a factor,
FACTOR = 0.3, 1.5  # and of that factor about 1, when nothing is known; its most


class Kriging(NamedTuple):
    """Of n points with values of c kinds. values, ones (n,c), (n,): what each point adds to an estimate, and to how
    much is known there. mean: (c,), of the values, by generalised least squares. trust: 0..1, of that mean."""

    values: Float
    ones: Float
    mean: Float
    trust: float


def solve(values: Float, distances: Float) -> Kriging:
    """values (n,c) and the distances (n,n) between their points, float32, to what `covariance` is multiplied by.

    For a place: e = sum(covariance * values), s = 1 - sum(covariance * ones); the estimate is e + s * trust * mean, or
    e + s * mean where the mean is known to hold.
    """
    inverse = _inverse(distances, np.full(len(values), NUGGET))
    ones = inverse.sum(axis=1)
    weight = max(float(ones.sum()), 1e-6)
    weighted = inverse @ values
    mean = weighted.sum(axis=0) / weight
    trust = MEAN / (MEAN + 1 / weight)
    return Kriging(np.asarray(weighted, np.float32), np.asarray(ones, np.float32), np.asarray(mean, np.float32), trust)


def factor_of(values: Float, expected: Float, distances: Float) -> float:
    """How much more there is of what was expected (n,c) at points, by the values (n,c) there: 0..1.5, 1 for no points.

    A line through nothing by generalised least squares, as in regression kriging (Hengl, Heuvelink and Rossiter, "About
    regression-kriging", Computers & Geosciences 2007), with a prior: near points count as one. distances: (n,n), as for
    `solve`.
    """
    weighted = _inverse(distances, np.full(len(values), NUGGET), MEAN) @ expected / SPREAD**2
    deviation, most = FACTOR
    prior = deviation**-2
    return float(np.clip(((weighted * values).sum() + prior) / ((weighted * expected).sum() + prior), 0, most))


def weights_of(between: Float, to: Float, errors: Float) -> Float:
    """What n points count at m places (n,m), with no mean: 0 for all where a place has nothing in common with them.

    between, to: distances (n,n) and (n,m). errors: (n,) variance of each point's own error, in that of the values.
    """
    return np.asarray(_inverse(between, errors + NUGGET) @ covariance(to), np.float32)


def covariance(distances: Float) -> Float:
    """Of places with a point that they lie so far from: 1 at it, 0 far away."""
    return np.asarray(np.exp(-distances), np.float32)


def _inverse(distances: Float, errors: Float, mean: float = 0.0) -> NDArray[np.float64]:
    """Of the covariance (n,n) of points, without what isn't one, with their own errors (n,) and a mean's variance."""
    variances, axes = np.linalg.eigh(np.exp(-(distances + distances.T) / 2).astype(np.float64))
    between = (axes * np.maximum(variances, 0)) @ axes.T
    return np.asarray(np.linalg.inv(between + mean + np.diag(errors)), np.float64)
