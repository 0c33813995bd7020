"""A part of an uncompressed picture that was wiped, as by a failing disk or a copy that was broken off.

Any bytes are a picture there. But a wipe takes whole rows and ends anywhere: in the middle of a row it cuts off what
is beside it, which no black or white thing does whose edge goes on in the next row.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Pixels

_LEAST = 6  # pixels of the row in which a wipe begins or ends
_BESIDE = 8  # pixels of that row that are looked at before it
_JUMP = 1 / 40  # of the range: how far they are at least, on average, from what wiped pixels are
_NEAR = 1 / 128  # of the range: what counts as black or white in the row beyond
_ALIKE = 0.4  # share of that row's pixels that may be so


def wipe_note(
    pixels: Pixels,
    name: str,
    blocks: Iterable[tuple[int, int, int, int]] | None = None,
    *,
    bottom_up: bool = False,
    part: tuple[int, int] | None = None,
) -> tuple[str, ...]:
    """A sentence if a part of (H,W) or (H,W,C) uncompressed pixels looks wiped, and none otherwise.

    blocks: (top, left, height, width) of the pieces that lie on end in the file; None: the picture is one.
    bottom_up: whether its last row comes first there. part: where the pixels are some rows of a picture, their first
    and how many it has.
    """
    above, height = part or (0, len(pixels))
    step = -1 if bottom_up else 1
    for top, left, high, wide in blocks or [(0, 0, *pixels.shape[:2])]:
        if rows := wiped_rows(pixels[top : top + high, left : left + wide][::step]):
            first = high - rows.stop if bottom_up else rows.start
            where = f"row {above + top + first + 1} of {height}"
            return (
                f"{name} may be damaged: near {where} its pixels are all black or white from the middle of a row on; "
                "compare it with another copy",
            )
    return ()


def wiped_rows(pixels: Pixels) -> slice | None:
    """The first rows that look wiped of (H,W) or (H,W,C) pixels, as they lie in the file; None if none do."""
    most = int(np.iinfo(pixels.dtype).max)
    if pixels.shape[1] <= _LEAST:
        return None
    for value in (0, most):
        for rows in _runs(_all_are(pixels, value)):
            before, after = pixels[: rows.start][::-1, ::-1], pixels[rows.stop :]
            if _is_cut(before, value, most) or _is_cut(after, value, most):
                return rows
    return None


def _all_are(pixels: Pixels, value: int) -> NDArray[np.bool_]:
    """(H,) which rows hold nothing but `value`. Three columns tell nearly always that one doesn't."""
    width = pixels.shape[1]
    some = pixels[:, [0, width // 2, width - 1]] == value
    whole: NDArray[np.bool_] = some.reshape(len(pixels), -1).all(axis=1)
    for row in np.flatnonzero(whole):
        whole[row] = (pixels[row] == value).all()
    return whole


def _runs(marked: NDArray[np.bool_]) -> Iterator[slice]:
    """Each stretch that is True."""
    edges = np.flatnonzero(np.diff(marked, prepend=False, append=False)).tolist()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(start, stop)


def _is_cut(rows: Pixels, value: int, most: int) -> bool:
    """Whether the wipe goes on into the first of `rows`, which lead away from it, and ends within that row."""
    if len(rows) < 2:
        return False
    first, second = (_distance(row, value) for row in rows[:2])
    others = np.flatnonzero(first)
    if not others.size or others[0] < _LEAST:
        return False
    end = int(others[0])
    sharp = first[end : end + _BESIDE].mean() > _JUMP * most
    return bool(sharp and (second[:end] <= _NEAR * most).mean() <= _ALIKE)


def _distance(row: Pixels, value: int) -> NDArray[np.float32]:
    """(W,) how far each pixel is from `value`, in units of the samples: in the sample that is farthest."""
    far = np.abs(row.astype(np.float32) - value)
    return far if far.ndim == 1 else far.max(axis=1)
