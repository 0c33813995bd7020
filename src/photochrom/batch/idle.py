"""Options that a run's pictures, or its films, have no use for: named, not dropped in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photochrom.film.options import FilmOptions

if TYPE_CHECKING:
    from photochrom.batch.run import Options

_OF_FILMS = {
    "codec": "--codec",
    "crf": "--crf",
    "container": "--container",
    "start": "--from",
    "end": "--to",
    "preview": "--preview",
    "shots": "--shots",
    "deflicker": "--deflicker",
    "deinterlace": "--no-deinterlace",
    "hints": "--hints with times or shots",
}
_OF_PICTURES = {
    "confidence": "--confidence",
    "sheet": "--sheet",
    "pages": "--pages",
    "bands": "--bands",
    "format": "--format",
    "quality": "--quality",
    "salvage": "--salvage",
    "origin": "--origin",
    "strip_location": "--strip-location",
}


def without_effect(options: Options, *, films: bool) -> str:
    """A note that names the options of pictures, in a run of films alone, or the other way round; "" for none."""
    if films:
        idle = [word for name, word in _OF_PICTURES.items() if getattr(options, name)]
    else:
        usual = FilmOptions()
        idle = [word for name, word in _OF_FILMS.items() if getattr(options.film, name) != getattr(usual, name)]
    if not idle:
        return ""
    words = " and ".join(filter(None, (", ".join(idle[:-1]), idle[-1])))
    own, other = ("pictures", "films") if films else ("films", "pictures")
    return f"{words} {'are' if idle[1:] else 'is'} for {own} only, without effect on {other}"
