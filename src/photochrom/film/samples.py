"""Pictures from all of a film, or of a part of it: to look at, and to tell of what kind it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from photochrom.colorizer import Colorizer
from photochrom.errors import PictureError
from photochrom.film.info import FilmInfo
from photochrom.film.options import FilmOptions
from photochrom.film.reader import Frame, Reader
from photochrom.photo import Photo

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


def chosen_for(info: FilmInfo, options: FilmOptions, colorizer: Colorizer) -> tuple[Colorizer, tuple[str, ...]]:
    """The model for all of a film, or of the part that the options name, and what was decided about it, a sentence
    each. Pictures that show nothing are passed over."""

    def photos() -> Iterator[Photo]:
        for frame in sampled(info, options, _LOOKED_AT):
            pixels = np.rot90(frame.image.to_ndarray(format="rgb24"), info.turn // 90)
            if pixels.std() > _PLAIN:
                yield Photo.from_array(pixels)

    return colorizer.chosen_once(photos(), name=info.path.name)
