"""Drawings: dark lines on paper, which may be yellowed or unevenly lit. Paper says nothing of what is drawn on it."""

from dataclasses import replace

import numpy as np

from photochrom.codec.arrays import flatten_on_white
from photochrom.color.levels import ink_on_white, paper_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.repaint import lines
from photochrom.color.tint import describe
from photochrom.domains.domain import Domain
from photochrom.photo import Photo


def on_paper(photo: Photo) -> Photo:
    """A drawing on a transparent ground laid on white paper, as what is painted between its lines is to be seen."""
    if photo.alpha is None:
        return photo
    if int(photo.alpha.min()) == np.iinfo(photo.alpha.dtype).max:
        return photo
    note = f"{photo.name} has a transparent ground: it is laid on white, so that what is between the lines gets colour"
    return replace(photo, pixels=flatten_on_white(photo.pixels, photo.alpha), alpha=None, notes=(*photo.notes, note))


SKETCH = Domain(
    name="sketch",
    help="Line art and pencil drawings.",
    thing="a drawing",
    clean=on_paper,
    prepare=shrink_lightness,
    levels=paper_levels,
    show=ink_on_white,
    showing="Its paper was made white and its ink black, however yellowed or unevenly lit the sheet is.",
    detail=lines,
    judge=describe,
)
