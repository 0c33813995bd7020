"""Chapter of growth: what the network would paint after each level of its decoder, from coarse to fine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from photochrom.color.resample import resize
from photochrom.errors import ModelError
from photochrom.explain.drawing import Rgb, chroma_plane
from photochrom.explain.figure import Figure
from photochrom.explain.stages import stages
from photochrom.explain.subject import Subject
from photochrom.sheet import montage

_WIDE = 480  # px of the animation at most


def emerging(subject: Subject) -> Iterator[Figure]:
    """The stages side by side, and as an animation; nothing for a model whose levels nobody has read."""
    try:
        found = stages(subject.colorizer.info, subject.prediction, subject.settings)
    except ModelError:
        return
    pictures: list[tuple[str, Rgb]] = [("nothing yet", subject.grey)]
    planes: list[tuple[str, Rgb]] = []
    for stage in found:
        high, wide = stage.ab.shape[:2]
        pictures.append((f"{stage.name}: {wide}x{high} places", subject.painted(stage.ab, stage.lightness)))
        planes.append((f"its colours, {stage.explained:.0%} of the last", chroma_plane(stage.ab, _size(subject))))
    last = "as it is painted"
    frames = [fitted(picture) for _, picture in [*pictures, (last, subject.colored)]]
    yield Figure(
        "emerging",
        "From coarse to fine",
        "The second half of the network goes back from small maps to large ones. After each of its levels the colours "
        "that it holds by then are read off and laid on the picture: first whole regions, sky and ground, then things, "
        "then their edges. The readings are straight-line fits to what the network says in the end, and pale where a "
        "level leaves colours open; the last one is the network's own answer.",
        montage(paired(pictures[1:], planes), columns=min(4, max(2, len(found))), wide=300),
        chapter="How colour emerges",
    )
    yield Figure(
        "emerging-animation",
        "The same, moving",
        "From the grey picture through each of these stages to the finished one.",
        frames[-1],
        frames=tuple(frames),
    )


def paired(pictures: list[tuple[str, Rgb]], planes: list[tuple[str, Rgb]]) -> list[tuple[str, Rgb]]:
    """Up to four pictures in a row, and below each its colours alone."""
    columns = min(4, max(2, len(pictures)))
    rows = []
    for i in range(0, len(pictures), columns):
        empty = [("", np.full_like(planes[0][1], 255))] * (columns - len(pictures[i : i + columns]))
        rows += [*pictures[i : i + columns], *empty, *planes[i : i + columns], *empty]
    return rows


def _size(subject: Subject) -> tuple[int, int]:
    rows, columns = subject.inside
    return columns.stop - columns.start, rows.stop - rows.start


def fitted(picture: Rgb) -> Rgb:
    """A picture (H,W,3) as it is in an animation, at most 480 px wide."""
    high, wide = picture.shape[:2]
    if wide <= _WIDE:
        return picture
    small = resize(picture.astype(np.float32), (_WIDE, max(1, round(high * _WIDE / wide))))
    return np.asarray(np.rint(small), np.uint8)
