"""stdin, stdout and stderr of the command, whatever they are connected to: closed, full, or unable to say a name."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO, cast

_JOINERS = "\u200c\u200d"  # format characters that names in Persian or with emoji need


def printable(text: str) -> str:
    r"""One line that a terminal shows as it is: what would move, colour or turn round other text is escaped.

    That is control characters, newlines too, the formatting ones of Unicode (such as those that turn the direction of
    writing), and bytes of a file name that are no text, as \xe9.
    """
    return "".join(_escaped(char) if _is_unsafe(char) else char for char in text)


def prepare() -> None:
    """Make the three streams usable: call it once, before anything is read or written.

    A name that the encoding of stdout can't say is escaped there; on POSIX its bytes go out as they are. In place of
    a closed stdin stands an empty one, of a closed stderr one that drops what it gets; a closed stdout refuses it.
    """
    if sys.stdin is None:
        sys.stdin = _null(os.O_RDONLY, "r")
    if sys.stdout is None:
        # To be read only: writing fails, as on a full disk, and no result file is given the number of stdout.
        sys.stdout = _null(os.O_RDONLY, "w")
    if sys.stderr is None:
        sys.stderr = _null(os.O_WRONLY, "w")
    codecs.register_error("photochrom", _unsayable)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="photochrom")


def complain(text: str) -> None:
    """A line on stderr, made printable; if stderr can't take it there is nobody to tell."""
    try:
        sys.stderr.write(f"{printable(text)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Let what a stream still holds, and all that it is given, disappear, so that nothing more is heard of it."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def flush() -> OSError | None:
    """Write out what stdout and stderr hold; gives why stdout couldn't take it. It is dropped then."""
    with suppress(ValueError):
        try:
            sys.stderr.flush()
        except OSError:
            drop(sys.stderr)
        try:
            sys.stdout.flush()
        except OSError as error:
            drop(sys.stdout)
            return error
    return None


def refused() -> OSError | None:
    """Why stdout takes nothing, found out by a newline; None if it does. It is dropped then."""
    try:
        sys.stdout.write("\n")
    except OSError as error:
        drop(sys.stdout)
        return error
    return flush()


def _null(flags: int, mode: str) -> TextIO:
    return cast(TextIO, os.fdopen(os.open(os.devnull, flags), mode))


def _is_unsafe(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte, as Python's names carry it
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def _unsayable(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    char, after = error.object[error.start], error.start + 1
    if os.name == "posix" and "\udc80" <= char <= "\udcff":
        return bytes([ord(char) - 0xDC00]), after
    return _escaped(char), after
