"""How a film is written, and which part of it: what the command and the library say beside Settings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from photochrom.errors import UsageError, suggestion
from photochrom.film.formats import CODECS, MUXERS
from photochrom.film.timed import TimedHint

QUALITY = {"h264": (18, 51), "h265": (20, 51), "av1": (26, 63)}
"""Of each codec with a constant rate factor: the one that is taken, and the coarsest there is."""


@dataclass(frozen=True, kw_only=True)
class FilmOptions:
    """How films are written. Raises UsageError for what can't be.

    codec: h264, h265, av1, prores or ffv1. crf: constant rate factor, 0 for the best; None for the codec's usual.
    container: mp4, mov, mkv or webm; None for the film's own where that takes the codec.
    start, end: seconds; only what is shown from `start` until before `end` is coloured and written.
    deinterlace: weave interlaced pictures into whole ones. deflicker: even out the brightness of neighbouring pictures.
    preview: instead of the film, a contact sheet of twelve of its pictures. shots: one of the first of every shot.
    hints: colours of things that are seen at some time or in some shot, beside those of the settings, which lie on the
    first picture.
    """

    codec: str = "h264"
    crf: int | None = None
    container: str | None = None
    start: float | None = None
    end: float | None = None
    deinterlace: bool = True
    deflicker: bool = False
    preview: bool = False
    shots: bool = False
    hints: tuple[TimedHint, ...] = ()

    @property
    def sheet(self) -> str:
        """Which contact sheet is made instead of the film: "preview", "shots" or "" for none."""
        return "preview" if self.preview else "shots" if self.shots else ""

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            otherwise = f"choose one of {', '.join(CODECS)}"
            raise UsageError(f"there is no codec {self.codec!r}: {suggestion(self.codec, CODECS, otherwise=otherwise)}")
        if self.container is not None and self.container not in CODECS[self.codec]:
            fitting = ", ".join(CODECS[self.codec])
            if self.container not in MUXERS:
                raise UsageError(f"there is no container {self.container!r}: choose one of {', '.join(MUXERS)}")
            raise UsageError(f"{self.codec} doesn't go into {self.container}; choose one of {fitting}")
        if self.crf is not None:
            if self.codec not in QUALITY:
                raise UsageError(f"{self.codec} has no rate factor; leave out --crf")
            if not 0 <= self.crf <= QUALITY[self.codec][1]:
                raise UsageError(f"crf of {self.codec} must lie in 0..{QUALITY[self.codec][1]}, got {self.crf}")
        if self.preview and self.shots:
            raise UsageError("preview and shots are two sheets: ask for one of them")
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} must be 0 seconds or more, got {value}")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise UsageError(f"the end ({self.end:g} s) must come after the start ({self.start:g} s)")
