"""What a run tells: paths or JSON lines on stdout; errors, warnings, the bar and the summary on stderr."""

from __future__ import annotations

import json
import sys
import time
import traceback
from types import TracebackType
from typing import Any

from photochrom.batch.find import PassedOver
from photochrom.batch.run import Result
from photochrom.errors import PhotochromError
from photochrom.progress import Bar
from photochrom.streams import drop, printable


class Report:
    """Use as a context manager around a run; `add` every result. untold: stdout has refused what was said."""

    def __init__(self, total: int, *, passed: PassedOver, as_json: bool, to_stdout: bool = False) -> None:
        self.done = self.failed = self.skipped = 0
        self._total, self._passed = total, passed
        self.untold = False
        self._json, self._to_stdout = as_json, to_stdout
        self._start = time.perf_counter()
        self._bar = Bar()
        self._inner = Bar()  # of the pictures of one film
        self._begun = "", 0.0, 0.0  # what, when, and at which picture

    def __enter__(self) -> Report:
        self._show()
        return self

    def progress(self, what: str, done: float, total: float, /) -> None:
        """How far one film has come."""
        now = time.perf_counter()
        if what != self._begun[0]:
            self._begun = what, now, done
        self._bar.close()
        speed = (done - self._begun[2]) / max(now - self._begun[1], 1e-6)
        self._inner(what, done, total, note=f"{speed:.1f} frames/s" if speed else "")

    def add(self, result: Result) -> None:
        """Tell of one picture."""
        self._inner.close()
        if result.error:
            self.failed += 1
        elif result.skipped:
            self.skipped += 1
        else:
            self.done += 1
        for warning in result.warnings:
            self._complain(warning if result.source in warning else f"{result.source}: {warning}")
        if result.error:
            if not isinstance(result.error, PhotochromError):
                for line in "".join(traceback.format_exception(result.error)).splitlines():
                    self._complain(line, prefix="")
            self._complain(_sentence(result))
        if self._json:
            self._say(json.dumps(_file_record(result)))
        elif not (result.error or result.skipped or self._to_stdout):
            self._say(f"{result.source} -> {', '.join(map(str, result.outputs))}")
        self._show()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._inner.close()
        self._bar.close()
        if kind not in (None, KeyboardInterrupt, SystemExit):
            return
        left = self._total - self.done - self.failed - self.skipped
        if self._json:
            self._say(json.dumps(self._summary_record(left)))
        if not self._to_stdout:
            if self._passed.unreadable:
                self._complain(_unreadable(self._passed), prefix="")
            before = f", {self.skipped} there already" if self.skipped else ""
            stopped = f", {left} not begun" if left else ""
            self._complain(f"{self.done} done, {self.failed} failed{before}{stopped}", prefix="")

    def _summary_record(self, left: int) -> dict[str, Any]:
        return {
            "type": "summary",
            "done": self.done,
            "failed": self.failed,
            "left": left,
            "skipped": {
                "done": self.skipped,
                **{why: self._passed.why[why] for why in ("hidden", "not_pictures", "results")},
            },
            "unreadable": dict(sorted(self._passed.unreadable.items())),
            "seconds": round(time.perf_counter() - self._start, 3),
        }

    def _show(self) -> None:
        if self._total > 1:  # one picture needs no bar
            self._bar("Colouring", self.done + self.failed + self.skipped, self._total)

    def _say(self, line: str) -> None:
        if self.untold:
            return
        try:
            self._bar.write(printable(line) if sys.stdout.isatty() else line, sys.stdout)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.untold = True
            drop(sys.stdout)
            self._complain(f"can't write to stdout: {error.strerror or error}; the pictures are coloured all the same")

    def _complain(self, text: str, *, prefix: str = "photochrom: ") -> None:
        try:
            self._bar.write(prefix + printable(text), sys.stderr)
        except (OSError, ValueError):  # there is nobody to tell
            drop(sys.stderr)


def _sentence(result: Result) -> str:
    if isinstance(result.error, PhotochromError):
        return str(result.error)
    return f"{result.source} met a fault in photochrom ({result.error!r}); please report it"


def _unreadable(passed: PassedOver) -> str:
    kinds = [kind for kind, _ in passed.unreadable.most_common()]
    count = passed.unreadable.total()
    files = "1 file is" if count == 1 else f"{count} files are"
    return f"{files} of {'kinds' if len(kinds) > 1 else 'a kind'} that photochrom doesn't read: {', '.join(kinds)}"


def _file_record(result: Result) -> dict[str, Any]:
    return {
        "type": "file",
        "input": result.source,
        "output": str(result.outputs[0]) if result.outputs else None,
        "variants": [str(path) for path in result.outputs[result.first :]],
        "status": "failed" if result.error else "skipped" if result.skipped else "done",
        "error": _sentence(result) if result.error else None,
        "error_type": type(result.error).__name__ if result.error else None,
        "seconds": round(result.seconds, 3),
        "confidence": None if result.confidence is None else round(result.confidence, 3),
        "beside": [str(path) for path in result.extras],
        "warnings": result.warnings,
        **({"outputs": [str(path) for path in result.outputs], "pages": result.pages} if result.pages else {}),
    }
