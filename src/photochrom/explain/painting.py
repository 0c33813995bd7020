"""Last chapter: how the small map of colours is laid on the full-size picture, and other colourings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from photochrom.color.gamut import merge
from photochrom.color.resample import resize
from photochrom.explain.drawing import Rgb, chroma_plane
from photochrom.explain.figure import Figure
from photochrom.explain.subject import Subject
from photochrom.sheet import montage

_CUT = 0.36  # of the shorter side: what is shown enlarged
_VARIANTS = 4


def painting(subject: Subject) -> Iterator[Figure]:
    """The colours alone, their edges, and for a distribution other colourings."""
    yield _edges(subject)
    if subject.has_distribution:
        yield _variants(subject)


def _edges(subject: Subject) -> Figure:
    inside = subject.inside
    grey = subject.small.pixels[inside]
    ab = subject.chroma
    straight = merge(grey, resize(ab, (grey.shape[1], grey.shape[0])))
    guided = subject.painted(ab)[inside]
    cut = _telling_cut(straight, guided)
    high, wide = ab.shape[:2]
    return Figure(
        "edges",
        "Colours that stop at edges",
        f"The colours have {wide} by {high} places, far fewer than the picture has pixels. Enlarged by straight lines "
        "they bleed over the edges of things; fitted to the full-size lightness, they stop where the lightness does.",
        montage(
            [
                ("the colours alone", chroma_plane(ab, (wide * 8, high * 8))),
                ("enlarged by straight lines", _enlarged(straight[cut])),
                ("along the edges", _enlarged(guided[cut])),
            ],
            columns=3,
            wide=300,
        ),
        chapter="How it is painted",
    )


def _enlarged(picture: Rgb) -> Rgb:
    side = 300
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST))


def _telling_cut(one: Rgb, two: Rgb) -> tuple[slice, slice]:
    """The square in which the two differ most."""
    side = max(16, round(min(one.shape[:2]) * _CUT))
    side = min(side, *one.shape[:2])
    difference = np.abs(one.astype(np.float64) - two).sum(axis=-1)
    total = np.pad(difference, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    y, x = np.unravel_index(int(sums.argmax()), sums.shape)
    return slice(int(y), int(y) + side), slice(int(x), int(x) + side)


def _variants(subject: Subject) -> Figure:
    versions = subject.colorizer.versions(subject.settings, _VARIANTS)
    pictures = [
        (f"variant {n}", subject.colorizer.render(subject.small, subject.prediction, version).pixels)
        for n, version in enumerate(versions, start=1)
    ]
    return Figure(
        "variants",
        "Second opinions",
        "The same prediction, leaning towards other colours where several are likely. What the network is sure of "
        "stays; what might have any colour changes. --variants writes them.",
        montage(pictures, columns=2, wide=430),
    )
