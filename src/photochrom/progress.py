"""How far a long work has come: one protocol for whoever does it, and one bar for whoever waits."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn

Unit = Literal["items", "bytes", "share"]


class Progress(Protocol):
    """Called again and again by a function that takes long, as its `progress=` argument."""

    def __call__(self, what: str, done: float, total: float, /) -> None:
        """`what` is being done now, in a few words; `done` of `total` lies behind. A total of 0: nobody knows."""
        ...


def silent(what: str, done: float, total: float, /) -> None:
    """The `Progress` that tells nobody."""


class Bar:
    """A `Progress` that draws one bar on stderr where that is a terminal, and elsewhere nothing.

    It appears with the first call, begins anew when another thing is being done, and is wiped away by `close`, or at
    the end of its `with` block. rich is imported when there is something to draw.

    unit: how done and total are shown: "items" as 3/20, "bytes" as 1.2/5.0 MB with the speed, "share" in percent.
    console: to draw on, if others write on it too; by default one of its own on stderr.
    keep: leave its last state on the terminal, not wipe it away. lines: where stderr is no terminal, seconds between
    lines on it that say how far it is; None for none.
    """

    def __init__(
        self,
        *,
        unit: Unit = "items",
        console: Console | None = None,
        keep: bool = False,
        lines: float | None = None,
    ) -> None:
        self._unit: Unit = unit
        self._keep = keep
        self._lines = lines
        self._told = time.monotonic()
        self._console = console
        self._drawn: RichProgress | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __call__(self, what: str, done: float, total: float, /, *, note: str = "") -> None:
        """Show it. note: what stands behind the bar."""
        if self._drawn is None:
            if not self._is_watched():
                self._tell(what, done, total)
                return
            self._drawn = self._begun()
        if what not in [task.description for task in self._drawn.tasks]:
            self._drawn.refresh()  # its thread, which draws from time to time, may not have seen how the last one ended
            for earlier in self._drawn.task_ids:
                self._drawn.remove_task(earlier)
            self._drawn.add_task(what, total=None, note="")
        self._drawn.update(self._drawn.task_ids[0], completed=done, total=total or None, note=note)

    def _tell(self, what: str, done: float, total: float) -> None:
        now = time.monotonic()
        if self._lines is not None and now - self._told >= self._lines:
            self._told = now
            sys.stderr.write(f"{what}: {done:.12g}" + (f" of {total:.12g}\n" if total else "\n"))
            sys.stderr.flush()

    def write(self, line: str, stream: TextIO) -> None:
        """A line for stdout or stderr that doesn't tear the bar: where both are seen, it goes above the bar."""
        if self._drawn is not None and stream.isatty():
            self._drawn.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            stream.write(f"{line}\n")
            stream.flush()  # whoever reads a pipe sees each line when it is written

    def close(self) -> None:
        """End it; another call draws a new one."""
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None

    def _is_watched(self) -> bool:
        if self._console is not None:
            return self._console.is_terminal and not self._console.quiet
        return sys.stderr.isatty()

    def _begun(self) -> RichProgress:
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        drawn = RichProgress(
            *_columns(self._unit),
            console=self._console or Console(stderr=True),
            transient=not self._keep,
            redirect_stdout=False,  # stdout may be a pipe that another program reads
            redirect_stderr=False,  # a lock that a process forked meanwhile would inherit
        )
        drawn.start()
        return drawn


def _columns(unit: Unit) -> list[ProgressColumn]:
    from rich import progress as rich

    counted: dict[Unit, list[ProgressColumn]] = {
        "items": [rich.MofNCompleteColumn(), rich.TimeRemainingColumn()],
        "bytes": [rich.DownloadColumn(), rich.TransferSpeedColumn()],
        "share": [rich.TaskProgressColumn()],
    }
    first = rich.TextColumn("{task.description}", markup=False)
    return [first, rich.BarColumn(), *counted[unit], rich.TextColumn("{task.fields[note]}", markup=False)]
