"""Films by the suffix of their names, and the file that the result becomes. Nothing is opened here."""

from __future__ import annotations

# Suffixes of films that are read, and the container that their streams fit into: what keeps time stamps exactly, as
# MP4 and QuickTime do and Matroska (whole milliseconds) doesn't, comes first.
_CONTAINER_OF = {
    ".3g2": "mp4",
    ".3gp": "mp4",
    ".asf": "mkv",
    ".avi": "mov",
    ".divx": "mov",
    ".dv": "mov",
    ".f4v": "mp4",
    ".flv": "mp4",
    ".m2ts": "mp4",
    ".m2v": "mp4",
    ".m4v": "mp4",
    ".mkv": "mkv",
    ".mov": "mov",
    ".mp4": "mp4",
    ".mpe": "mp4",
    ".mpeg": "mp4",
    ".mpg": "mp4",
    ".mts": "mp4",
    ".mxf": "mov",
    ".nut": "mkv",
    ".ogv": "mkv",
    ".qt": "mov",
    ".ts": "mp4",
    ".vob": "mp4",
    ".webm": "webm",
    ".wmv": "mkv",
    ".y4m": "mp4",
}
FILMS = frozenset(_CONTAINER_OF)

# Containers that are written, with the names that libavformat has for them, and the codecs each of them takes.
MUXERS = {"mp4": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm"}
CODECS = {
    "h264": ("mp4", "mov", "mkv"),
    "h265": ("mp4", "mov", "mkv"),
    "av1": ("mp4", "mkv", "webm"),
    "prores": ("mov", "mkv"),
    "ffv1": ("mkv", "mov"),
}


def is_film(name: str) -> bool:
    """Whether a file name or path ends as those of films do that can be read, in upper or lower case."""
    return name[name.rfind(".") :].lower() in FILMS


def container_for(suffix: str, codec: str) -> str:
    """The container, a key of MUXERS, that a film with that suffix becomes with a codec, a key of CODECS: its own
    where the codec goes into it."""
    own = _CONTAINER_OF[suffix.lower()]
    return own if own in CODECS[codec] else CODECS[codec][0] if own != "webm" else "mkv"
