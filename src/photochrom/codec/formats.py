"""Files that are worth opening as pictures, by their suffix. What they hold is told by their first bytes."""

from photochrom.codec.writing import SUFFIXES

# What codec.reading has a decoder for: all that we write, and these.
READABLE = frozenset(SUFFIXES) | {".dib", ".gif", ".heic", ".heif", ".j2k", ".jp2", ".pbm", ".pgm", ".pnm", ".ppm"}


def is_readable(name: str) -> bool:
    """Whether a file name or path ends as those of pictures do that can be read, in upper or lower case."""
    return name[name.rfind(".") :].lower() in READABLE
