"""Colour films to measure on: the first pictures of each, made small, and the grey film that is made of them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from photochrom.color.colorfulness import colorfulness
from photochrom.color.gamut import merge
from photochrom.errors import PictureError
from photochrom.film.info import FilmInfo, probe
from photochrom.film.reader import Frame, Reader
from photochrom.prepare.infrared import InfraredStyle, as_infrared
from photochrom.prepare.lines import LineStyle, draw_lines

WIDE = 320  # pixels: of the pictures that are measured
COUNT = 48  # pictures of each clip
_GREY = 2.0  # colourfulness below which a clip is no truth

Pictures = NDArray[np.uint8]  # (N,H,W,3) sRGB


def read_clip(path: Path, *, count: int = COUNT, wide: int = WIDE) -> Pictures:
    """The first `count` pictures of a film, `wide` pixels wide: (N,H,W,3) uint8 sRGB.

    Raises PictureError: not a film, fewer than eight pictures, or no colour.
    """
    frames = Reader(probe(path)).frames()
    made = [_small(frame.image, wide) for frame in islice(frames, count)]
    if len(made) < 8:
        raise PictureError(f"{path} has {len(made)} pictures; a film is measured on 8 or more")
    pictures = np.stack(made)
    if max(colorfulness(picture) for picture in pictures[:: max(1, count // 8)]) < _GREY:
        raise PictureError(f"{path} has no colour: a truth must have some")
    return pictures


def grey_film(pictures: Pictures, domain: str = "photo") -> tuple[FilmInfo, list[Frame]]:
    """The same film without its colours, as a reader gives it: of the same lightness, or as a picture of a domain that
    can be made of one in colour, near-infrared or drawn, looks."""
    images = [VideoFrame.from_ndarray(_without_color(picture, domain), "gray") for picture in pictures]
    return FilmInfo.of_image(images[0], count=len(images)), [Frame(n, 1, image) for n, image in enumerate(images)]


def _without_color(picture: NDArray[np.uint8], domain: str) -> NDArray[np.uint8]:
    if domain == "infrared":
        return as_infrared(picture, InfraredStyle())
    if domain == "sketch":
        return draw_lines(picture, LineStyle())
    none = np.zeros((*picture.shape[:2], 2), np.float32)
    return np.ascontiguousarray(merge(picture, none)[..., 0])


def _small(image: VideoFrame, wide: int) -> NDArray[Any]:
    rgb = image.to_ndarray(format="rgb24")
    high = max(2, 2 * round(rgb.shape[0] * wide / rgb.shape[1] / 2))
    kind = cv2.INTER_AREA if rgb.shape[1] > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (wide, high), interpolation=kind))
