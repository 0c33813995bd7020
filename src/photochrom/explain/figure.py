"""One picture of an explanation, with the words that belong to it."""

from __future__ import annotations

from dataclasses import dataclass

from photochrom.explain.drawing import Rgb


@dataclass(frozen=True, eq=False)
class Figure:
    """name: of its file, without suffix. title, caption: for a student. picture: (H,W,3) uint8 sRGB.

    frames: of an animation, in place of the picture. chapter: the title of the chapter that begins with it, or "".
    """

    name: str
    title: str
    caption: str
    picture: Rgb
    frames: tuple[Rgb, ...] = ()
    chapter: str = ""
