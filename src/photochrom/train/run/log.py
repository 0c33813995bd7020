"""What a run tells besides its bar: pictures that were left out, and how the decoding into memory goes."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

log = logging.getLogger("photochrom.train")


class Telling:
    """While it is entered, the log of photochrom.train goes to stderr and, warnings, to RUN/warnings.log."""

    def __init__(self, out: Path, *, quiet: bool = False) -> None:
        self._out, self._quiet = out, quiet
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._handlers: list[logging.Handler] = []
        self._bars: Progress | None = None
        self._tasks: dict[str, object] = {}
        self._lightning: dict[str, int] = {}

    def __enter__(self) -> Telling:
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
        self._before = log.level
        log.setLevel(logging.INFO)
        for name in ("lightning.pytorch", "lightning.fabric"):  # which GPU there is, a tip for the day
            self._lightning[name] = logging.getLogger(name).level
            logging.getLogger(name).setLevel(logging.WARNING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bars()
        log.setLevel(self._before)
        for handler in self._handlers:
            log.removeHandler(handler)
            handler.close()
        for name, level in self._lightning.items():
            logging.getLogger(name).setLevel(level)

    def decoding(self, what: str, done: int, count: int) -> None:
        """A bar for each part of the pictures, on a terminal."""
        if self._quiet or not self._console.is_terminal:
            return
        if self._bars is None:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bars = Progress(*columns, console=self._console, transient=True)
            self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(f"decoding the {what} pictures", total=count)
        self._bars.update(self._tasks[what], completed=done)  # type: ignore[arg-type]
        if done == count and what == "validation":
            self._end_bars()

    def _end_bars(self) -> None:
        if self._bars:
            self._bars.stop()
        self._bars = None
        self._tasks = {}


class _Shown(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._to = console

    def emit(self, record: logging.LogRecord) -> None:
        self._to.print(record.getMessage(), markup=False)
