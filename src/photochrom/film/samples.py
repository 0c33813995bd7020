"""Pictures from all of a film, or of a part of it: to look at, and to tell of what kind it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import tee

import numpy as np

from photochrom.colorizer import Colorizer
from photochrom.errors import PictureError
from photochrom.film.blank import barred_box
from photochrom.film.info import FilmInfo
from photochrom.film.options import FilmOptions
from photochrom.film.painter import Painter
from photochrom.film.raster import Raster
from photochrom.film.reader import Frame, Reader
from photochrom.photo import Photo
from photochrom.settings import Settings

_LOOKED_AT = 9  # pictures by which a film's kind is told
_PLAIN = 4.0  # spread of grey values, 0..255, of a picture that shows nothing: a fade, a blank leader


def sampled(info: FilmInfo, options: FilmOptions, count: int) -> Iterator[Frame]:
    """So many pictures, from the middle of each of as many parts of equal length; fewer where there is none."""
    first = options.start or 0.0
    last = min(options.end or info.seconds, info.seconds)
    for place in range(count):
        start = info.time_at(first + (last - first) * (place + 0.5) / count)
        try:
            frame = next(Reader(info, start=start, deinterlace=options.deinterlace).frames(), None)
        except PictureError:  # the film ends before
            continue
        if frame is not None:
            yield frame


def painter_for(
    colorizer: Colorizer, settings: Settings, info: FilmInfo, raster: Raster, options: FilmOptions
) -> tuple[Painter, tuple[str, ...]]:
    """The painter of a film, or of the part that the options name, and what was decided about all of it, a sentence
    each: of what kind it is, where that wasn't said."""
    of_kind, of_bars = tee(sampled(info, options, _LOOKED_AT))  # decoded once, and not before they are asked for
    colorizer, notes = colorizer.chosen_once(_photos(of_kind, info), name="it")
    painter = Painter(colorizer, settings, info, raster)
    if painter.relight is None:
        return painter, notes
    lumas = [raster.luma(frame.image) for frame in of_bars]
    box = barred_box(raster.lightness(reduce(np.maximum, lumas))) if lumas else None
    return Painter(colorizer, settings, info, raster, box=box), notes


def _photos(frames: Iterable[Frame], info: FilmInfo) -> Iterator[Photo]:
    """Pictures to tell the kind by: those that show something."""
    for frame in frames:
        pixels = np.rot90(frame.image.to_ndarray(format="rgb24"), info.turn // 90)
        if pixels.std() > _PLAIN:
            yield Photo.from_array(pixels)
