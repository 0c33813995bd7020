"""From the network's small L*, a* and b* to the full-size picture, with the detail of a picture whose intensity is
not lightness: a drawing's lines, an infrared frame's texture.

Inside a small window lightness is taken for a straight line of that intensity, as chroma is of lightness (upsample):
L* = A * intensity + B. What lies between the network's places is then the intensity's own detail, at full size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from photochrom.color.gamut import write_rgb
from photochrom.color.lab import DELTA, Float, Pixels
from photochrom.color.levels import Levels
from photochrom.color.lightness import check_pixels, lightness
from photochrom.color.resample import resize_planes
from photochrom.color.upsample import Grid, by_tiles, fit
from photochrom.errors import UsageError

Detail = Callable[[Float, Float], tuple[Float, Float]]  # intensity (h,w) and L* (h',w') -> A and B, each (h,w)

# L* to a unit of intensity where nothing is known of it. With the true small L* of near-infrared frames given, 0.5 and
# 0.7 came nearest to the truth at full size, of 0 to 1; 0.7 has 80 % of the gradients of the truth, and 0 has 30 %.
USUAL = 0.7
BEYOND = 15.0  # units: a spot that is so much blacker than black, or whiter than white, keeps its detail
BLOCK = 1024  # places of the grid along each side whose maps are made at once,
MARGIN = 16  # of the network's places beyond them that their maps depend on
FILLED = 20.0  # intensity below which a place is filled with ink: there are no lines on it


def repaint(
    pixels: Pixels,
    lab_low: Float,
    *,
    guide: Float,
    levels: Levels,
    detail: Detail,
    keep: float = 0.0,
    threads: int | None = None,
) -> Pixels:
    """The picture in colour, (H,W,3) of the same dtype: `lab_low` upsampled along its edges, with its detail.

    pixels: (H,W) grey or (H,W,3) sRGB, uint8 or uint16. lab_low: (h,w,3) float32, L* 0..100, a*, b*, covering the same
    field of view. guide: what shrink_lightness gave for this picture, (h',w') with h' >= h. levels: by which the
    network was shown it. detail: `texture` or `lines`. keep: 0..1, how much of the picture's own lightness is mixed in.
    Works tile by tile, as paint does. Raises UsageError when shapes or dtypes don't fit.
    """
    check_pixels(pixels)
    if lab_low.ndim != 3 or lab_low.shape[2] != 3 or 0 in lab_low.shape:
        raise UsageError(f"lab_low must be (h,w,3) and not empty, got {lab_low.shape}")
    height, width = pixels.shape[:2]
    lab = np.ascontiguousarray(lab_low.transpose(2, 0, 1), np.float32)
    lab = resize_planes(lab, (min(width, lab.shape[2]), min(height, lab.shape[1])))
    times = min(
        4,
        *(
            max(1, round(min(full, g) / n))
            for full, g, n in zip(pixels.shape, guide.shape, lab.shape[1:], strict=False)
        ),
    )
    small = times * lab.shape[1], times * lab.shape[2]
    line = np.stack([np.broadcast_to(np.asarray(v, np.float32), guide.shape) for v in (levels.gain, levels.offset)])
    line = resize_planes(line, small[::-1])
    seen = as_shown(resize_planes(guide, small[::-1]), line)
    own_share, share = np.float32(keep), np.float32(1 - keep)

    def write(tile: Pixels, values: Float, out: Pixels) -> None:
        own = lightness(tile)
        light, a, b = values[2:5] * as_shown(own, values[:2]) + values[5:]
        light = light.clip(0, 100) * share + own * own_share
        f = (light + np.float32(16)) * np.float32(1 / 116)
        y = np.where(f > DELTA, f * f * f, np.float32(3 * DELTA**2) * (f - np.float32(4 / 29)))
        write_rgb(y, f, np.stack([a * np.float32(1 / 500), b * np.float32(-1 / 200)]), out)

    out = np.empty((height, width, 3), pixels.dtype)
    for block in _blocks((lab.shape[1], lab.shape[2]), times):
        here, low = block.around
        bright, color = detail(seen[here], lab[0][low]), fit(seen[here], lab[1:, low[0], low[1]])
        planes = np.concatenate([line[:, here[0], here[1]], bright[0][None], color[0], bright[1][None], color[1]])
        grid = Grid(planes, small, here[0].start, here[1].start)
        window = _in_pixels(block.core[0], small[0], height), _in_pixels(block.core[1], small[1], width)
        by_tiles(pixels, grid, write, out, window=window, threads=threads)
    return out


class _Block(NamedTuple):
    """Rows and columns of a grid, and these with their surroundings there and on the network's grid."""

    core: tuple[slice, slice]
    around: tuple[tuple[slice, slice], tuple[slice, slice]]


def _blocks(low: tuple[int, int], times: int) -> Iterator[_Block]:
    """A grid `times` as fine as `low` in blocks, so that a satellite's scene needs no more memory than a picture."""
    for y in range(0, low[0], BLOCK // times):
        for x in range(0, low[1], BLOCK // times):
            core = [slice(i, min(i + BLOCK // times, n)) for i, n in ((y, low[0]), (x, low[1]))]
            wide = [slice(max(0, c.start - MARGIN), min(c.stop + MARGIN, n)) for c, n in zip(core, low, strict=True)]
            at = [tuple(slice(s.start * times, s.stop * times) for s in pair) for pair in (core, wide)]
            yield _Block((at[0][0], at[0][1]), ((at[1][0], at[1][1]), (wide[0], wide[1])))


def _in_pixels(run: slice, small: int, full: int) -> slice:
    return slice(round(run.start * full / small), round(run.stop * full / small))


def as_shown(light: Float, line: Float | Sequence[Float | float]) -> Float:
    """The intensity (h,w) as the network is shown it, and a little beyond black and white.

    line: (2,h,w), or two numbers: gain and offset of its levels.
    """
    return np.asarray(np.clip(light * line[0] + line[1], -BEYOND, 100 + BEYOND))


def texture(intensity: Float, light: Float) -> tuple[Float, Float]:
    """A and B (h,w) of a sensor's frame: a step of intensity is a step of lightness, unless the network says otherwise.

    Leaves are bright in infrared and dark in light: at their border A is negative, and inside the usual one.
    """
    slope, bias = fit(intensity, light[None], usual=USUAL)
    return slope[0], bias[0]


def lines(intensity: Float, light: Float) -> tuple[Float, Float]:
    """A and B (h,w) of a drawing: its lines lie over the colours, as ink does, and have no colour or blur of their own.

    Dark lines are taken off both the drawing and the network's L* by a closing about as wide as one of the network's
    places; then the drawing's own, sharp ones darken what is left in proportion.
    """
    height, width = intensity.shape
    reach = max(1, round(height / light.shape[0]), round(width / light.shape[1]))
    ground = _closed(intensity, reach)
    color = _closed(resize_planes(light[None], (width, height))[0], reach)
    slope = np.asarray(color / np.maximum(ground, np.float32(FILLED)), np.float32)
    return slope, np.asarray(color - slope * ground, np.float32)


def _closed(x: Float, reach: int) -> Float:
    """A grey closing (h,w) by a square: dark things narrower than 2 * reach + 1 places vanish."""
    return _extreme(_extreme(x, reach, np.maximum), reach, np.minimum)


def _extreme(x: Float, reach: int, further: Callable[[Float, Float], Float]) -> Float:
    for axis in (0, 1):
        ends = [(reach, reach) if i == axis else (0, 0) for i in (0, 1)]
        padded = np.pad(x, ends, "edge").swapaxes(0, axis)
        found = padded[: x.shape[axis]]
        for by in range(1, 2 * reach + 1):
            found = further(found, padded[by : by + x.shape[axis]])
        x = found.swapaxes(0, axis)
    return x
