"""Drawings: dark lines on paper, which may be yellowed or unevenly lit. Paper says nothing of what is drawn on it."""

from photochrom.color.levels import ink_on_white, paper_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.repaint import lines
from photochrom.color.tint import describe
from photochrom.domains.domain import Domain

SKETCH = Domain(
    name="sketch",
    help="Line art and pencil drawings.",
    prepare=shrink_lightness,
    levels=paper_levels,
    show=ink_on_white,
    detail=lines,
    judge=describe,
)
