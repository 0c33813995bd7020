"""What a run tells besides its bar: pictures that were left out, and how the decoding into memory goes."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from types import TracebackType

from rich.console import Console

from photochrom.progress import Bar

log = logging.getLogger("photochrom.train")


class RunLog:
    """While it is entered, the log of photochrom.train goes to stderr and, warnings, to RUN/warnings.log."""

    def __init__(self, out: Path, *, quiet: bool = False) -> None:
        self._out, self._quiet = out, quiet
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._bar = Bar(console=self._console)
        self._handlers: list[logging.Handler] = []
        self._levels: dict[str, int] = {}  # as they were before

    def __enter__(self) -> RunLog:
        if not self._quiet:
            self._handlers.append(_Shown(self._console))
        if self._out.is_dir():
            written = logging.FileHandler(self._out / "warnings.log", encoding="utf-8", delay=True)
            written.setLevel(logging.WARNING)
            shape = logging.Formatter("%(asctime)sZ data: %(message)s", "%Y-%m-%dT%H:%M:%S")
            shape.converter = time.gmtime
            written.setFormatter(shape)
            self._handlers.append(written)
        for handler in self._handlers:
            log.addHandler(handler)
        self._set_level(log.name, logging.INFO)
        for name in ("lightning.pytorch", "lightning.fabric"):  # which GPU there is, a tip for the day
            self._set_level(name, logging.WARNING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
        for handler in self._handlers:
            log.removeHandler(handler)
            handler.close()
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def decoding(self, what: str, done: float, total: float, /) -> None:
        """A `Progress`: a bar for a part of the pictures that is being decoded into memory, on a terminal."""
        self._bar(f"decoding the {what} pictures", done, total)
        if done >= total:
            self._bar.close()

    def _set_level(self, name: str, level: int) -> None:
        self._levels[name] = logging.getLogger(name).level
        logging.getLogger(name).setLevel(level)


class _Shown(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._to = console

    def emit(self, record: logging.LogRecord) -> None:
        self._to.print(record.getMessage(), markup=False)
