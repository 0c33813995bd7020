"""The Frechet distance of two sets of features, fast for few pictures, and its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.train.measure.arrays import Features

Array = Features | NDArray[np.float64]


def frechet_distance(a: Array, b: Array) -> float:
    """Of two sets of features (n,d) and (m,d): |mean gap|^2 + tr(A + B - 2 sqrt(A B)), A and B their covariances.

    Heusel et al., NeurIPS 2017 (Frechet 1957; Dowson & Landau 1982). With A = X'X and B = Y'Y of the centred rows,
    tr sqrt(A B) is the sum of the singular values of X Y', which needs no root of a singular matrix and, with fewer
    pictures than features, is far smaller than A.
    """
    mean_a, x = _centered(a)
    mean_b, y = _centered(b)
    gap = float(((mean_a - mean_b) ** 2).sum())
    if len(x) * len(y) > x.shape[1] ** 2:  # many pictures: R of X = QR has the same X'X and is d x d
        x, y = _triangle(x), _triangle(y)
    root = float(np.linalg.svd(x @ y.T, compute_uv=False).sum())
    return max(0.0, gap + float((x * x).sum() + (y * y).sum()) - 2 * root)


def _triangle(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """R of rows = Q R where that is the smaller one."""
    return np.asarray(np.linalg.qr(rows, mode="r")) if len(rows) > rows.shape[1] else rows


def _centered(rows: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = np.asarray(rows, np.float64)
    mean = rows.mean(axis=0)
    return mean, (rows - mean) / np.sqrt(max(1, len(rows) - 1))


def frechet_error(a: Array, b: Array, *, draws: int, seed: int = 0) -> float:
    """Standard error of the distance between partners (n,d): a paired bootstrap over pictures.

    The distance itself can't be read off the draws: with repeated pictures it comes out too large. Their spread can.
    """
    rng = np.random.default_rng(seed)
    n = len(a)
    drawn = (rng.integers(0, n, n) for _ in range(draws))
    return float(np.std([frechet_distance(a[rows], b[rows]) for rows in drawn], ddof=1))
