"""A kind of picture: what of it the network is shown, and what is asked of the colours afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photochrom.color.frame import Frame
from photochrom.color.lab import Float, Pixels
from photochrom.color.levels import Levels
from photochrom.color.margin import Mask
from photochrom.color.overlay import Overlay
from photochrom.color.repaint import Detail, texture
from photochrom.color.rows import Rows
from photochrom.color.tint import Tint
from photochrom.photo import Photo


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A row of the table, not a class to inherit from.

    help: for whom it is, a sentence. thing: one of them, as in "is taken for a drawing".
    clean: the picture -> as one of its kind, with a note of what was changed: false colours read, say; None for itself.
    to_scale: whether a pixel is a length on the ground, so that the network sees the picture at its own size.
    prepare: sRGB pixels (H,W) or (H,W,3), uint8 or uint16, and a size (w,h) -> their intensity, (h,w) float32, 0..100.
    show: that intensity -> what the network is shown of it, the same shape and range; None for itself. showing: what
    that does, in sentences.
    levels: that intensity -> the straight line by which it is shown, for detail of the full size; None where the
    intensity is the picture's lightness, which is kept. detail: how its detail goes into a lightness that the network
    predicts.
    frame: the pixels, that intensity, and where the file says that nothing was measured (or None) -> what is round the
    picture or lies on it, which the network isn't shown and which keeps its own colour, or None; None for never.
    finish: the network's ab (h,w,2) and what it was shown (h',w') -> ab (h,w,2); None for nothing.
    judge: whether the pixels are grey, tinted or in colour already; None where that is no question.
    """

    name: str
    help: str
    thing: str
    clean: Callable[[Photo], Photo] | None = None
    to_scale: bool = False
    prepare: Callable[[Pixels | Rows, tuple[int, int]], Float]
    show: Callable[[Float], Float] | None = None
    showing: str = ""
    levels: Callable[[Float], Levels] | None = None
    detail: Detail = texture
    frame: Callable[[Pixels, Float, Mask | None], Frame | Overlay | None] | None = None
    finish: Callable[[Float, Float], Float] | None = None
    judge: Callable[[Pixels | Rows], Tint] | None = None

    @property
    def keeps_lightness(self) -> bool:
        """Whether the picture's intensity is its lightness; else the network predicts lightness too."""
        return self.levels is None

    @property
    def takes_rows(self) -> bool:
        """Whether a picture that is too large to be held can be coloured some rows at a time."""
        return self.keeps_lightness and self.clean is None and not self.to_scale
