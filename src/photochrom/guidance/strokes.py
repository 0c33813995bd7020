"""Strokes painted on transparent ground, as hints: discs that cover each stroke."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import rgb_to_lab
from photochrom.color.resample import resize
from photochrom.errors import UsageError
from photochrom.photo import Photo
from photochrom.settings import Hint

_SHORT = 256  # px of the map on which strokes are read: what the networks see of a picture
_MOST = 2000  # discs: more are no strokes but a picture
_ALIKE = 6.0  # ab units within which neighbouring places are one colour
_OPAQUE = 0.5


def hints_of_strokes(painted: Photo, *, name: str) -> tuple[Hint, ...]:
    """Hints (unit "share") that cover what is painted: at least half opaque, on ground that is transparent.

    painted: RGB with alpha, of the same shape as the picture it belongs to, at any size. Raises UsageError.
    """
    if painted.alpha is None or painted.alpha.min() > 0:
        raise UsageError(
            f"{name} has no transparent ground: paint the strokes on an empty layer over the picture and save that"
        )
    scale = min(1.0, _SHORT / min(painted.size))
    size = max(1, round(painted.width * scale)), max(1, round(painted.height * scale))
    top = np.float32(np.iinfo(painted.pixels.dtype).max)
    alpha = painted.alpha.astype(np.float32) / top
    rgb = painted.pixels if painted.pixels.ndim == 3 else np.repeat(painted.pixels[..., None], 3, axis=2)
    ab = rgb_to_lab(rgb.astype(np.float32) / top)[..., 1:] * alpha[..., None]
    share = resize(alpha, size)
    left = share >= _OPAQUE
    if not left.any():  # strokes thinner than a place of the map
        left = share >= min(_OPAQUE, float(share.max())) if share.max() > 0 else left
    colors = resize(ab, size) / np.maximum(share, np.float32(1e-6))[..., None]
    if not left.any():
        raise UsageError(f"{name} has nothing painted on it: strokes must be at least half opaque")
    hints: list[Hint] = []
    while left.any():
        if len(hints) == _MOST:
            raise UsageError(f"{name} is painted with more than strokes: leave most of it transparent")
        y, x = (int(v[0]) for v in np.nonzero(left))
        color = colors[y, x]
        same = left & (np.hypot(*(colors - color).transpose(2, 0, 1)) <= _ALIKE)
        a, b = np.median(colors[same], axis=0)
        for row, column, radius in _cover(same, _MOST - len(hints)):
            hints.append(
                Hint((column + 0.5) / size[0], (row + 0.5) / size[1], (float(a), float(b)), radius / min(size), "share")
            )
        left &= ~same
    return tuple(hints)


def _cover(mask: NDArray[np.bool_], most: int) -> list[tuple[int, int, float]]:
    """Discs (row, column, radius in places) inside a mask that cover it, the largest first; at most `most`."""
    depth = _depth(mask)
    rows, columns = np.nonzero(mask)
    order = np.argsort(-depth[rows, columns], kind="stable")
    covered = ~mask
    found = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if covered[row, column]:
            continue
        reach = int(depth[row, column])
        radius = max(0.6, reach - 0.5)
        top, left = max(0, row - reach), max(0, column - reach)
        part = covered[top : row + reach + 1, left : column + reach + 1]
        y, x = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
        part |= (y - row) ** 2 + (x - column) ** 2 <= radius**2
        found.append((row, column, radius))
        if len(found) == most:
            break
    return found


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Steps from each place of a mask (h,w) to its border, by turns of 4 and 8 neighbours, nearly as the crow flies."""
    depth = np.zeros(mask.shape, np.intp)
    left = np.pad(mask, 1)
    step = 0
    while left.any():
        depth += left[1:-1, 1:-1]
        inner = left[1:-1, 1:-1] & left[:-2, 1:-1] & left[2:, 1:-1] & left[1:-1, :-2] & left[1:-1, 2:]
        if step % 2:
            inner &= left[:-2, :-2] & left[:-2, 2:] & left[2:, :-2] & left[2:, 2:]
        left = np.pad(inner, 1)
        step += 1
    return depth
