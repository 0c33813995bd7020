"""Last chapter: how the small map of colours is laid on the full-size picture, and other colourings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from photochrom.color.gamut import merge
from photochrom.color.lab import Float, lab_to_rgb
from photochrom.color.resample import resize
from photochrom.explain.drawing import Rgb, chroma_plane, grey_map
from photochrom.explain.figure import Figure
from photochrom.explain.subject import Subject
from photochrom.sheet import montage

_CUT = 0.36  # of the shorter side: what is shown enlarged
_VARIANTS = 4


def painting(subject: Subject) -> Iterator[Figure]:
    """The colours alone, their edges, the lightness if it is predicted, and for a distribution other colourings."""
    yield _edges(subject)
    if subject.lightness is not None:
        yield _lightness(subject, subject.lightness)
    if subject.has_distribution:
        yield _variants(subject)


def _edges(subject: Subject) -> Figure:
    inside = subject.inside
    grey = subject.small.pixels[inside]
    ab = subject.chroma
    size = grey.shape[1], grey.shape[0]
    light = subject.lightness
    straight = merge(grey, resize(ab, size)) if light is None else _plain(light, ab, size)
    guided = subject.painted(ab)[inside]
    cut = _telling_cut(straight, guided)
    high, wide = ab.shape[:2]
    return Figure(
        "edges",
        "Colours that stop at edges",
        f"The colours have {wide} by {high} places, far fewer than the picture has pixels. Enlarged by straight lines "
        f"they {'bleed over the edges of things' if light is None else 'are a blur'}; fitted to the full-size picture, "
        "they stop where its brightness does.",
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


def _lightness(subject: Subject, light: Float) -> Figure:
    high, wide = light.shape
    pictures = [
        ("as the network sees it", grey_map(subject.prediction.shown)),
        (f"its lightness, {wide}x{high} places", grey_map(light, 8)),
        ("with the picture's detail", subject.painted(np.zeros_like(subject.chroma))),
    ]
    return Figure(
        "lightness",
        "Lightness that is a guess too",
        "What is bright here need not be light to the eye: leaves are bright in near-infrared, and bare paper says "
        "nothing of what is drawn on it. So the network says for each place how light it may be, and a step of the "
        "picture's own brightness becomes a step of lightness, up or down as the network's map has it. "
        "--keep-lightness mixes the picture's own in.",
        montage(pictures, columns=3, wide=300),
    )


def _plain(light: Float, ab: Float, size: tuple[int, int]) -> Rgb:
    """Lightness (h,w) and colours (h,w,2) enlarged by straight lines to `size` (w,h), without the picture's detail."""
    lab = np.dstack([resize(light, size), resize(ab, size)])
    return np.asarray(np.rint(np.clip(lab_to_rgb(lab), 0, 1) * 255), np.uint8)


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
