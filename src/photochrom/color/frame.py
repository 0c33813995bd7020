"""What is round a print: the card mount, mat, album page or border of a scan, told by the small lightness and colour.

A mount is even ground that reaches the border of the scan and ends at the straight edges of the print. Each side of
the scan whose outermost ring is even, and as light as the others', is followed inwards, line by line, to the first
place that is lighter or darker; where these places form a straight line there is an edge. Skies, walls and snow are
even too, but seldom end in a straight line that is nearly parallel to the border, and the fewer sides a ground has
the straighter its edge must be. Round a grey print coloured card ends where its colour does, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float, Pixels, rgb_to_lab
from photochrom.color.resample import resize

RING = 0.012  # share of the short side: the outermost ring, which shows which lightness a side has
EVEN, OF_RING = 5.0, 0.95  # units of L*, share: so much of the ring is within EVEN of its median
STEP, LEAST_STEP = 5.0, 2.0  # an edge is a step of so many times the ring's mean deviation, and of so many units of L*
SLOPE = 0.06  # a print lies at most so slanted on its mount: 3.4 degrees
SQUARE = 0.02  # the slopes of its edges differ by no more: it is a rectangle
SHARP = 0.8  # of that step is taken within three pixels
# An edge that is the only one is less slanted (a roof or street is not), and lies within the outermost 0.3 of the scan:
# the horizon of the sea doesn't.
LONE = 0.03, 0.3
THIN = 0.015  # share of the short side: the mount is nowhere said to be where all sides are narrower
SMALL = 0.3  # share of each side of the scan that the print takes at least
# share of an edge that is straight, by the number of sides that the mount has: in each but one, and in that one
STRAIGHT = {4: (0.6, 0.2), 3: (0.7, 0.4), 2: (0.6, 0.6), 1: (0.7, 0.7)}
# share of an edge that something reaches over at most, by the number of sides: before a sky it often does
OVER = {4: 0.4, 3: 0.4, 2: 0.1, 1: 0.05}
PLAIN = 0.85  # share of the mount that is within EVEN of its lightness: the rest is captions and stamps
GAP = 3  # pixels at least between two prints
LEAST = 48  # pixels of the short side, below which nothing is straight
_SAMPLE = 768  # pixels of the long side that its colour is looked at with


class Edge(NamedTuple):
    """A nearly straight line: its distance from the border is `at` + `slope` times the place along the border, both
    as shares of the picture's sides; 0 and 0 where the print reaches the border."""

    at: float = 0.0
    slope: float = 0.0

    def least(self) -> float:
        """The least distance from the border."""
        return max(0.0, min(self.at, self.at + self.slope))


@dataclass(frozen=True)
class Frame:
    """Where the print is. top, bottom, left, right: its edges. gaps: (first, last) shares of the width where the
    mount shows between two prints, of a stereo card say."""

    top: Edge
    bottom: Edge
    left: Edge
    right: Edge
    gaps: tuple[tuple[float, float], ...] = ()

    def box(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns that hold the whole print, in a picture of `size` (w,h)."""
        return _span(self.top, self.bottom, size[1]), _span(self.left, self.right, size[0])

    def one(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns that hold nothing but one print, the widest."""
        rows, columns = self.box(size)
        ends = [columns.start, *(round(x * size[0]) for gap in self.gaps for x in gap), columns.stop]
        start, stop = max(zip(ends[::2], ends[1::2], strict=True), key=lambda run: run[1] - run[0])
        return _shrunk(rows), _shrunk(slice(start, stop))

    def inside(self, size: tuple[int, int], rows: slice) -> NDArray[np.bool_]:
        """Which pixels are the print's, (h,w), for some rows of a picture of `size` (w,h)."""
        y = ((np.arange(rows.start, rows.stop, dtype=np.float32) + np.float32(0.5)) / np.float32(size[1]))[:, None]
        x = ((np.arange(size[0], dtype=np.float32) + np.float32(0.5)) / np.float32(size[0]))[None, :]
        within: NDArray[np.bool_] = (y >= self.top.at + self.top.slope * x) & (
            1 - y >= self.bottom.at + self.bottom.slope * x
        )
        within &= (x >= self.left.at + self.left.slope * y) & (1 - x >= self.right.at + self.right.slope * y)
        for first, last in self.gaps:
            within &= (x < first) | (x > last)
        return within

    def holds(self, points: Iterable[tuple[float, float]], size: tuple[int, int]) -> bool:
        """Whether all places (x,y), in pixels of a picture of `size` (w,h), lie in the print's box."""
        rows, columns = self.box(size)
        return all(columns.start <= x < columns.stop and rows.start <= y < rows.stop for x, y in points)

    def hidden(self, plane: Float) -> Float:
        """A plane of the print's box, as the network is shown it: itself."""
        return plane

    def around(self, pixels: Pixels, colored: Pixels) -> Pixels:
        """The whole picture (H,W,3) of its dtype: `colored` (h,w,3), which is its box, where the print is, and
        `pixels` (H,W) or (H,W,3), as they are, everywhere else."""
        height, width = pixels.shape[:2]
        rows, _ = self.box((width, height))
        return self.around_rows(pixels, colored, 0, height, rows.start)

    def around_rows(self, pixels: Pixels, colored: Pixels, top: int, height: int, start: int) -> Pixels:
        """The same of some rows: `pixels` from row `top` on of a picture `height` high, `colored` from row `start`."""
        width = pixels.shape[1]
        out = np.array(pixels if pixels.ndim == 3 else np.broadcast_to(pixels[..., None], (*pixels.shape, 3)))
        rows, columns = self.box((width, height))
        last = min(rows.stop, top + len(pixels))
        for first in range(max(rows.start, top), last, 256):  # so that no mask of the whole picture is made
            strip = slice(first, min(first + 256, last))
            inside = self.inside((width, height), strip)[:, columns]
            mine = out[first - top : strip.stop - top, columns]
            mine[inside] = colored[first - start : strip.stop - start][inside]
        return out


def find_frame(lightness: Float, pixels: Pixels | None = None) -> Frame | None:
    """The frame of a picture's small lightness (h,w) float32, L* 0..100; None where the print is all there is.

    pixels: the picture itself, for the colour of its card; black ones, as of a picture that is too large to be held,
    say nothing of it.
    """
    if min(lightness.shape) < LEAST:
        return None
    ring = max(2, round(RING * min(lightness.shape)))
    even = _even_sides(lightness, ring)
    if not even:
        return None
    lab = lightness[..., None] if pixels is None or pixels.ndim == 2 else _in_color(lightness, pixels)
    frames = (_framed(_apart(lab, ground.color), ground) for ground in _grounds(lab, even, ring))
    return next((frame for frame in frames if frame), None)


class _Ground(NamedTuple):
    color: Float  # L*, or L*, a* and b*
    step: float  # the least distance from it that counts
    sides: list[int]  # 0..3, that it reaches: top, bottom, left, right


def _framed(apart: Float, ground: _Ground) -> Frame | None:
    """The frame that a ground makes; apart: how far each place (h,w) is from the ground."""
    height, width = apart.shape
    short, sides = min(height, width), ground.sides
    turned = _turned(apart)
    lines = [_straight(side, ground.step) if i in sides else None for i, side in enumerate(turned)]
    if any(lines[i] is None for i in sides):
        return None
    found = [line or _Line(0.0, 0.0, np.zeros(0, bool), np.zeros(0, bool)) for line in lines]
    if max(found[i].at for i in sides) < THIN * short or not _is_rectangle([found[i] for i in range(4)], sides):
        return None
    if len(sides) == 1 and found[sides[0]].at > LONE[1] * len(turned[sides[0]]):
        return None
    deep, along_side = (height, height, width, width), (width, width, height, height)
    top, bottom, left, right = (
        Edge(f.at / n, f.slope * m / n) for f, n, m in zip(found, deep, along_side, strict=True)
    )
    frame = Frame(top, bottom, left, right)
    rows, columns = frame.box((width, height))
    if rows.stop - rows.start < SMALL * height or columns.stop - columns.start < SMALL * width:
        return None
    along = (columns, columns, rows, rows)
    shares = sorted(float(found[i].near[along[i]].mean()) for i in sides)
    each, weakest = STRAIGHT[len(sides)]
    over = max(float(found[i].over[along[i]].mean()) for i in sides)
    if shares[0] < weakest or (len(shares) > 1 and shares[1] < each) or over > OVER[len(sides)]:
        return None
    same = apart < EVEN
    mount = ~frame.inside((width, height), slice(0, height))
    if not mount.any() or same[mount].mean() < PLAIN:
        return None
    return Frame(top, bottom, left, right, gaps=_gaps(same[rows, columns], columns.start, width))


def _turned(plane: Float) -> tuple[Float, ...]:
    """A plane (h,w,...) with each of its sides on top in turn: top, bottom, left, right."""
    across = plane.swapaxes(0, 1)
    return plane, plane[::-1], across, across[::-1]


def _in_color(lightness: Float, pixels: Pixels) -> Float:
    """L*, a* and b* (h,w,3) of a picture whose small lightness (h,w) is known."""
    step = -(-max(pixels.shape[:2]) // _SAMPLE)
    few = pixels[::step, ::step].astype(np.float32)
    few /= np.float32(np.iinfo(pixels.dtype).max)
    lab: Float = rgb_to_lab(resize(few, (lightness.shape[1], lightness.shape[0])))
    lab[..., 0] = lightness
    return lab


def _apart(lab: Float, color: Float) -> Float:
    """How far colours (...,n) are from one, in CIELAB units."""
    apart: Float = np.sqrt(((lab - color) ** 2).sum(axis=-1), dtype=np.float32)
    return apart


class _Line(NamedTuple):
    at: float  # pixels from the border, at the border's first place
    slope: float
    near: NDArray[np.bool_]  # at which places of the border the ground ends on the line
    over: NDArray[np.bool_]  # and at which before it


def _even_sides(lightness: Float, ring: int) -> list[int]:
    """The sides, 0..3, whose outermost ring is of one lightness."""
    rings = [side[:ring] for side in _turned(lightness)]
    return [i for i, outer in enumerate(rings) if (np.abs(outer - np.median(outer)) < EVEN).mean() >= OF_RING]


def _grounds(lab: Float, even: list[int], ring: int) -> list[_Ground]:
    """What the mount may be, the ground of most sides first; a white sky may reach the border as well as the card."""
    rings = {i: _turned(lab)[i][:ring].reshape(-1, lab.shape[-1]) for i in even}
    middles = {i: np.median(outer, axis=0).astype(np.float32) for i, outer in rings.items()}
    spreads = {i: float(_apart(outer, middles[i]).mean()) for i, outer in rings.items()}
    alike = {tuple(i for i in even if _apart(middles[i], middles[one]) < EVEN) for one in even}
    grounds = []
    for sides in sorted(alike, key=lambda sides: (-len(sides), sides)):
        color: Float = np.stack([middles[i] for i in sides]).mean(axis=0, keepdims=True)[0]
        apart = max(float(_apart(middles[i], color)) + STEP * spreads[i] for i in sides)
        grounds.append(_Ground(color, min(max(apart, LEAST_STEP), EVEN), list(sides)))
    return grounds


def _straight(off_ground: Float, step: float) -> _Line | None:
    """The line on which most of the ground ends, `off_ground` (depth, along) being how far it is from the ground."""
    other = np.abs(off_ground) > step
    lasting = other[:-1] & other[1:]  # two pixels deep: neither dust nor a scratch
    ends = lasting.argmax(axis=0)
    places = np.flatnonzero(lasting.any(axis=0))
    if len(places) < LEAST // 4:
        return None
    best, chosen, at = (0, 0.0), 0.0, 0.0
    for slope in np.linspace(-SLOPE, SLOPE, 49):  # the one that most places lie on, and of equal ones the least slanted
        level = np.round(ends[places] - slope * places).astype(np.intp)
        counts = np.bincount(level - level.min())
        pairs = counts + np.append(counts[1:], 0)
        peak = int(pairs.argmax())
        if (int(pairs[peak]), -abs(float(slope))) > best:
            best = int(pairs[peak]), -abs(float(slope))
            chosen, at = float(slope), peak + int(level.min()) + 0.5
    close = np.abs(ends[places] - chosen * places - at) <= 1.5
    slope, at = np.polyfit(places[close], ends[places][close], 1) if close.sum() > 8 else (chosen, at)
    off = ends[places] - slope * places - at
    near, over = np.zeros((2, other.shape[1]), bool)
    near[places], over[places] = np.abs(off) <= 1.25, off < -1.25
    if not near.any():
        return None
    outside, beyond = (off_ground[np.maximum(ends + by, 0), np.arange(len(ends))][near] for by in (-2, 1))
    if np.median(np.abs(beyond - outside)) < step * SHARP:  # a slope, such as a sky has
        return None
    return _Line(max(0.0, float(at) + 0.3), float(slope), near, over)


def _is_rectangle(lines: list[_Line], sides: list[int]) -> bool:
    """Whether the edges are parallel in pairs, and square to each other."""
    turn = (1, -1, -1, 1)  # the slope that each side shows of one turn of the print
    slopes = [lines[i].slope * turn[i] for i in sides]
    if len(sides) == 1:
        return abs(slopes[0]) <= LONE[0]
    return max(slopes) - min(slopes) <= SQUARE


def _gaps(same: NDArray[np.bool_], start: int, width: int) -> tuple[tuple[float, float], ...]:
    """Columns inside the print's box that are ground from top to bottom."""
    empty = np.concatenate([[False], same.mean(axis=0) > 0.97, [False]])
    turns = np.flatnonzero(np.diff(empty.astype(np.int8)))
    wide = same.shape[1]
    runs = [(int(a), int(b)) for a, b in zip(turns[::2], turns[1::2], strict=True) if b - a >= GAP]
    return tuple(((start + a) / width, (start + b) / width) for a, b in runs if 0.2 * wide < a < b < 0.8 * wide)


def _shrunk(run: slice) -> slice:
    """Less a fortieth at each end, where a slanted print shows the mount."""
    less = (run.stop - run.start) // 40
    return slice(run.start + less, max(run.stop - less, run.start + less + 1))


def _span(first: Edge, last: Edge, length: int) -> slice:
    start = min(length - 1, round(first.least() * length))
    return slice(start, max(start + 1, length - round(last.least() * length)))
