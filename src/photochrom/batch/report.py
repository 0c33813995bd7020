"""What a run tells: paths or JSON lines on stdout; errors, warnings, the bar and the summary on stderr."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Any

from photochrom.batch.run import Result
from photochrom.errors import PhotochromError

if TYPE_CHECKING:
    from rich.progress import Progress


class Report:
    """Use as a context manager around a run; `add` every result."""

    def __init__(self, total: int, *, skipped: Counter[str], as_json: bool, to_stdout: bool = False) -> None:
        self.done = self.failed = 0
        self._total, self._skipped = total, skipped
        self._json, self._to_stdout = as_json, to_stdout
        self._start = time.perf_counter()
        self._bar = _bar(total) if total > 1 and sys.stderr.isatty() else None

    def __enter__(self) -> Report:
        if self._bar:
            self._bar.start()
        return self

    def add(self, result: Result) -> None:
        """Tell of one picture."""
        if result.error:
            self.failed += 1
        else:
            self.done += 1
        for warning in result.warnings:
            self._complain(warning if result.source in warning else f"{result.source}: {warning}")
        if result.error:
            if not isinstance(result.error, PhotochromError):
                self._complain("".join(traceback.format_exception(result.error)).rstrip())
            self._complain(_sentence(result))
        if self._json:
            self._say(json.dumps(_file_record(result)))
        elif not result.error and not self._to_stdout:
            self._say(f"{result.source} -> {', '.join(map(str, result.outputs))}")
        if self._bar:
            self._bar.advance(self._bar.task_ids[0])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()
        if kind not in (None, KeyboardInterrupt):
            return
        left = self._total - self.done - self.failed
        if self._json:
            self._say(json.dumps(self._summary_record(left)))
        if not self._to_stdout:
            stopped = f", {left} not begun" if left else ""
            self._complain(f"{self.done} done, {self.failed} failed{stopped}", prefix="")

    def _summary_record(self, left: int) -> dict[str, Any]:
        return {
            "type": "summary",
            "done": self.done,
            "failed": self.failed,
            "left": left,
            "skipped": {why: self._skipped[why] for why in ("hidden", "not_pictures", "results")},
            "seconds": round(time.perf_counter() - self._start, 3),
        }

    def _say(self, line: str) -> None:
        if self._bar and sys.stdout.isatty():  # a plain print would tear the bar apart
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()  # whoever reads the pipe sees each file when it is done

    def _complain(self, line: str, *, prefix: str = "photochrom: ") -> None:
        if self._bar and self._bar.live.is_started:
            self._bar.console.print(prefix + line, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{prefix}{line}\n")


def _bar(total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("Colouring"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # stdout may be a pipe that is read by another program
        redirect_stderr=False,
    )
    bar.add_task("", total=total)
    return bar


def _sentence(result: Result) -> str:
    if isinstance(result.error, PhotochromError):
        return str(result.error)
    return f"{result.source} met a fault in photochrom ({result.error!r}); please report it"


def _file_record(result: Result) -> dict[str, Any]:
    return {
        "type": "file",
        "input": result.source,
        "output": str(result.outputs[0]) if result.outputs else None,
        "variants": [str(path) for path in result.outputs[1:]],
        "status": "failed" if result.error else "done",
        "error": _sentence(result) if result.error else None,
        "error_type": type(result.error).__name__ if result.error else None,
        "seconds": round(result.seconds, 3),
        "warnings": result.warnings,
    }
