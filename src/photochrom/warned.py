"""PictureWarnings kept for the report of the picture they are about, instead of shown at once."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from photochrom.errors import PictureWarning


class _Given(threading.local):  # the next picture is opened in another thread while this one is coloured
    def __init__(self) -> None:
        self.messages: list[str] = []


_given = _Given()


def taken() -> list[str]:
    """The PictureWarnings given in this thread since the last call, within `kept`."""
    messages, _given.messages = _given.messages, []
    return messages


@contextmanager
def kept() -> Iterator[None]:
    """Keep every PictureWarning, of all threads; other warnings are shown as ever."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def keep(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, PictureWarning):
                _given.messages.append(str(message))
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = keep
        warnings.simplefilter("always", PictureWarning)
        yield
