"""What a client orders, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from photochrom.colorizer import Colorizer
from photochrom.photo import Photo
from photochrom.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Order:
    """How one picture is wanted.

    format: None for its own. variants: how many versions, the likeliest first. pages: "" for the first alone.
    """

    settings: Settings
    colorizer: Colorizer
    format: str | None = None
    quality: int | None = None
    variants: int = 1
    strip_location: bool = False
    salvage: bool = False
    origin: bool = False
    pages: str = ""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of it.

    photos: one for each version; of a file of pages none is kept. files: their bytes. pixels: how many were coloured.
    notes: what deserves a second look.
    """

    photos: list[Photo]
    files: list[bytes]
    format: str
    pixels: int
    notes: list[str]
