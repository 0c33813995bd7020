"""What a camera writes over a thermal frame: a bar of its scale, readings, a logo. They are no warmth.

A bar is a long, narrow place near a border in which the values fall evenly from one end to the other, alike across.
Where there is one, there is writing too: white, thin and sharp-edged, along the upper and lower border and at
the bar's ends. Without a bar none is looked for, as branches and railings look the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from photochrom.color.lab import Float, Pixels
from photochrom.color.margin import Mask, find_margin
from photochrom.color.resample import resize_planes

SIDE = 480  # pixels of the short side at which it is looked for; every n-th pixel, so that edges stay sharp
BORDER = 0.2  # share of the side: a bar lies so near to a border,
STRIP = 0.14  # and writing so near to the upper and lower one, or to an end of the bar
LONG = 0.3  # share of the side: the least length of a bar
WIDE = 3, 0.08  # pixels and share of the other side: its least and greatest width
BESIDE = 0.1  # share of the range by which what lies beside it differs, in the mean
FALLS = 0.5  # share of the frame's range that a bar spans
SHARP = 0.15  # share of the range by which writing differs from what is beside it, within two pixels
CELL = 8  # pixels of a cell in which writing is counted,
FULL = 0.06, 0.8  # and the share of its pixels that are ink: less is noise, more is no writing
MARGIN = 0.008  # share of the short side that is added around
ROWS = 256  # rows that are put back at once

Box = tuple[float, float, float, float]  # top, bottom, left, right, as shares of the sides


@dataclass(frozen=True)
class Overlay:
    """What is no part of the picture but lies on it: boxes, and pixels (H,W) at which nothing was measured."""

    boxes: tuple[Box, ...] = ()
    empty: Mask | None = field(default=None, compare=False, repr=False)

    def box(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of the picture, of `size` (w,h): all of it."""
        return slice(0, size[1]), slice(0, size[0])

    one = box

    def holds(self, points: Iterable[tuple[float, float]], size: tuple[int, int]) -> bool:
        """Whether all places (x,y), in pixels, lie in the picture."""
        return True

    def inside(self, size: tuple[int, int], rows: slice) -> NDArray[np.bool_]:
        """Which pixels are the picture's own, (h,w), for some rows of a picture of `size` (w,h)."""
        own = np.ones((size[1], size[0]), np.bool_)
        for place in self._places(own.shape):
            own[place] = False
        if self.empty is not None:
            own &= ~_at_size(self.empty, own.shape)
        return own[rows]

    def hidden(self, plane: Float) -> Float:
        """A plane (h,w) with what lies around the boxes in them, so that the network doesn't see them."""
        height, width = plane.shape
        there = self.inside((width, height), slice(0, height)).astype(np.float32)
        filled = plane
        for size in (4, 8, 16, 32, 64):  # coarse first
            small = min(size, width), min(size, height)
            weight = resize_planes(there, small)
            mean = np.asarray(resize_planes(plane * there, small) / np.maximum(weight, 1e-6), np.float32)
            mean = resize_planes(mean, (width, height))
            known = resize_planes((weight > 0.05).astype(np.float32), (width, height))
            filled = np.where(there > 0, plane, mean * known + filled * (1 - known) if size > 4 else mean)
        return np.asarray(filled, np.float32)

    def around(self, pixels: Pixels, colored: Pixels) -> Pixels:
        """`colored` (H,W,3), with `pixels` (H,W) or (H,W,3) as they are in the boxes."""
        for rows, columns in self._places(pixels.shape):
            own = pixels[rows, columns]
            colored[rows, columns] = own if own.ndim == 3 else own[..., None]
        if self.empty is not None:
            empty = _at_size(self.empty, pixels.shape[:2])
            for start in range(0, len(pixels), ROWS):
                strip = slice(start, start + ROWS)
                own = pixels[strip] if pixels.ndim == 3 else pixels[strip, :, None]
                np.copyto(colored[strip], own, where=empty[strip, :, None])
        return colored

    def _places(self, shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
        height, width = shape[:2]
        return [
            (slice(int(top * height), -int(-bottom * height // 1)), slice(int(left * width), -int(-right * width // 1)))
            for top, bottom, left, right in self.boxes
        ]


def with_margin(overlay: Overlay | None, pixels: Pixels, declared: Mask | None) -> Overlay | None:
    """What lies on a picture, and the pixels of it at which nothing was measured, by find_margin; None for neither."""
    empty = find_margin(pixels, declared)
    if empty is None:
        return overlay
    return replace(overlay or Overlay(), empty=empty)


def _at_size(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask (H,W) for a plane (h,w) of the same field of view; a smaller plane's places at its border count too."""
    if mask.shape == shape:
        return mask
    rows, columns = (
        ((np.arange(n) + 0.5) * full / n).astype(np.intp) for n, full in zip(shape, mask.shape, strict=True)
    )
    small = np.pad(mask[rows[:, None], columns], 1)
    wide = small[1:-1] | small[:-2] | small[2:]
    return np.asarray(wide[:, 1:-1] | wide[:, :-2] | wide[:, 2:])


def find_overlay(pixels: Pixels) -> Overlay | None:
    """What lies on a frame (H,W), or grey (H,W,3), uint8 or uint16; None for nothing."""
    grey = pixels if pixels.ndim == 2 else pixels[..., 1]
    step = max(1, round(min(grey.shape) / SIDE))
    frame = grey[::step, ::step].astype(np.float32)
    if min(frame.shape) < 64:
        return None
    low, high = float(frame.min()), float(frame.max())
    if high <= low:
        return None
    frame = (frame - low) / (high - low)
    found = [*_bars(frame), *[(left, right, top, bottom) for top, bottom, left, right in _bars(frame.T)]]
    found += _writing(frame, found) if found else []
    more = [MARGIN * min(frame.shape) / n for n in frame.shape]
    boxes = tuple(
        (max(0.0, t - more[0]), min(1.0, b + more[0]), max(0.0, left - more[1]), min(1.0, right + more[1]))
        for t, b, left, right in found
    )
    return Overlay(boxes) if boxes else None


def _bars(frame: Float) -> list[Box]:
    """Upright bars of a scale."""
    height, width = frame.shape
    runs = {x: _fall(frame[:, x]) for x in range(width) if x < BORDER * width or x >= (1 - BORDER) * width}
    boxes: list[Box] = []
    columns = [x for x, run in runs.items() if run]
    start = 0
    for i in range(1, len(columns) + 1):
        here, before = columns[i] if i < len(columns) else -9, columns[i - 1]
        if here == before + 1 and _alike(runs[here], runs[before]):
            continue
        group = columns[start:i]
        start = i
        if WIDE[0] <= len(group) <= max(WIDE[0], WIDE[1] * width):
            tops, bottoms = zip(*(run for x in group if (run := runs[x])), strict=True)
            long = slice(min(tops), max(bottoms))
            sides = [frame[long, x] for x in (group[0] - 2, group[-1] + 2) if 0 <= x < width]
            middle = frame[long, group[len(group) // 2]]
            if all(np.abs(side - middle).mean() > BESIDE for side in sides):
                boxes.append((long.start / height, long.stop / height, group[0] / width, (group[-1] + 1) / width))
    return boxes


def _fall(column: Float) -> tuple[int, int] | None:
    """Where the values of a column fall, or rise, evenly for long: first and last place."""
    least = int(LONG * len(column))
    for values in (column, -column):
        steps = np.diff(values)
        ends = np.flatnonzero((steps > 0.012) | (steps < -0.06))
        edges = np.concatenate([[-1], ends, [len(steps)]])
        longest = int(np.argmax(np.diff(edges)))
        first, last = int(edges[longest]) + 1, int(edges[longest + 1])
        if last - first >= least and values[first] - values[last] > FALLS:
            straight = np.linspace(values[first], values[last], last - first + 1)
            if np.abs(values[first : last + 1] - straight).max() < 0.15:
                return first, last + 1
    return None


def _alike(one: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return bool(one and other and abs(one[0] - other[0]) <= 3 and abs(one[1] - other[1]) <= 3)


def _writing(frame: Float, bars: list[Box]) -> list[Box]:
    """Lines of text and logos, as boxes of cells."""
    height, width = frame.shape
    ink = _strokes(frame)
    for top, bottom, left, right in bars:
        ink[int(top * height) : int(bottom * height) + 1, int(left * width) : int(right * width) + 1] = False
    down, across = height // CELL, width // CELL
    cells = ink[: down * CELL, : across * CELL].reshape(down, CELL, across, CELL).mean(axis=(1, 3))
    written = (cells > FULL[0]) & (cells < FULL[1])
    y, x = (v + 0.5 for v in np.mgrid[0:down, 0:across])
    near = (y < STRIP * down) | (y > (1 - STRIP) * down)
    for top, bottom, left, right in bars:
        beside = (x > (left - STRIP / 2) * across) & (x < (right + STRIP / 2) * across)
        near |= beside & (y > (top - STRIP) * down) & (y < (bottom + STRIP) * down)
    written &= near
    boxes: list[Box] = []
    for rows, columns in _groups(written):
        top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        tall, wide = (bottom - top) * CELL / height, (right - left) * CELL / width
        if len(rows) >= 2 and tall < 0.15 and wide < 0.5 and len(rows) > 0.3 * (bottom - top) * (right - left):
            boxes.append((top * CELL / height, bottom * CELL / height, left * CELL / width, right * CELL / width))
    return boxes


def _strokes(frame: Float) -> NDArray[np.bool_]:
    """Thin white things with sharp edges on both sides, level or upright."""
    white = frame > 0.96
    thin = np.zeros_like(white)
    for axis in (0, 1):
        for wide in (2, 4, 6):  # twice the width of a stroke at most
            before, after = (np.roll(frame, by, axis) for by in (wide, -wide))
            thin |= white & (before < frame - SHARP) & (after < frame - SHARP)
    thin[:1] = thin[-1:] = False
    thin[:, :1] = thin[:, -1:] = False
    return thin


def _groups(mask: NDArray[np.bool_]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Cells that touch, or have one cell between them, as rows and columns."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    groups = []
    while left:
        open_, group = [left.pop()], []
        while open_:
            y, x = open_.pop()
            group.append((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-2, -1, 0, 1, 2)} & left
            left -= near
            open_ += near
        rows, columns = np.array(group).T
        groups.append((rows, columns))
    return groups
