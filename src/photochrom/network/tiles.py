"""A plane that is too large for one run of the network: in overlapping tiles, whose answers are blended."""

from __future__ import annotations

import numpy as np

from photochrom.color.lab import Float
from photochrom.network.session import Network

TILE = 512  # pixels of the input along each side
OVERLAP = 128  # pixels that neighbouring tiles share at least
EDGE = 32  # pixels at a tile's edge whose answer isn't used: there the network sees the padding of its convolutions


def run_in_tiles(network: Network, plane: Float, hints: Float | None = None, *, tile: int = TILE) -> Float:
    """What Network.run gives, for planes of any size; a plane of up to 1.5 tiles along each side is run at once.

    Neighbouring tiles share 128 px; in the middle half of these the one's share falls as the other's grows.
    """
    height, width = plane.shape
    if max(height, width) <= tile * 3 // 2:
        return network.run(plane, hints)
    stride = network.spec.stride
    rows, columns = (_spans(n, tile, network.spec.multiple) for n in (height, width))
    out, total = None, np.zeros((height // stride, width // stride), np.float32)
    for row in rows:
        for column in columns:
            answer = network.run(
                np.ascontiguousarray(plane[row, column]), None if hints is None else hints[:, row, column]
            )
            if out is None:
                out = np.zeros((len(answer), *total.shape), np.float32)
            share = _ramp(row, height, stride)[:, None] * _ramp(column, width, stride)
            place = slice(row.start // stride, row.stop // stride), slice(column.start // stride, column.stop // stride)
            out[:, place[0], place[1]] += answer * share
            total[place] += share
    assert out is not None
    out /= total
    return out


def _spans(length: int, tile: int, multiple: int) -> list[slice]:
    """Tiles of one axis: as few as overlap enough, evenly spread, from multiples to multiples."""
    tile = max(multiple, tile // multiple * multiple)
    if length <= tile:
        return [slice(0, length)]
    count = -(-(length - OVERLAP) // max(multiple, tile - OVERLAP))
    starts = [round(i * (length - tile) / (count - 1) / multiple) * multiple for i in range(count)]
    return [slice(start, start + tile) for start in starts]


def _ramp(run: slice, length: int, stride: int) -> Float:
    """The share of one tile along an axis: 1, and falling towards an edge that has a neighbour beyond it."""
    at = np.arange((run.stop - run.start) // stride, dtype=np.float32) * stride + stride / 2
    share = np.ones_like(at)
    wide = OVERLAP - 2 * EDGE
    if run.start:
        share = np.minimum(share, (at - EDGE) / wide)
    if run.stop < length:
        share = np.minimum(share, (at[::-1] - EDGE) / wide)
    return np.clip(share, 1e-6, 1)
